import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { disagreements } from '../../../../src/formats/pdf/disagreements.ts';
import { openPdf } from '../../../../src/formats/pdf/document.ts';
import { stream, dict, ref } from '../../../../src/formats/pdf/objects.ts';
import { scanDocument } from '../../../../src/formats/pdf/scan.ts';
import { appendUpdate, classicPdf, onePagePdf, patch, qpdfRewrite, samplePdf } from '../../../support/pdf.ts';
import { requireTool } from '../../../support/tools.ts';

const differ = (bytes: Uint8Array): string[] => {
  const document = openPdf(bytesSource(bytes));
  return disagreements(document, scanDocument(document));
};
/** Bytes put before the cross-reference table, with startxref corrected. */
const insert = (base: Buffer, middle: string): Buffer => {
  const text = base.toString('latin1');
  const at = Number(/startxref\n(\d+)/.exec(text)?.[1]);
  return Buffer.from(text.slice(0, at) + middle + text.slice(at).replace(/startxref\n\d+/, `startxref\n${at + middle.length}`), 'latin1');
};

describe('the reading from front to back (PDF-MASK)', () => {
  it('agrees with the cross-reference of sound files, however often they were updated', async () => {
    expect(differ(onePagePdf())).toEqual([]);
    expect(differ(await samplePdf({ objectStreams: true }))).toEqual([]);
    expect(differ(appendUpdate(onePagePdf(), (update) => update.put(ref(3), dict({}))))).toEqual([]);
    expect(differ(appendUpdate(await samplePdf({ objectStreams: true }), (update) => update.add(stream(dict({}), Buffer.from('x')))))).toEqual([]);
  });

  it.skipIf(!requireTool('qpdf'))('agrees on what qpdf writes, linearised files included', async () => {
    const sample = await samplePdf({ pages: 8 });
    for (const options of [['--linearize'], ['--linearize', '--object-streams=generate'], ['--qdf'], ['--object-streams=generate']]) expect(differ(qpdfRewrite(sample, ...options))).toEqual([]);
  });

  it('is not misled by objects inside streams and comments', () => {
    const body = '3 0 obj\n<</Fake true>>\nendobj\n';
    expect(differ(classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[]/Count 0>>', 3: '(real)', 4: `<</Length ${body.length}>>\nstream\n${body}\nendstream` }))).toEqual([]);
    expect(differ(insert(onePagePdf(), '% 3 0 obj <<>> endobj\n'))).toEqual([]);
  });

  it('differs when a later copy of an object is not the one in the cross-reference', () => {
    expect(differ(insert(onePagePdf(), '3 0 obj\n<</Type/Page/Forged true>>\nendobj\n'))).toEqual([expect.stringMatching(/^object 3 stands at \d+ by the cross-reference and last at \d+/)]);
  });

  it('differs when bytes belong to nothing', () => {
    expect(differ(insert(onePagePdf(), 'lorem ipsum\n'))).toEqual([expect.stringMatching(/belong to no object/)]);
  });

  it('differs when an end of file closes no revision of the chain', () => {
    expect(differ(insert(onePagePdf(), 'startxref\n9\n%%EOF\n'))).toEqual([expect.stringMatching(/closes no revision/)]);
  });

  it('takes the keyword where a length leads nowhere, and says that readers differ there', () => {
    const file = patch(classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[]/Count 0>>', 3: '<</Length 4>>\nstream\nabcd\nendstream' }), '/Length 4', '/Length 9');
    expect(differ(file)).toEqual(['the length of stream 3 does not lead to its end']);
  });

  it('gives up on thousands of objects that do not end', () => {
    const file = insert(onePagePdf(), '7 0 obj (\n'.repeat(100_000));
    expect(() => differ(file)).toThrow(expect.objectContaining({ code: 'PDF_LIMIT' }));
  });
});

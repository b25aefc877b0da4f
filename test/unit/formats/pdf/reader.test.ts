import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/domain/errors.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { endsClean, openPdf } from '../../../../src/formats/pdf/document.ts';
import { fieldsOf } from '../../../../src/formats/pdf/fields.ts';
import { isDict, ref } from '../../../../src/formats/pdf/objects.ts';
import { findPage, leaves } from '../../../../src/formats/pdf/pages.ts';
import { readTextString } from '../../../../src/formats/pdf/text.ts';
import { classicPdf, onePagePdf, qpdfRewrite, samplePdf } from '../../../support/pdf.ts';
import { requireTool } from '../../../support/tools.ts';

const open = (bytes: Uint8Array | string) => openPdf(bytesSource(Buffer.from(bytes as string, 'latin1')));
const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
  return 'no error';
};

describe('opening a PDF (ISO 32000-2 §7.5)', () => {
  it('refuses no bytes at all, and says that they are none', () => {
    expect(codeOf(() => open(''))).toBe('DOCUMENT_EMPTY');
  });

  it('refuses what has no header (§7.5.2)', () => {
    expect(codeOf(() => open('PK\x03\x04 some other file'))).toBe('PDF_NOT_PDF');
    expect(codeOf(() => open(Buffer.alloc(100 * 1024 * 1024)))).toBe('PDF_NOT_PDF');
  });

  it('refuses a cut-off file (§7.5.5)', () => {
    const whole = onePagePdf();
    expect(codeOf(() => open(whole.subarray(0, whole.length - 40)))).toBe('PDF_BROKEN');
    expect(codeOf(() => open(Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(1024 * 1024)])))).toBe('PDF_BROKEN');
  });

  it('refuses a startxref that points elsewhere (§7.5.5)', () => {
    const wrong = onePagePdf().toString('latin1').replace(/startxref\n(\d+)/, (_, at: string) => `startxref\n${Number(at) + 7}`);
    expect(codeOf(() => open(wrong))).toBe('PDF_BROKEN');
  });

  it('refuses an encrypted document (§7.6)', () => {
    expect(codeOf(() => open(classicPdf({ 1: '<</Type/Catalog>>', 2: '<</Filter/Standard>>' }, '/Encrypt 2 0 R')))).toBe('PDF_ENCRYPTED');
  });

  it('refuses an entry that does not point at its object (§7.5.4)', () => {
    const moved = onePagePdf().toString('latin1').replace('2 0 obj', '9 0 obj');
    expect(codeOf(() => findPage(open(moved).latest, 1))).toBe('PDF_BROKEN');
  });

  it('refuses cross-reference sections that form a loop (§7.5.5 /Prev)', () => {
    const text = onePagePdf().toString('latin1');
    const at = /startxref\n(\d+)/.exec(text)?.[1] ?? '';
    expect(codeOf(() => open(text.replace('/Root 1 0 R', `/Root 1 0 R/Prev ${at}`)))).toBe('PDF_BROKEN');
  });

  it('resolves an unknown or freed number to null (§7.3.10)', () => {
    const { latest } = open(onePagePdf());
    expect(latest.resolve(ref(999))).toBeNull();
    expect(latest.resolve(ref(0, 65535))).toBeNull();
    expect(latest.resolve(ref(1, 3))).toBeNull();
  });

  it('tells bytes after the last %%EOF from white space', () => {
    expect(endsClean(open(Buffer.concat([onePagePdf(), Buffer.from('\r\n\0 ')])))).toBe(true);
    expect(endsClean(open(Buffer.concat([onePagePdf(), Buffer.from('%trailing')])))).toBe(false);
  });
});

describe('limits on hostile structure', () => {
  it('answers nesting of 10,000 arrays with a limit', () => {
    const deep = classicPdf({ 1: `<</Type/Catalog/Pages 2 0 R/X ${'['.repeat(10_000)}${']'.repeat(10_000)}>>`, 2: '<</Type/Pages/Kids[]/Count 0>>' });
    expect(codeOf(() => open(deep).latest.catalog)).toBe('PDF_LIMIT');
  });

  it('answers object numbers beyond ISO 32000-1 Annex C with a limit', () => {
    const huge = onePagePdf().toString('latin1').replace('xref\n0 4\n', 'xref\n0 2147483647\n');
    expect(codeOf(() => open(huge))).toBe('PDF_LIMIT');
  });

  it('answers a page tree that contains itself as damaged', () => {
    const loop = classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 5>>', 3: '<</Type/Pages/Kids[2 0 R]/Count 5>>' });
    expect(codeOf(() => [...leaves(open(loop).latest)])).toBe('PDF_BROKEN');
    expect(codeOf(() => findPage(open(loop).latest, 1))).toBe('PDF_LIMIT');
  });

  it('answers references that only lead to references with a limit', () => {
    const bodies = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [i + 2, `${i + 3} 0 R`]));
    expect(codeOf(() => open(classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', ...bodies })).latest.resolve(ref(2)))).toBe('PDF_LIMIT');
  });

  it('visits each field of a looping form once', () => {
    const form = classicPdf({
      1: '<</Type/Catalog/AcroForm<</Fields[4 0 R]>>>>',
      4: '<</T(a)/Kids[5 0 R 4 0 R]>>',
      5: '<</T(b)/FT/Tx/Kids[4 0 R 6 0 R]>>',
      6: '<</T(c)/FT/Tx>>',
    });
    expect([...fieldsOf(open(form).latest)].map((field) => field.name)).toEqual(['a.b.c']);
  });

  it('answers a deflate bomb in a cross-reference stream with a limit (§7.5.8)', () => {
    const bomb = deflateSync(Buffer.alloc(80 * 1024 * 1024));
    const head = '%PDF-1.7\n';
    const dict = `1 0 obj\n<</Type/XRef/Size 2/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length ${bomb.length}>>\nstream\n`;
    const file = Buffer.concat([Buffer.from(head + dict), bomb, Buffer.from(`\nendstream\nendobj\nstartxref\n${head.length}\n%%EOF\n`)]);
    expect(codeOf(() => open(file))).toBe('PDF_LIMIT');
  });

  it('answers an object of 100 MB with a limit, without reading it all', () => {
    const head = '%PDF-1.7\n1 0 obj\n<</Type/Catalog/X<';
    const hex = Buffer.alloc(100 * 1024 * 1024, 0x30);
    const xrefAt = head.length + hex.length + 11;
    const tail = `>>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n${xrefAt}\n%%EOF\n`;
    expect(codeOf(() => open(Buffer.concat([Buffer.from(head), hex, Buffer.from(tail)])).latest.catalog)).toBe('PDF_LIMIT');
  });
});

describe('cross-reference kinds', () => {
  it('reads tables and object streams as pdf-lib writes them', async () => {
    for (const objectStreams of [false, true]) {
      const { latest, revisions } = open(await samplePdf({ pages: 3, objectStreams }));
      expect([...leaves(latest)]).toHaveLength(3);
      expect(revisions).toHaveLength(1);
      expect(latest.chain[0]?.kind).toBe(objectStreams ? 'stream' : 'table');
    }
  });

  it('takes the newest of several revisions, and each older one when asked (§7.5.6)', () => {
    const first = onePagePdf();
    const update = (base: Buffer, body: string): Buffer => {
      const prev = /startxref\n(\d+)\n%%EOF\n$/.exec(base.toString('latin1'))?.[1] ?? '';
      const at = base.length;
      const object = `2 0 obj\n${body}\nendobj\n`;
      return Buffer.concat([
        base,
        Buffer.from(`${object}xref\n2 1\n${String(at).padStart(10, '0')} 00000 n \ntrailer\n<</Size 4/Root 1 0 R/Prev ${prev}>>\nstartxref\n${at + object.length}\n%%EOF\n`),
      ]);
    };
    const second = update(first, '<</Type/Pages/Kids[3 0 R]/Count 1/Mark(second)>>');
    const third = update(second, '<</Type/Pages/Kids[3 0 R]/Count 1/Mark(third)>>');
    const document = open(third);
    expect(document.revisions.map((revision) => revision.end)).toEqual([first.length, second.length, third.length]);
    const marks = [0, 1, 2].map((index) => {
      const pages = document.at(index).resolve(ref(2));
      return isDict(pages) && pages.entries.has('Mark');
    });
    expect(marks).toEqual([false, true, true]);
  });

  it('reads a hybrid file: the stream speaks for what the table hides (§7.5.8.4)', () => {
    const head = '%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/Hidden 4 0 R>>\nendobj\n';
    const pages = `2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n`;
    const hidden = '4 0 obj\n(seen)\nendobj\n';
    const hiddenAt = head.length + pages.length;
    const streamAt = hiddenAt + hidden.length;
    const row = Buffer.from([1, hiddenAt >> 8, hiddenAt & 255, 0]).toString('latin1');
    const xrefStream = `3 0 obj\n<</Type/XRef/Size 5/W[1 2 1]/Index[4 1]/Length 4>>\nstream\n${row}\nendstream\nendobj\n`;
    const tableAt = streamAt + xrefStream.length;
    const entry = (at: number): string => `${String(at).padStart(10, '0')} 00000 n \n`;
    const table = `xref\n0 5\n0000000000 65535 f \n${entry(9)}${entry(head.length)}0000000000 00000 f \n0000000000 00000 f \n`;
    const file = Buffer.from(`${head}${pages}${hidden}${xrefStream}${table}trailer\n<</Size 5/Root 1 0 R/XRefStm ${streamAt}>>\nstartxref\n${tableAt}\n%%EOF\n`, 'latin1');
    const { latest } = open(file);
    expect(readTextString(latest.get(latest.catalog, 'Hidden'))).toBe('seen');
  });

  describe.skipIf(!requireTool('qpdf'))('as qpdf writes them', () => {
    it('reads object streams, disabled streams and linearised files as one revision each (Annex F)', async () => {
      const sample = await samplePdf({ pages: 12 });
      for (const options of [['--object-streams=generate'], ['--object-streams=disable'], ['--linearize'], ['--linearize', '--object-streams=generate']]) {
        const rewritten = qpdfRewrite(sample, ...options);
        const document = open(rewritten);
        expect([...leaves(document.latest)]).toHaveLength(12);
        expect(document.revisions.map((revision) => revision.end)).toEqual([rewritten.length]);
      }
    });
  });
});

describe('pages (§7.7.3)', () => {
  it('inherits boxes and rotation, clips the crop box, and takes rotations of any sign', () => {
    const file = classicPdf({
      1: '<</Type/Catalog/Pages 2 0 R>>',
      2: '<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2/MediaBox[0 0 600 800]/Rotate -90/CropBox[100 100 900 700]>>',
      3: '<</Type/Page/Parent 2 0 R>>',
      4: '<</Type/Page/Parent 2 0 R/Rotate 180/CropBox[500 700 50 60]>>',
    });
    const { latest } = open(file);
    expect(findPage(latest, 1)).toMatchObject({ rotation: 270, box: { x: 100, y: 100, width: 500, height: 600 } });
    expect(findPage(latest, 2)).toMatchObject({ rotation: 180, box: { x: 50, y: 60, width: 450, height: 640 } });
    expect(codeOf(() => findPage(latest, 3))).toBe('PDF_PAGE_NOT_FOUND');
    expect(codeOf(() => findPage(latest, 0))).toBe('PDF_PAGE_NOT_FOUND');
  });

  it('reads only the branch that leads to the page', () => {
    const file = classicPdf({
      1: '<</Type/Catalog/Pages 2 0 R>>',
      2: '<</Type/Pages/Kids[3 0 R 4 0 R]/Count 3>>',
      3: '<</Type/Pages/Parent 2 0 R/Kids[9 0 R 9 0 R]/Count 2>>',
      4: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 10 10]>>',
    });
    expect(findPage(open(file).latest, 3).ref.num).toBe(4);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { readDss } from '../../../../src/formats/pades/dss.ts';
import { readPdfSignatures } from '../../../../src/formats/pades/signatures.ts';
import { addValidationData, vriKey, type ValidationDataOf } from '../../../../src/formats/pades/validation-data.ts';
import { openPdf, type PdfRevision } from '../../../../src/formats/pdf/document.ts';
import { isRef, isStream, type PdfDict } from '../../../../src/formats/pdf/objects.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { classicPdf, onePagePdf, signPdf } from '../../../support/pdf.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

const identity = testIdentity({ key: 'p256' });
const KEY = 'A'.repeat(40);
const data = (values: Partial<ValidationDataOf> = {}): ValidationDataOf => ({ vriKey: KEY, onlyWithNewValues: false, certificatesDer: [Buffer.from('certificate')], crlsDer: [Buffer.from('list')], ocspsDer: [Buffer.from('answer')], ...values });

function add(base: Uint8Array, ...entries: ValidationDataOf[]): Buffer {
  const update = addValidationData(bytesSource(base), { entries, at: new Date('2026-11-24T02:30:15Z'), revisionId: Buffer.alloc(16, 9) });
  return Buffer.concat([base, update ?? Buffer.alloc(0)]);
}

const latest = (pdf: Uint8Array): PdfRevision => openPdf(bytesSource(pdf)).latest;
const storeDict = (view: PdfRevision): PdfDict => view.dict(view.catalog.entries.get('DSS')) ?? expect.fail('no store');
const texts = (values: readonly Uint8Array[]): string[] => values.map((value) => Buffer.from(value).toString());
const changesOf = (pdf: Uint8Array): string[] => readPdfSignatures(bytesSource(pdf)).signatures.map(({ changes }) => changes.after);

describe('addValidationData (EN 319 142-1 §5.4.2)', () => {
  it('writes each value once, whoever needs it, and says who does', async () => {
    const pdf = add(await signPdf(onePagePdf(), identity), data(), data({ vriKey: 'B'.repeat(40), crlsDer: [] }));
    const view = latest(pdf);
    const { certificatesDer, crlsDer, ocspsDer } = readDss(view);
    expect([texts(certificatesDer), texts(crlsDer), texts(ocspsDer)]).toEqual([['certificate'], ['list'], ['answer']]);
    const vri = view.dict(storeDict(view).entries.get('VRI'));
    expect([...(vri?.entries.keys() ?? [])]).toEqual([KEY, 'B'.repeat(40)]);
    expect(view.dict(vri?.entries.get('B'.repeat(40)))?.entries.has('CRL')).toBe(false);
    expect(changesOf(pdf)).toEqual(['permitted']);
  });

  it('adds to the store that is there, and leaves its entries as they are', async () => {
    const once = add(await signPdf(onePagePdf(), identity), data());
    const twice = add(once, data({ certificatesDer: [Buffer.from('certificate'), Buffer.from('another')] }), data({ vriKey: 'B'.repeat(40) }));
    expect(texts(readDss(latest(twice)).certificatesDer)).toEqual(['certificate', 'another']);
    const entry = (pdf: Uint8Array): unknown => latest(pdf).dict(storeDict(latest(pdf)).entries.get('VRI'))?.entries.get(KEY);
    expect(entry(twice)).toEqual(entry(once));
    expect(changesOf(twice)).toEqual(['permitted']);
  });

  it('is nothing where nothing is new; an entry for what is there only when it is asked for', () => {
    const once = add(onePagePdf(), data());
    expect(add(once, data()).length).toBe(once.length);
    expect(add(once, data({ vriKey: 'B'.repeat(40), onlyWithNewValues: true })).length).toBe(once.length);
    expect(add(once, data({ vriKey: 'B'.repeat(40) })).length).toBeGreaterThan(once.length);
  });

  it('deflates long lists, and leaves short values readable as they are', () => {
    const long = Buffer.concat(Array.from({ length: 2_000 }, (_, index) => Buffer.from(`serial number ${index}, `)));
    const noise = randomBytes(20_000);
    const pdf = add(onePagePdf(), data({ crlsDer: [long, noise] }));
    expect(readDss(latest(pdf)).crlsDer.map((der) => createHash('sha256').update(der).digest('hex'))).toEqual([long, noise].map((der) => createHash('sha256').update(der).digest('hex')));
    expect(pdf.length).toBeLessThan(long.length + noise.length);
    expect(pdf.includes('certificate')).toBe(true);
  });

  it('names a signature by the SHA-1 of /Contents with its padding (ISO 32000-2 table 261)', () => {
    expect(vriKey(Buffer.from([0x30, 0x01, 0x00, 0x00]))).toBe(createHash('sha1').update(Buffer.from([0x30, 0x01, 0x00, 0x00])).digest('hex').toUpperCase());
  });

  it('refuses a document that readers must guess at', () => {
    expect(() => add(Buffer.concat([onePagePdf(), Buffer.from('more')]), data())).toThrow(/bytes stand after/);
    expect(() => add(Buffer.from('%PDF-1.7\nnothing'), data())).toThrow(/no cross-reference|startxref/);
  });
});

describe.skipIf(!requireVectors('pyhanko'))('addValidationData on pyHanko’s documents', () => {
  const vector = (name: string): Buffer => readFileSync(vectorPath('pyhanko', `pdf/${name}.pdf`));

  it.each(['pades-lta-dss-indirect-arrs-test', 'pades-lta-dss-indirect-arrs-test-2'])('keeps the store of %s whole, its lists being objects of their own', (name) => {
    const base = vector(name);
    const [before, pdf] = [readDss(latest(base)), add(base, data())];
    const after = readDss(latest(pdf));
    for (const key of ['certificatesDer', 'crlsDer', 'ocspsDer'] as const) expect(after[key].slice(0, before[key].length)).toEqual(before[key]);
    expect(after.certificatesDer.length).toBe(before.certificatesDer.length + 1);
    expect(changesOf(pdf)).toEqual(changesOf(base).map((change) => (change === 'none' ? 'permitted' : change)));
  });

  it.each(['extensions-direct', 'extensions-indirect', 'extensions-update-direct', 'extensions-update-indirect'])('keeps the extensions of %s beside its own before PDF 2.0, and needs none of its own in it', (name) => {
    const newer = vector(name);
    const base = Buffer.from(newer.toString('latin1').replaceAll('\n/Version /2.0', '\n/Version /1.7'), 'latin1');
    const extensionsOf = (pdf: Uint8Array): string[] => [...(latest(pdf).dict(latest(pdf).catalog.entries.get('Extensions'))?.entries.keys() ?? [])];
    expect(extensionsOf(add(base, data()))).toEqual([...extensionsOf(base), 'ESIC']);
    expect(extensionsOf(add(newer, data()))).toEqual(extensionsOf(newer));
  });
});

describe('the store as an entry of the catalog', () => {
  it('may be direct, and becomes an object of its own', () => {
    const base = classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R/DSS<</Certs[4 0 R]>>>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>', 4: '<</Length 3>>\nstream\nold\nendstream' });
    const view = latest(add(base, data()));
    expect(isRef(view.catalog.entries.get('DSS'))).toBe(true);
    expect(texts(readDss(view).certificatesDer)).toEqual(['old', 'certificate']);
    expect(isStream(view.loadNumber(4))).toBe(true);
  });
});

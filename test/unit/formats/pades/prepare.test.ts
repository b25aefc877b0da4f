import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/domain/errors.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import type { ByteSource } from '../../../../src/formats/byte-source.ts';
import { digestByteRange, embedContents } from '../../../../src/formats/pades/embed.ts';
import type { PreparePadesOptions } from '../../../../src/formats/pades/prepare.ts';
import { preparePades } from '../../../../src/formats/pades/prepare.ts';
import { openPdf } from '../../../../src/formats/pdf/document.ts';
import { fieldsOf } from '../../../../src/formats/pdf/fields.ts';
import { isDict } from '../../../../src/formats/pdf/objects.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { classicPdf, onePagePdf, samplePdf, signPdf, SIGNING_TIME } from '../../../support/pdf.ts';

const OPTIONS: PreparePadesOptions = { subFilter: 'ETSI.CAdES.detached', contentsBytes: 1000, revisionId: Buffer.alloc(16, 9), signingTime: SIGNING_TIME, utcOffsetMinutes: 420 };
const prepare = (bytes: Uint8Array, options: Partial<PreparePadesOptions> = {}) => preparePades(bytesSource(bytes), { ...OPTIONS, ...options });
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
  } catch (error) {
    if (isGatewayError(error)) return error.code;
    throw error;
  }
  return 'no error';
};
const identity = testIdentity({ key: 'p256' });
const withForm = (field: string, rest = ''): Buffer =>
  classicPdf({
    1: `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]>>${rest}>>`,
    2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots[4 0 R]>>',
    4: field,
  });
const fieldNames = (bytes: Uint8Array): string[] => [...fieldsOf(openPdf(bytesSource(bytes)).latest)].map((field) => field.name);

describe('preparing a signature (EN 319 142-1 §5.3, ISO 32000-2 §12.8.1)', () => {
  it('covers everything but the hexadecimal string of /Contents', async () => {
    const base = onePagePdf();
    const prepared = await prepare(base);
    const whole = Buffer.concat([base, prepared.increment]);
    const [zero, a, b, c] = prepared.byteRange;
    expect(zero).toBe(0);
    expect(whole.subarray(a, b).toString('latin1')).toBe(`<${'0'.repeat(2000)}>`);
    expect(b + c).toBe(whole.length);
    expect(prepared.incrementOffset + prepared.contentsAt).toBe(a);
    expect(whole.toString('latin1')).toContain(`/ByteRange [0 ${a} ${b} ${c}]`);
  });

  it('digests exactly those bytes, however large the pieces', async () => {
    const base = Buffer.concat([await samplePdf(), Buffer.alloc(0)]);
    const prepared = await prepare(base);
    const whole = Buffer.concat([base, prepared.increment]);
    const [, a, b] = prepared.byteRange;
    const expected = createHash('sha384').update(whole.subarray(0, a)).update(whole.subarray(b)).digest('hex');
    expect(Buffer.from(digestByteRange(bytesSource(base), prepared, 'sha384')).toString('hex')).toBe(expected);
  });

  it('says both sizes when the CMS does not fit, and fits one of exactly the size', async () => {
    const prepared = await prepare(onePagePdf());
    expect(() => embedContents(prepared, new Uint8Array(1001))).toThrow(/1001 bytes.*1000/);
    const full = Buffer.from(embedContents(prepared, Buffer.alloc(1000, 0xab))).toString('latin1');
    expect(full).toContain(`<${'ab'.repeat(1000)}>`);
    expect(Buffer.from(prepared.increment).toString('latin1')).not.toContain('abab');
  });

  it('writes /M in the zone asked for and texts in Vietnamese; a document time-stamp has neither (§5.4.3)', async () => {
    const signed = Buffer.from((await prepare(onePagePdf(), { reason: 'Duyệt', name: 'An' })).increment).toString('latin1');
    expect(signed).toContain("/M(D:20261124093015+07'00')");
    expect(signed).toContain(`/Reason<feff${Buffer.from('Duyệt', 'utf16le').swap16().toString('hex')}>`);
    const stamp = Buffer.from((await prepare(onePagePdf(), { subFilter: 'ETSI.RFC3161' })).increment).toString('latin1');
    expect(stamp).toContain('/Type/DocTimeStamp');
    expect(stamp).not.toMatch(/\/M\(|\/Reason/);
  });

  it('keeps the first half of the file identifier and renews the second (ISO 32000-2 §14.4)', async () => {
    const base = classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R>>' }, '/ID[<aa><bb>]');
    expect(Buffer.from((await prepare(base)).increment).toString('latin1')).toContain(`/ID[<aa> <${'09'.repeat(16)}>]`);
  });

  it('numbers new objects after the largest, also where it sits in an object stream', async () => {
    for (const objectStreams of [false, true]) {
      const base = await samplePdf({ objectStreams });
      const { latest } = openPdf(bytesSource(base));
      const size = latest.trailer.entries.get('Size');
      const numbers = [...Buffer.from((await prepare(base)).increment).toString('latin1').matchAll(/^(\d+) 0 obj$/gm)].map((match) => Number(match[1]));
      const added = numbers.filter((num) => latest.entry(num).type === 'free');
      expect(added.every((num) => num >= Number(size))).toBe(true);
      expect(added.length).toBeGreaterThan(1);
    }
  });

  it('tells both numbers when a signature does not fit its place', async () => {
    await expect(signPdf(onePagePdf(), identity, { contentsBytes: 100 })).rejects.toMatchObject({ code: 'PLACEHOLDER_TOO_SMALL', message: expect.stringMatching(/has \d+ bytes .* holds 100/) as string });
  });

  it('writes offsets beyond ten digits as a cross-reference stream', async () => {
    const base = onePagePdf();
    const far = 10_000_000_000;
    const padded = paddedSource(base, far);
    const prepared = await preparePades(padded, OPTIONS);
    const [, a, b, c] = prepared.byteRange;
    const text = Buffer.from(prepared.increment).toString('latin1');
    expect(a).toBeGreaterThan(far);
    expect(text).toContain(`/ByteRange [0 ${a} ${b} ${c}]`);
    expect(text).toContain('/Type/XRef');
    expect(b + c).toBe(padded.sizeBytes + prepared.increment.length);
  });

  it('does not read a long document to sign its first page', async () => {
    const base = await samplePdf({ pages: 400, objectStreams: true });
    const counting = countingSource(base);
    await preparePades(counting, OPTIONS);
    expect(counting.bytesRead()).toBeLessThan(base.length * 2);
    const classic = await samplePdf({ pages: 400 });
    const few = countingSource(classic);
    await preparePades(few, OPTIONS);
    expect(few.reads()).toBeLessThan(40);
  });
});

describe('the field that is signed (ISO 32000-2 §12.7.5.5)', () => {
  it('makes one with the first free name', async () => {
    const once = await signPdf(onePagePdf(), identity);
    const twice = await signPdf(once, identity, { newFieldName: 'Dau' });
    expect(fieldNames(await signPdf(twice, identity))).toEqual(['Signature1', 'Dau', 'Signature2']);
  });

  it('uses an existing empty field by its full name, and refuses one that is signed, absent or no signature', async () => {
    const base = withForm('<</FT/Sig/T(Ky)/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R>>');
    const signed = await signPdf(base, identity, { fieldName: 'Ky' });
    expect(fieldNames(signed)).toEqual(['Ky']);
    expect(await codeOf(prepare(signed, { fieldName: 'Ky' }))).toBe('PDF_FIELD_SIGNED');
    expect(await codeOf(prepare(base, { fieldName: 'Khac' }))).toBe('PDF_FIELD_NOT_FOUND');
    expect(await codeOf(prepare(withForm('<</FT/Tx/T(Ky)>>'), { fieldName: 'Ky' }))).toBe('PDF_FIELD_NOT_FOUND');
    expect(await codeOf(prepare(signed, { newFieldName: 'Ky' }))).toBe('PDF_FIELD_SIGNED');
  });

  it('changes the fewest objects: an indirect /Annots or /Fields array rather than its holder', async () => {
    const base = classicPdf({
      1: '<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>',
      2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
      3: '<</Type/Page/Parent 2 0 R/Annots 6 0 R>>',
      5: '<</Fields 7 0 R/SigFlags 3>>',
      6: '[]',
      7: '[]',
    });
    const text = Buffer.from((await prepare(base)).increment).toString('latin1');
    expect([...text.matchAll(/^(\d+) 0 obj$/gm)].map((match) => match[1])).toEqual(['6', '7', '8', '9']);
  });

  it('marks the form as signed and append-only (table 225)', async () => {
    const { latest } = openPdf(bytesSource(await signPdf(withForm('<</FT/Tx/T(a)>>'), identity)));
    const form = latest.dict(latest.catalog.entries.get('AcroForm'));
    expect(form?.entries.get('SigFlags')).toBe(3);
  });

  it('places the fields of later signers, so that filling them is no surprise', async () => {
    const rect = { x: 10, y: 10, width: 100, height: 100 };
    const first = await signPdf(onePagePdf(), identity, { emptyFields: [{ name: 'Dau', page: 1, rect }] });
    const second = await signPdf(first, identity, { fieldName: 'Dau' });
    expect(fieldNames(second)).toEqual(['Signature1', 'Dau']);
  });

  it('brings the lock that the field asks for (§12.7.5.5 table 236)', async () => {
    const base = withForm('<</FT/Sig/T(Ky)/Lock<</Type/SigFieldLock/Action/Include/Fields[(So)]>>/Type/Annot/Subtype/Widget/Rect[0 0 0 0]>>');
    expect(Buffer.from((await prepare(base, { fieldName: 'Ky' })).increment).toString('latin1')).toContain('/TransformMethod/FieldMDP/TransformParams<</Type/TransformParams/Action/Include/Fields[(So)]');
  });
});

describe('what earlier signatures forbid (ISO 32000-2 §12.8.2)', () => {
  const rect = { x: 10, y: 10, width: 100, height: 50 };

  it('refuses a further signature after DocMDP 1, but not a document time-stamp', async () => {
    const certified = await signPdf(onePagePdf(), identity, { certify: 1 });
    expect(await codeOf(prepare(certified))).toBe('PDF_CHANGE_FORBIDDEN');
    expect(await codeOf(prepare(certified, { subFilter: 'ETSI.RFC3161' }))).toBe('no error');
  });

  it('allows an invisible signature after DocMDP 2 and 3, not a new visible one', async () => {
    for (const certify of [2, 3] as const) {
      const certified = await signPdf(onePagePdf(), identity, { certify });
      expect(await codeOf(prepare(certified))).toBe('no error');
      expect(await codeOf(prepare(certified, { rect }))).toBe('PDF_CHANGE_FORBIDDEN');
    }
  });

  it('lets only the first signature certify', async () => {
    expect(await codeOf(prepare(await signPdf(onePagePdf(), identity), { certify: 2 }))).toBe('PDF_CHANGE_FORBIDDEN');
    expect(await codeOf(prepare(await signPdf(onePagePdf(), identity, { certify: 2 }), { certify: 2 }))).toBe('PDF_CHANGE_FORBIDDEN');
  });

  it('refuses a field that an earlier signature locked (FieldMDP)', async () => {
    const base = withForm('<</FT/Sig/T(Ky)/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R>>');
    const locking = await signPdf(base, identity, { lock: { action: 'Include', fields: ['Ky'] } });
    expect(await codeOf(prepare(locking, { fieldName: 'Ky' }))).toBe('PDF_CHANGE_FORBIDDEN');
    expect(await codeOf(prepare(locking))).toBe('no error');
  });
});

describe('what cannot be signed safely', () => {
  it('refuses bytes before the header or after the last revision', async () => {
    expect(await codeOf(prepare(Buffer.concat([Buffer.from('junk\n'), onePagePdf()])))).toBe('PDF_BROKEN');
    expect(await codeOf(prepare(Buffer.concat([onePagePdf(), Buffer.from('junk')])))).toBe('PDF_BROKEN');
  });

  it('refuses, when asked to compare, a document that reads otherwise from front to back (PDF-MASK)', async () => {
    const text = onePagePdf().toString('latin1');
    const at = Number(/startxref\n(\d+)/.exec(text)?.[1]);
    const copy = '3 0 obj\n<</Type/Page/Masked true>>\nendobj\n';
    const masked = Buffer.from(text.slice(0, at) + copy + text.slice(at).replace(/startxref\n\d+/, `startxref\n${at + copy.length}`), 'latin1');
    expect(await codeOf(prepare(masked, { compareReadings: true }))).toBe('PDF_BROKEN');
    expect(await codeOf(prepare(onePagePdf(), { compareReadings: true }))).toBe('no error');
  });

  it('refuses a page that is not there and a rectangle off the page', async () => {
    expect(await codeOf(prepare(onePagePdf(), { page: 2 }))).toBe('PDF_PAGE_NOT_FOUND');
    expect(await codeOf(prepare(onePagePdf(), { rect: { x: 550, y: 0, width: 100, height: 50 } }))).toBe('APPEARANCE_INVALID');
    expect(await codeOf(prepare(onePagePdf(), { rect: { x: 0, y: 0, width: 0, height: 50 } }))).toBe('APPEARANCE_INVALID');
  });

  it('refuses a catalog that is no object of its own', async () => {
    const broken = onePagePdf().toString('latin1').replace('/Root 1 0 R', '/Root 2 0 R');
    expect(await codeOf(prepare(Buffer.from(broken, 'latin1')))).toBe('PDF_BROKEN');
    expect(isDict(openPdf(bytesSource(onePagePdf())).latest.catalog)).toBe(true);
  });
});

/** `base` with a gap of `gapBytes` zeros before its cross-reference table, without holding them. */
function paddedSource(base: Buffer, gapBytes: number): ByteSource {
  const text = base.toString('latin1');
  const xrefAt = Number(/startxref\n(\d+)/.exec(text)?.[1]);
  const head = base.subarray(0, xrefAt);
  const tail = Buffer.from(text.slice(xrefAt).replace(/startxref\n\d+/, `startxref\n${xrefAt + gapBytes}`), 'latin1');
  const sizeBytes = head.length + gapBytes + tail.length;
  const byteAt = (at: number): number => (at < head.length ? (head[at] ?? 0) : at < head.length + gapBytes ? 0 : (tail[at - head.length - gapBytes] ?? 0));
  return { sizeBytes, read: (offset, length) => Uint8Array.from({ length }, (_, i) => byteAt(offset + i)) };
}

function countingSource(bytes: Buffer): ByteSource & { bytesRead(): number; reads(): number } {
  const inner = bytesSource(bytes);
  let total = 0;
  let count = 0;
  return {
    sizeBytes: inner.sizeBytes,
    read(offset, length) {
      total += length;
      count++;
      return inner.read(offset, length);
    },
    bytesRead: () => total,
    reads: () => count,
  };
}

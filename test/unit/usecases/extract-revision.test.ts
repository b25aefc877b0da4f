import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../src/formats/byte-source.ts';
import { readPdfSignatures } from '../../../src/formats/pades/signatures.ts';
import { extractRevision } from '../../../src/usecases/extract-revision.ts';
import { testIdentity } from '../../support/certificates.ts';
import { onePagePdf, signPdf } from '../../support/pdf.ts';

describe('extractRevision (ISO 32000-2 §7.5.6)', () => {
  it('gives the bytes that each signature was made over, and nothing of what came later', async () => {
    const identity = testIdentity({ key: 'p256' });
    const once = await signPdf(onePagePdf(), identity);
    const twice = await signPdf(once, identity);
    const source = bytesSource(twice);
    const [first, second] = readPdfSignatures(source).signatures;
    const extracted = extractRevision({ source, revision: first?.coverage.revision ?? 0 });
    expect(extracted).toMatchObject({ revision: 2, of: 3, sizeBytes: once.length });
    expect(Buffer.concat([...extracted.chunks]).equals(once)).toBe(true);
    expect(Buffer.concat([...extractRevision({ source, revision: second?.coverage.revision ?? 0 }).chunks]).equals(twice)).toBe(true);
    expect(readPdfSignatures(bytesSource(once)).signatures[0]?.coverage).toMatchObject({ extent: 'file', revision: 2, of: 2 });
  });

  it('refuses a revision that is not there', () => {
    const source = bytesSource(onePagePdf());
    for (const revision of [0, 2, 1.5]) expect(() => extractRevision({ source, revision })).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });
});

import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { signatureRegions } from '../../../../src/formats/pdf-picture/signature-regions.ts';
import { testIdentity } from '../../../support/certificates.ts';
import { samplePdf, signPdf } from '../../../support/pdf.ts';

const identity = testIdentity({ key: 'p256' });
const RECT = { x: 100, y: 50, width: 200, height: 80 };

describe('signatureRegions', () => {
  it.each([0, 90, 180, 270] as const)('finds a widget where a reader sees it, on a page turned by %d° (ISO 32000-2 §7.7.3.3)', async (rotation) => {
    const signed = await signPdf(await samplePdf({ pages: 3, rotation }), identity, { page: 2, rect: RECT });
    const [found, ...others] = signatureRegions(bytesSource(signed));
    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: 'Signature1', page: 2, currentPage: 2, signedBytes: signed.length });
    // The rectangle was given in points of the page as shown; the region is 12 points larger on every side.
    const [width, height] = rotation % 180 === 0 ? [595, 842] : [842, 595];
    expect(found?.region.left).toBeCloseTo((RECT.x - 12) / width, 5);
    expect(found?.region.top).toBeCloseTo(1 - (RECT.y + RECT.height + 12) / height, 5);
    expect(found?.region.width).toBeCloseTo((RECT.width + 24) / width, 5);
    expect(found?.region.height).toBeCloseTo((RECT.height + 24) / height, 5);
  });

  it('takes the crop box for the page (ISO 32000-2 §14.11.2)', async () => {
    const signed = await signPdf(await samplePdf({ cropBox: [50, 60, 400, 500] }), identity, { rect: RECT });
    const [found] = signatureRegions(bytesSource(signed));
    expect(found?.region.left).toBeCloseTo((RECT.x - 12) / 400, 5);
    expect(found?.region.width).toBeCloseTo((RECT.width + 24) / 400, 5);
  });

  it('has no place for an invisible signature', async () => {
    expect(signatureRegions(bytesSource(await signPdf(await samplePdf(), identity)))).toEqual([]);
  });

  it('gives each signature the bytes of its own revision', async () => {
    const first = await signPdf(await samplePdf(), identity, { rect: RECT });
    const second = await signPdf(first, identity, { rect: { ...RECT, y: 300 } });
    expect(signatureRegions(bytesSource(second)).map(({ signedBytes }) => signedBytes)).toEqual([first.length, second.length]);
  });

  it('has no place for a signature that covers no whole revision', async () => {
    const signed = await signPdf(await samplePdf(), identity, { rect: RECT });
    expect(signatureRegions(bytesSource(Buffer.concat([signed, Buffer.from('more')])))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { readDss } from '../../../../src/formats/pades/dss.ts';
import { openPdf } from '../../../../src/formats/pdf/document.ts';
import { classicPdf } from '../../../support/pdf.ts';

const withDss = (dss: string) =>
  readDss(
    openPdf(
      bytesSource(
        classicPdf({
          1: `<</Type/Catalog/Pages 2 0 R/DSS ${dss}>>`,
          2: '<</Type/Pages/Kids[3 0 R]/Count 1>>',
          3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>',
          4: '<</Length 3>>\nstream\none\nendstream',
          5: '<</Length 3>>\nstream\ntwo\nendstream',
        }),
      ),
    ).latest,
  );
const texts = (values: readonly Uint8Array[]): string[] => values.map((value) => Buffer.from(value).toString('latin1'));
const KEY = 'A1'.repeat(20);

describe('the document security store (EN 319 142-1 §5.4.2)', () => {
  it('is read from its lists and from the entries of single signatures, each value once', () => {
    const store = withDss(`<</CRLs[4 0 R]/Certs[5 0 R]/VRI<</${KEY}<</CRL[4 0 R 5 0 R]/OCSP[5 0 R]>>>>>>`);
    expect(texts(store.crlsDer)).toEqual(['one', 'two']);
    expect(texts(store.certificatesDer)).toEqual(['two']);
    expect(texts(store.ocspsDer)).toEqual(['two']);
  });

  it('leaves out what cannot be read', () => {
    for (const dss of ['9 0 R', '<</CRLs 4 0 R/VRI[1]>>', `<</CRLs[7 null 3 0 R]/VRI<</${KEY} 4 0 R>>>>`]) expect(withDss(dss)).toEqual({ certificatesDer: [], crlsDer: [], ocspsDer: [] });
  });
});

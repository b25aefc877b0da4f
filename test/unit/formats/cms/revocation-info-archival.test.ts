import { describe, expect, it } from 'vitest';
import { readAsn1 } from '../../../../src/formats/asn1/reader.ts';
import { context, integer, octetString, sequence } from '../../../../src/formats/asn1/writer.ts';
import { readRevocationInfoArchival } from '../../../../src/formats/cms/revocation-info-archival.ts';
import { ATTRIBUTE } from '../../../../src/formats/cms/oids.ts';

const oid = ATTRIBUTE.revocationInfoArchival;
const archival = (value: Uint8Array) => ({ oid, values: [readAsn1(value)] });

describe('readRevocationInfoArchival', () => {
  it('gives CRLs and OCSP responses as they stand (ISO 32000-2 §12.8.3.3.2)', () => {
    const crl = sequence(integer(1));
    const ocsp = sequence(octetString(Buffer.of(7)));
    const read = readRevocationInfoArchival([archival(sequence(context(0, sequence(crl, crl)), context(1, sequence(ocsp))))]);
    expect(read.crlsDer.map((der) => Buffer.from(der).toString('hex'))).toEqual([crl, crl].map((der) => Buffer.from(der).toString('hex')));
    expect(Buffer.from(read.ocspsDer[0] ?? [])).toEqual(Buffer.from(ocsp));
  });

  it('gives nothing when it is absent, twice, or malformed', () => {
    const none = { crlsDer: [], ocspsDer: [] };
    const one = archival(sequence(context(0, sequence(sequence()))));
    expect(readRevocationInfoArchival([])).toEqual(none);
    expect(readRevocationInfoArchival([one, one])).toEqual(none);
    expect(readRevocationInfoArchival([archival(integer(1))])).toEqual(none);
    expect(readRevocationInfoArchival([archival(sequence(context(0, integer(1))))])).toEqual(none);
  });
});

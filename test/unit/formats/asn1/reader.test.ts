import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../../src/domain/errors.ts';
import { readAsn1, readAsn1Prefix, type Asn1Node } from '../../../../src/formats/asn1/reader.ts';
import { readBitString, readBoolean, readGeneralizedTime, readInteger, readOctetString, readOid, readText, readTime } from '../../../../src/formats/asn1/values.ts';
import { generalizedTime, integer, octetString, oid, sequence, setOf, time, tlv } from '../../../../src/formats/asn1/writer.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
  return 'none';
}

function visit(node: Asn1Node): number {
  return node.constructed ? node.children.reduce((sum, child) => sum + visit(child), 1) : 1;
}

describe('the reader', () => {
  it.each([
    ['indefinite length (X.690 §10.1)', '30 80 00 00'],
    ['length not minimal (X.690 §10.1)', '04 81 01 00'],
    ['length with leading zeros', '04 82 00 80'],
    ['length of 2^63', '04 88 80 00 00 00 00 00 00 00'],
    ['length of 2^32 - 1', '04 84 ff ff ff ff'],
    ['value cut off', '04 05 00'],
    ['bytes after the value', '05 00 00'],
    ['tag with a leading zero (X.690 §8.1.2.4)', '1f 80 01 00'],
    ['long tag that fits the short form', '1f 1e 00'],
    ['constructed OCTET STRING (X.690 §10.2)', '24 04 04 02 00 00'],
    ['primitive SEQUENCE (X.690 §8.9.1)', '10 00'],
    ['end-of-contents outside', '00 00'],
    ['nothing at all', ''],
  ])('refuses in DER: %s', (_, bytes) => {
    expect(codeOf(() => visit(readAsn1(hex(bytes))))).toBe('ASN1_MALFORMED');
  });

  it('takes indefinite lengths and split strings in BER only (X.690 §8.1.3.6, §8.7.3)', () => {
    const split = hex('24 80 04 02 01 02 04 01 03 00 00');
    expect(readOctetString(readAsn1(split, { rules: 'BER' }))).toEqual(Uint8Array.of(1, 2, 3));
    expect(codeOf(() => readAsn1(split))).toBe('ASN1_MALFORMED');
  });

  it('leaves padding after the value to the caller who asks for that', () => {
    expect(readAsn1Prefix(hex('05 00 00 00')).end).toBe(2);
  });

  it.each([100, 1_000, 20_000])('stops at its depth on %i nested values', (depth) => {
    let definite = new Uint8Array(0);
    for (let i = 0; i < Math.min(depth, 100); i++) definite = new Uint8Array(sequence(definite));
    const indefinite = Buffer.concat([Buffer.alloc(depth * 2, Buffer.from('3080', 'hex')), Buffer.alloc(depth * 2)]);
    expect(codeOf(() => visit(readAsn1(definite)))).toBe('ASN1_LIMIT');
    expect(codeOf(() => readAsn1(indefinite, { rules: 'BER' }))).toBe('ASN1_LIMIT');
  });

  it('stops at its count of values', () => {
    const nulls = sequence(Buffer.alloc(20_000, Buffer.from('0500', 'hex')));
    expect(codeOf(() => readAsn1(nulls, { limits: { maxBytes: 100_000, maxDepth: 8, maxNodes: 5_000 } }).children)).toBe('ASN1_LIMIT');
    expect(codeOf(() => readAsn1(nulls, { limits: { maxBytes: 1_000, maxDepth: 8, maxNodes: 50_000 } }))).toBe('ASN1_LIMIT');
  });
});

describe('values', () => {
  it('reads integers of any size and sign back as written (X.690 §8.3)', () => {
    for (const value of [0n, 1n, -1n, 127n, 128n, -128n, -129n, 2n ** 64n, -(2n ** 64n)]) expect(readInteger(readAsn1(integer(value)))).toBe(value);
  });

  it.each(['02 00', '02 02 00 01', '02 02 ff 80'])('refuses the integer %s (X.690 §8.3.2)', (bytes) => {
    expect(codeOf(() => readInteger(readAsn1(hex(bytes))))).toBe('ASN1_MALFORMED');
  });

  it.each(['1.2.840.113549.1.1.11', '2.16.840.1.101.3.4.2.1', '2.999', '0.39', '1.3.6.1.4.1.18446744073709551617'])('reads %s back as written, arcs above 2^53 included', (dotted) => {
    expect(readOid(readAsn1(oid(dotted)))).toBe(dotted);
  });

  it('does not take an arc for one equal to it modulo 2^32 (CVE-2025-66030)', () => {
    const wrapped = oid(`1.2.840.113549.1.1.${2n ** 32n + 11n}`);
    expect(readOid(readAsn1(wrapped))).not.toBe('1.2.840.113549.1.1.11');
  });

  it.each(['06 00', '06 02 80 01', '06 01 80'])('refuses the object identifier %s (X.690 §8.19)', (bytes) => {
    expect(codeOf(() => readOid(readAsn1(hex(bytes))))).toBe('ASN1_MALFORMED');
  });

  it('refuses booleans other than 00 and FF, and bit strings with wrong padding (X.690 §11.1, §11.2)', () => {
    expect(codeOf(() => readBoolean(readAsn1(hex('01 01 01'))))).toBe('ASN1_MALFORMED');
    expect(codeOf(() => readBitString(readAsn1(hex('03 02 08 00'))))).toBe('ASN1_MALFORMED');
    expect(codeOf(() => readBitString(readAsn1(hex('03 02 01 01'))))).toBe('ASN1_MALFORMED');
    expect(codeOf(() => readBitString(readAsn1(hex('03 01 01'))))).toBe('ASN1_MALFORMED');
  });

  it('reads times by the year-50 rule and to the end of the calendar (RFC 5280 §4.1.2.5)', () => {
    expect(readTime(readAsn1(tlv(23, Buffer.from('500101000000Z')))).toISOString()).toBe('1950-01-01T00:00:00.000Z');
    expect(readTime(readAsn1(tlv(23, Buffer.from('491231235959Z')))).toISOString()).toBe('2049-12-31T23:59:59.000Z');
    expect(readTime(readAsn1(time(new Date('9999-12-31T23:59:59Z')))).toISOString()).toBe('9999-12-31T23:59:59.000Z');
    expect(readGeneralizedTime(readAsn1(generalizedTime(new Date('2026-11-24T01:02:03.450Z')))).toISOString()).toBe('2026-11-24T01:02:03.450Z');
  });

  it.each(['2602300000', '26112400000', '261124000000+0700', '261124240000Z', '261124000060Z'])('refuses the UTCTime %s', (text) => {
    expect(codeOf(() => readTime(readAsn1(tlv(23, Buffer.from(text)))))).toBe('ASN1_MALFORMED');
  });

  it('reads Vietnamese text of every string type exactly, refusing broken ones', () => {
    expect(readText(readAsn1(tlv(12, Buffer.from('Thừa Thiên Huế'))))).toBe('Thừa Thiên Huế');
    expect(readText(readAsn1(tlv(30, Buffer.from('Huế', 'utf16le').swap16())))).toBe('Huế');
    expect(codeOf(() => readText(readAsn1(hex('1e 03 00 41 00'))))).toBe('ASN1_MALFORMED');
    expect(codeOf(() => readText(readAsn1(hex('0c 01 ff'))))).toBe('ASN1_MALFORMED');
  });

  it('writes SET OF in the order of the encodings (X.690 §11.6)', () => {
    expect(setOf(integer(2), octetString(hex('00')), integer(1))).toEqual(new Uint8Array(hex('31 09 02 01 01 02 01 02 04 01 00')));
  });
});

describe.skipIf(!requireVectors('nist-pkits'))('damaged input', () => {
  it('answers every truncation and every flipped bit of a certificate with a typed error or a value', () => {
    const der = readFileSync(vectorPath('nist-pkits', 'certs', 'GoodCACert.crt'));
    for (let size = 0; size < der.length; size++) expect(codeOf(() => readAsn1(der.subarray(0, size)))).toBe('ASN1_MALFORMED');
    for (let bit = 0; bit < der.length * 8; bit++) {
      const damaged = Buffer.from(der);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(['none', 'ASN1_MALFORMED', 'ASN1_LIMIT']).toContain(codeOf(() => visit(readAsn1(damaged))));
    }
  });
});

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readAsn1 } from '../../../../src/formats/asn1/reader.ts';
import { readSequence } from '../../../../src/formats/asn1/values.ts';
import { boolean, context, contextPrimitive, generalizedTime, integer, nullValue, octetString, oid, sequence } from '../../../../src/formats/asn1/writer.ts';
import { buildTimestampRejection } from '../../../../src/formats/tsp/build-timestamp-response.ts';
import { readTimestampRequest } from '../../../../src/formats/tsp/read-timestamp-request.ts';
import { buildTimestampRequest, type TimestampRequest } from '../../../../src/formats/tsp/request.ts';
import { checkTimestampResponse, readTimestampResponse } from '../../../../src/formats/tsp/response.ts';
import { readTstInfo } from '../../../../src/formats/tsp/tst-info.ts';

const imprint = createHash('sha256').update('x').digest();
const request: TimestampRequest = { imprint, digestAlgorithm: 'sha256', nonce: Buffer.from('8000000000000001', 'hex'), certReq: true };

describe('buildTimestampRequest', () => {
  it('writes what an authority reads: imprint, policy, nonce, certReq (RFC 3161 §2.4.1)', () => {
    const read = readTimestampRequest(buildTimestampRequest({ ...request, policyOid: '1.2.3.4' }));
    expect(Buffer.from(read.hashedMessage).equals(imprint)).toBe(true);
    expect(read).toMatchObject({ policyOid: '1.2.3.4', certReq: true, hasExtensions: false });
    expect(Buffer.from(read.nonceDer ?? []).toString('hex')).toBe('0209008000000000000001');
  });

  it('leaves out a certReq of FALSE and the sign octet’s surplus (X.690 §11.5, §8.3.2)', () => {
    const der = buildTimestampRequest({ ...request, nonce: Buffer.from('0000000000000007', 'hex'), certReq: false });
    expect(readSequence(readAsn1(der))).toHaveLength(3);
    expect(Buffer.from(readTimestampRequest(der).nonceDer ?? []).toString('hex')).toBe('020107');
  });
});

describe('readTimestampResponse', () => {
  it('reads why an authority refused (RFC 3161 §2.4.2)', () => {
    const response = readTimestampResponse(buildTimestampRejection('timeNotAvailable', 'Đồng hồ chưa đồng bộ'));
    expect(response).toEqual({ status: 'rejection', statusText: 'Đồng hồ chưa đồng bộ', failures: ['timeNotAvailable'], tokenDer: null });
    expect(() => checkTimestampResponse(response, request)).toThrow(/rejection \(timeNotAvailable, Đồng hồ chưa đồng bộ\)/);
  });

  it('keeps a status that RFC 3161 does not have as unknown, and refuses it', () => {
    const response = readTimestampResponse(sequence(sequence(integer(42))));
    expect(response.status).toBe('unknown');
    expect(() => checkTimestampResponse(response, request)).toThrow(expect.objectContaining({ code: 'TSA_REFUSED' }));
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['HTML', Buffer.from('<html>')],
    ['an empty sequence', sequence()],
    ['bytes after it', Buffer.concat([sequence(sequence(integer(0))), Buffer.of(0)])],
  ])('refuses %s', (_, bytes) => {
    expect(() => readTimestampResponse(bytes)).toThrow(expect.objectContaining({ code: 'TSA_ANSWER_INVALID' }));
  });

  it('refuses a granted response whose token is none', () => {
    const response = readTimestampResponse(sequence(sequence(integer(0)), sequence(oid('1.2.840.113549.1.7.2'), context(0, sequence()))));
    expect(() => checkTimestampResponse(response, request)).toThrow(expect.objectContaining({ code: 'TSA_TOKEN_INVALID' }));
  });
});

describe('readTstInfo', () => {
  const head = (version = 1): Uint8Array[] => [
    integer(version),
    oid('1.2.3.4'),
    sequence(sequence(oid('2.16.840.1.101.3.4.2.1'), nullValue()), octetString(imprint)),
    integer(-5),
    generalizedTime(new Date('2026-11-24T08:00:00.250Z')),
  ];

  it('reads fractions of seconds, accuracy in all its parts, and serial numbers of any sign (RFC 3161 §2.4.2)', () => {
    const accuracy = sequence(integer(1), contextPrimitive(0, Buffer.of(0x01, 0xf4)), contextPrimitive(1, Buffer.of(1)));
    const info = readTstInfo(sequence(...head(), accuracy, boolean(true), integer(9)));
    expect(info).toMatchObject({ serial: -5n, accuracyMs: 1501, ordering: true, nonce: 9n, tsa: null });
    expect(info.genTime.toISOString()).toBe('2026-11-24T08:00:00.250Z');
  });

  it.each([
    ['another version', sequence(...head(2))],
    ['fields out of order', sequence(...head(), integer(9), boolean(true))],
    ['an unknown field', sequence(...head(), context(5, integer(1)))],
  ])('refuses %s', (_, der) => {
    expect(() => readTstInfo(der)).toThrow(expect.objectContaining({ code: 'TSA_TOKEN_INVALID' }));
  });
});

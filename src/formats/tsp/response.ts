import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { findDigest } from '../algorithms/digests.ts';
import { readAsn1, TAG, type Asn1Node } from '../asn1/reader.ts';
import { hasBit, readBitString, readSequence, readSmallInteger, readText } from '../asn1/values.ts';
import type { TimestampRequest } from './request.ts';
import { readTimestampToken, type TimestampToken } from './token.ts';

/** PKIStatus, RFC 3161 §2.4.2. */
const STATUS = ['granted', 'grantedWithMods', 'rejection', 'waiting', 'revocationWarning', 'revocationNotification'] as const;
/** PKIFailureInfo bits that RFC 3161 §2.4.2 allows. */
const FAILURES = new Map([
  [0, 'badAlg'],
  [2, 'badRequest'],
  [5, 'badDataFormat'],
  [14, 'timeNotAvailable'],
  [15, 'unacceptedPolicy'],
  [16, 'unacceptedExtension'],
  [17, 'addInfoNotAvailable'],
  [25, 'systemFailure'],
]);

export interface TimestampResponse {
  /** `unknown` for a status number that RFC 3161 does not have. */
  readonly status: (typeof STATUS)[number] | 'unknown';
  /** The authority's own words, at most 300 characters. */
  readonly statusText: string | null;
  readonly failures: readonly string[];
  /** DER, not read yet; null when there is none. */
  readonly tokenDer: Uint8Array | null;
}

/** Reads a TimeStampResp; its token is read by `checkTimestampResponse`. @throws TSA_ANSWER_INVALID @see RFC 3161 §2.4.2 */
export function readTimestampResponse(bytes: Uint8Array): TimestampResponse {
  try {
    const [statusInfo, token] = readSequence(readAsn1(bytes, { rules: 'BER' }));
    const [status, ...rest] = readSequence(statusInfo);
    const text = rest.find((node) => node.is(TAG.SEQUENCE));
    const failInfo = rest.find((node) => node.is(TAG.BIT_STRING));
    return {
      status: STATUS[readSmallInteger(status)] ?? 'unknown',
      statusText: text === undefined ? null : textOf(text),
      failures: failInfo === undefined ? [] : failuresOf(failInfo),
      tokenDer: token?.bytes ?? null,
    };
  } catch (cause) {
    if (isGatewayError(cause, 'ASN1_MALFORMED', 'ASN1_LIMIT')) throw new GatewayError('TSA_ANSWER_INVALID', 'The time-stamping authority answered with something that is no time-stamp response', { cause });
    throw cause;
  }
}

function textOf(node: Asn1Node): string {
  return readSequence(node).map((part) => readText(part)).join(' ').slice(0, 300);
}

function failuresOf(node: Asn1Node): string[] {
  const bits = readBitString(node);
  return [...FAILURES].filter(([bit]) => hasBit(bits, bit)).map(([, name]) => name);
}

/**
 * Whether the response answers the request: granted, same imprint, algorithm, nonce and policy. The token's signature and
 * certificate are for `checkTimestampToken` and the path validator.
 * @throws TSA_REFUSED when nothing was granted; TSA_TOKEN_INVALID when the token is for something else
 * @see RFC 3161 §2.2, §2.4.2
 */
export function checkTimestampResponse(response: TimestampResponse, request: TimestampRequest): TimestampToken {
  if (response.status !== 'granted' && response.status !== 'grantedWithMods') {
    const reasons = [...response.failures, ...(response.statusText === null ? [] : [response.statusText])].join(', ');
    throw new GatewayError('TSA_REFUSED', `The time-stamping authority refused: ${response.status}${reasons === '' ? '' : ` (${reasons})`}`);
  }
  if (response.tokenDer === null) throw wrong('granted a time-stamp but sent none');
  const token = readTimestampToken(response.tokenDer);
  const { info } = token;
  if (findDigest(info.imprintAlgorithm) !== request.digestAlgorithm) throw wrong('used another digest algorithm than the one asked for');
  if (Buffer.compare(info.imprint, request.imprint) !== 0) throw wrong('time-stamped other data');
  if (info.nonce === null) throw wrong('left out the nonce');
  if (info.nonce !== BigInt(`0x${Buffer.from(request.nonce).toString('hex')}`)) throw wrong('answered with another nonce: the answer may be an old one');
  if (request.policyOid !== undefined && info.policyOid !== request.policyOid) throw wrong(`used policy ${info.policyOid} instead of the one asked for`);
  return token;
}

function wrong(what: string): GatewayError {
  return new GatewayError('TSA_TOKEN_INVALID', `The time-stamping authority ${what}`);
}

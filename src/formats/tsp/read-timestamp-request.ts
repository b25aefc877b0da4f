import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { TAG, malformed, readAsn1 } from '../asn1/reader.ts';
import { readBoolean, readIntegerBytes, readOctetString, readOid, readSequence, readSmallInteger } from '../asn1/values.ts';

const LIMITS = { maxBytes: 64 * 1024, maxDepth: 16, maxNodes: 1_000 };

export interface TimestampRequest {
  readonly messageImprintDer: Uint8Array;
  readonly hashAlgorithm: AlgorithmIdentifier;
  readonly hashedMessage: Uint8Array;
  /** Dotted; null: the TSA's own. */
  readonly policyOid: string | null;
  /** INTEGER, whole DER. */
  readonly nonceDer: Uint8Array | null;
  readonly certReq: boolean;
  readonly hasExtensions: boolean;
}

/**
 * A TimeStampReq as a TSA reads it; whether it is acceptable is the TSA's decision. At most 64 KiB.
 * @throws ASN1_MALFORMED, ASN1_LIMIT
 * @see RFC 3161 §2.4.1
 */
export function readTimestampRequest(der: Uint8Array): TimestampRequest {
  const [version, imprint, ...optional] = readSequence(readAsn1(der, { limits: LIMITS }));
  if (readSmallInteger(version) !== 1) throw malformed('TimeStampReq of a version other than 1', 0);
  const [algorithm, message, extra] = readSequence(imprint);
  if (extra !== undefined || imprint === undefined) throw malformed('MessageImprint is not two values', 0);
  const policy = optional[0]?.is(TAG.OID) === true ? optional.shift() : undefined;
  const nonce = optional[0]?.is(TAG.INTEGER) === true ? optional.shift() : undefined;
  const certReq = optional[0]?.is(TAG.BOOLEAN) === true ? optional.shift() : undefined;
  const extensions = optional[0]?.isContext(0) === true ? optional.shift() : undefined;
  if (optional.length > 0) throw malformed('TimeStampReq with unknown fields', 0);
  if (nonce !== undefined) readIntegerBytes(nonce);
  return {
    messageImprintDer: imprint.bytes,
    hashAlgorithm: readAlgorithmIdentifier(algorithm),
    hashedMessage: readOctetString(message),
    policyOid: policy === undefined ? null : readOid(policy),
    nonceDer: nonce?.bytes ?? null,
    certReq: certReq !== undefined && readBoolean(certReq),
    hasExtensions: extensions !== undefined,
  };
}

import type { DigestAlgorithm } from '../../domain/signature.ts';
import { digestAlgorithmDer } from '../algorithms/digests.ts';
import { boolean, integer, octetString, oid, sequence, unsignedInteger } from '../asn1/writer.ts';

/** What is asked of a time-stamping authority, and what its answer is compared with. */
export interface TimestampRequest {
  /** Digest of the data, made with `digestAlgorithm`. */
  readonly imprint: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Big-endian, at least 8 random bytes for a fresh answer. */
  readonly nonce: Uint8Array;
  /** Dotted OID of the policy wanted; any policy when absent. */
  readonly policyOid?: string;
  /** Whether the authority's certificate must be in the token; it is needed for every baseline level. */
  readonly certReq: boolean;
}

/** TimeStampReq, DER. @see RFC 3161 §2.4.1 */
export function buildTimestampRequest(request: TimestampRequest): Uint8Array {
  return sequence(
    integer(1),
    sequence(digestAlgorithmDer(request.digestAlgorithm, 'null'), octetString(request.imprint)),
    ...(request.policyOid === undefined ? [] : [oid(request.policyOid)]),
    unsignedInteger(request.nonce),
    ...(request.certReq ? [boolean(true)] : []),
  );
}

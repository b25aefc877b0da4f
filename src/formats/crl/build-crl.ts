import { buildSigned, type StructureSigner } from '../algorithms/build-signed.ts';
import { signatureAlgorithmDer } from '../algorithms/schemes.ts';
import { context, integer, sequence, time, tlv, unsignedInteger } from '../asn1/writer.ts';
import { authorityKeyIdentifierExtension, buildExtension } from '../x509/build-extensions.ts';
import { EXTENSION } from '../x509/extensions.ts';

/** CRLReason, RFC 5280 §5.3.1; 7 is not used. */
export const CRL_REASON = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  removeFromCRL: 8,
  privilegeWithdrawn: 9,
  aACompromise: 10,
} as const;
export type CrlReason = keyof typeof CRL_REASON;

export interface RevokedCertificate {
  /** Big-endian, positive. */
  readonly serialNumber: Uint8Array;
  readonly at: Date;
  /** `unspecified` is left out, as RFC 5280 §5.3.1 wants. */
  readonly reason: CrlReason;
}

export interface CrlInput {
  readonly issuerDer: Uint8Array;
  readonly issuerKeyId: Uint8Array;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Grows with every CRL of this issuer. */
  readonly crlNumber: bigint;
  /** Number of the complete CRL that this one, a delta CRL, goes on from (RFC 5280 §5.2.4). */
  readonly baseNumber?: bigint;
  readonly revoked: readonly RevokedCertificate[];
  readonly signer: StructureSigner;
}

/**
 * A version 2 CRL in DER for all certificates of one issuer, complete unless a base is named.
 * @see RFC 5280 §5.1, §5.2
 */
export function buildCrl(input: CrlInput): Uint8Array {
  const tbs = sequence(
    integer(1),
    signatureAlgorithmDer(input.signer.scheme, input.signer.digest),
    input.issuerDer,
    time(input.thisUpdate),
    time(input.nextUpdate),
    // RFC 5280 §5.1.2.6: an empty list must be absent.
    // One part: a spread of a million arguments would overflow the stack.
    ...(input.revoked.length === 0 ? [] : [sequence(Buffer.concat(input.revoked.map((entry) => revokedDer(entry))))]),
    context(0, sequence(authorityKeyIdentifierExtension(input.issuerKeyId), buildExtension(EXTENSION.CRL_NUMBER, false, integer(input.crlNumber)), ...deltaIndicator(input.baseNumber))),
  );
  return buildSigned(tbs, input.signer);
}

function deltaIndicator(baseNumber: bigint | undefined): Uint8Array[] {
  return baseNumber === undefined ? [] : [buildExtension(EXTENSION.DELTA_CRL_INDICATOR, true, integer(baseNumber))];
}

function revokedDer({ serialNumber, at, reason }: RevokedCertificate): Uint8Array {
  const reasonCode = tlv(10, Uint8Array.of(CRL_REASON[reason]));
  const extensions = reason === 'unspecified' ? [] : [sequence(buildExtension(EXTENSION.CRL_REASON, false, reasonCode))];
  return sequence(unsignedInteger(serialNumber), time(at), ...extensions);
}

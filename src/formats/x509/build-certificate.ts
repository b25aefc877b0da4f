import { createHash } from 'node:crypto';
import { buildSigned, type StructureSigner } from '../algorithms/build-signed.ts';
import { signatureAlgorithmDer } from '../algorithms/schemes.ts';
import { readPublicKeyInfo } from '../algorithms/public-key.ts';
import { context, integer, sequence, time, unsignedInteger } from '../asn1/writer.ts';

export interface CertificateInput {
  /** Big-endian, 1 to 20 octets, positive. */
  readonly serialNumber: Uint8Array;
  /** Names in DER. */
  readonly issuerDer: Uint8Array;
  readonly subjectDer: Uint8Array;
  /** Whole seconds count. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spkiDer: Uint8Array;
  /** Whole Extension values in the order wanted. */
  readonly extensionsDer: readonly Uint8Array[];
  readonly signer: StructureSigner;
}

/**
 * A version 3 certificate in DER. Builds what it is told, sensible or not: wrong certificates are needed too.
 * @see RFC 5280 §4.1
 */
export function buildCertificate(input: CertificateInput): Uint8Array {
  const tbs = sequence(
    context(0, integer(2)),
    unsignedInteger(input.serialNumber),
    signatureAlgorithmDer(input.signer.scheme, input.signer.digest),
    input.issuerDer,
    sequence(time(input.notBefore), time(input.notAfter)),
    input.subjectDer,
    input.spkiDer,
    context(3, sequence(...input.extensionsDer)),
  );
  return buildSigned(tbs, input.signer);
}

/** Key identifier: SHA-1 of the subjectPublicKey bits, a name and no protection. @see RFC 5280 §4.2.1.2 (1) */
export function keyIdentifierOf(spkiDer: Uint8Array): Uint8Array {
  return createHash('sha1').update(readPublicKeyInfo(spkiDer).keyBytes).digest();
}

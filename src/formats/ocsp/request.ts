import { digestAlgorithmDer, digestOf, type DigestName } from '../algorithms/digests.ts';
import { context, integer, octetString, oid, sequence } from '../asn1/writer.ts';
import type { Certificate } from '../x509/certificate.ts';

export const OCSP_NONCE = '1.3.6.1.5.5.7.48.1.2';

export interface OcspRequestInput {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** 1 to 128 octets of chance (RFC 9654 §2.1 wants 32); null: none, for responders that answer from a cache. */
  readonly nonce: Uint8Array | null;
  /** SHA-1 is an identifier here, not a protection, and the only one every responder knows (RFC 6960 §4.3). */
  readonly digest?: DigestName | undefined;
}

/**
 * An unsigned OCSPRequest in DER for one certificate.
 * @see RFC 6960 §4.1.1, RFC 9654 §2.1
 */
export function buildOcspRequest({ certificate, issuer, nonce, digest = 'sha1' }: OcspRequestInput): Uint8Array {
  const request = sequence(sequence(certIdDer(certificate, issuer, digest)));
  const extensions = nonce === null ? [] : [context(2, sequence(sequence(oid(OCSP_NONCE), octetString(octetString(nonce)))))];
  return sequence(sequence(request, ...extensions));
}

/** CertID. @see RFC 6960 §4.1.1 */
export function certIdDer(certificate: Certificate, issuer: Certificate, digest: DigestName): Uint8Array {
  return sequence(
    digestAlgorithmDer(digest, 'null'),
    octetString(digestOf(digest, certificate.issuerDer)),
    octetString(digestOf(digest, issuer.publicKey.keyBytes)),
    integer(certificate.serial),
  );
}

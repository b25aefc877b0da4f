import { GatewayError } from '../../domain/errors.ts';
import type { Certificate } from './certificate.ts';
import { EKU } from './extensions.ts';

/** Purposes under which documents are signed: issuers name these, or none at all. */
const SIGNING_PURPOSES = [EKU.ANY, EKU.EMAIL_PROTECTION, EKU.DOCUMENT_SIGNING, EKU.CLIENT_AUTH, '1.3.6.1.4.1.311.10.3.12', '1.2.840.113583.1.1.5'];
const MIN_BITS: Readonly<Record<string, number>> = { RSA: 2048, 'RSA-PSS': 2048, EC: 256 };

/**
 * Refuses a certificate that must not sign a document at `at`: outside its validity, for another use, of a weak key.
 * Its path and revocation are checked elsewhere; that the key belongs to it is checked where the key is.
 * @throws CERTIFICATE_EXPIRED, CERTIFICATE_NOT_YET_VALID, CERTIFICATE_USAGE, KEY_UNSUPPORTED
 * @see RFC 5280 §4.1.2.5, §4.2.1.3, §4.2.1.12; Circular 15/2025/TT-BKHCN art. 5
 */
export function checkSignerCertificate(certificate: Certificate, at: Date): void {
  checkValidity(certificate, at);
  checkUsage(certificate);
  checkKey(certificate);
}

function checkValidity({ notBefore, notAfter }: Certificate, at: Date): void {
  if (at > notAfter) throw new GatewayError('CERTIFICATE_EXPIRED', `The signer's certificate expired on ${notAfter.toISOString()}; have it renewed and sign with the new one`);
  if (at < notBefore) {
    throw new GatewayError('CERTIFICATE_NOT_YET_VALID', `The signer's certificate is valid from ${notBefore.toISOString()} only; wait until then, or check this machine's clock (${at.toISOString()})`);
  }
}

function checkUsage({ keyUsage, extendedKeyUsage, basicConstraints }: Certificate): void {
  const advice = 'choose the certificate issued for signing documents';
  if (basicConstraints?.ca === true) throw new GatewayError('CERTIFICATE_USAGE', `The certificate is one of a certification authority, not of a signer; ${advice}`);
  if (keyUsage !== null && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation')) {
    throw new GatewayError('CERTIFICATE_USAGE', `The certificate's key usage (${[...keyUsage].join(', ')}) allows no signatures; ${advice}`);
  }
  if (extendedKeyUsage !== null && !SIGNING_PURPOSES.some((purpose) => extendedKeyUsage.has(purpose))) {
    throw new GatewayError('CERTIFICATE_USAGE', `The certificate is for other purposes (${[...extendedKeyUsage].join(', ')}); ${advice}`);
  }
}

function checkKey({ publicKey }: Certificate): void {
  const minBits = MIN_BITS[publicKey.type];
  if (minBits === undefined) throw new GatewayError('KEY_UNSUPPORTED', `Keys of type ${publicKey.type} are not supported; use RSA or ECDSA`);
  if (publicKey.bits < minBits) throw new GatewayError('KEY_UNSUPPORTED', `The certificate's ${publicKey.type} key has ${publicKey.bits} bits; at least ${minBits} are required`);
}

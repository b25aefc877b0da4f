import type { SignatureScheme } from '../domain/signature.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import { readCertificate } from '../formats/x509/certificate.ts';

/** The scheme where nobody asks for one: the key's own, and for plain RSA keys what the policy prefers. Judges no key. @throws CERTIFICATE_MALFORMED */
export function defaultScheme(certificateDer: Uint8Array, { signing }: Pick<ValidationPolicy, 'signing'>): SignatureScheme {
  const { type } = readCertificate(certificateDer).publicKey;
  if (type === 'EC') return 'ecdsa';
  return type === 'RSA-PSS' ? 'pss' : signing.rsaScheme;
}

import type { Caller } from '../domain/partner.ts';
import type { KeyView } from '../formats/api/signatures.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import type { SigningKeyRecord } from '../ports/key-records.ts';
import type { Records } from '../ports/records.ts';

/** The keys a partner may sign with, by grant. Whether a certificate is valid is checked when it is used. */
export async function listKeys({ records }: { readonly records: Pick<Records, 'keys'> }, caller: Caller): Promise<{ readonly keys: KeyView[] }> {
  return { keys: (await records.keys.grantedTo(caller.partnerId)).map(keyViewOf) };
}

function keyViewOf(key: SigningKeyRecord): KeyView {
  const { subject, issuer } = readCertificate(key.chainDer[0]);
  return { keyId: key.id, purpose: key.purpose, scheme: key.scheme, subject, issuer, notAfter: key.notAfter.toISOString(), certificateSha256: key.certificateSha256 };
}

import { readCertificate, type Certificate } from './certificate.ts';

/** Together at most 8 MiB. */
const MAX_ENTRIES = 1_000;
const MAX_ENTRY_BYTES = 8 * 1024;

// The same few issuers and signers come back with every document. Keys are the bytes themselves, so nobody can have another
// certificate taken for a known one; values are copies, so that a certificate does not keep a whole document in memory.
const memo = new Map<string, Certificate>();

/**
 * `readCertificate`, remembering the certificates met most recently. The same bytes give the same object, which keeps what is
 * cached for it (its public key) warm. Only reading is remembered, never a judgement.
 * @throws CERTIFICATE_MALFORMED
 */
export function readKnownCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_ENTRY_BYTES) return readCertificate(der);
  const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1');
  const known = memo.get(key);
  const certificate = known ?? readCertificate(Uint8Array.from(der));
  // Deleting and setting again moves it to the end: the first entry is the one not met for longest.
  memo.delete(key);
  memo.set(key, certificate);
  const [oldest] = memo.size > MAX_ENTRIES ? memo.keys() : [];
  if (oldest !== undefined) memo.delete(oldest);
  return certificate;
}

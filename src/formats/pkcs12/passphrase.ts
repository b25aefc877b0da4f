/**
 * The two spellings PKCS#12 gives a passphrase: UTF-8 for PBES2 and PBMAC1 (RFC 8018 §3), BMPString with two zero octets for
 * its own key derivation (RFC 7292 §B.1). The text is taken as typed, never normalised.
 */
export function utf8Passphrase(passphrase: string): Uint8Array {
  return Buffer.from(passphrase, 'utf8');
}

export function bmpPassphrase(passphrase: string): Uint8Array {
  return Buffer.from(passphrase + '\0', 'utf16le').swap16();
}

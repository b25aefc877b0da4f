/**
 * An Ed25519 key as Standard Webhooks writes it: `whpk_` and base64 of the 32 bytes of RFC 8032 §5.1.5.
 * @see Standard Webhooks 1.0.0, "Asymmetric"
 */
export function webhookPublicKeyText(publicKey: Uint8Array): string {
  return `whpk_${Buffer.from(publicKey).toString('base64')}`;
}

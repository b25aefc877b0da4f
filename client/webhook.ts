import { createHmac, createPublicKey, timingSafeEqual, verify } from 'node:crypto';

/** What arrived at a webhook address, before anything of it is believed. */
export interface Webhook {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

export type WebhookVerdict = { readonly genuine: true; readonly id: string } | { readonly genuine: false; readonly why: string };

const TOLERANCE_SECONDS = 5 * 60;

export interface WebhookTrust {
  /** `whsec_` and base64. */
  readonly secret: string;
  /** `whpk_` and base64, the sender's own; with none given, the secret alone decides. */
  readonly publicKeys: readonly string[];
}

/**
 * Whether a webhook comes from whoever shares the secret and holds one of the keys, and now. Standard Webhooks 1.0.0: HMAC-SHA256 (v1) and
 * Ed25519 (v1a) over `id.timestamp.body`; any one signature of each kind may match, so that keys can be changed; one too old or too new is
 * a replay or a broken clock.
 */
export function checkWebhook({ headers, body }: Webhook, { secret, publicKeys }: WebhookTrust, now: Date): WebhookVerdict {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headers[name]);
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return no('webhook-id, webhook-timestamp or webhook-signature is missing');
  if (!/^\d{1,12}$/.test(timestamp)) return no('webhook-timestamp is not a number of seconds');
  if (Math.abs(Number(timestamp) - now.getTime() / 1_000) > TOLERANCE_SECONDS) return no('webhook-timestamp is more than five minutes away');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const expected = createHmac('sha256', key).update(content).digest();
  if (!signaturesOf(signatures, 'v1').some((signature) => isSame(signature, expected))) return no('no v1 signature matches');
  if (publicKeys.length === 0) return { genuine: true, id };
  const isByKey = signaturesOf(signatures, 'v1a').some((signature) => publicKeys.some((text) => verify(null, content, publicKeyOf(text), signature)));
  return isByKey ? { genuine: true, id } : no('no v1a signature matches');
}

function signaturesOf(list: string, version: 'v1' | 'v1a'): readonly Uint8Array[] {
  return list.split(' ').flatMap((entry) => (entry.startsWith(`${version},`) ? [Buffer.from(entry.slice(version.length + 1), 'base64')] : []));
}

function publicKeyOf(text: string): ReturnType<typeof createPublicKey> {
  const x = Buffer.from(text.replace(/^whpk_/, ''), 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function isSame(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const no = (why: string): WebhookVerdict => ({ genuine: false, why });

import { createHmac, timingSafeEqual } from 'node:crypto';

/** What arrived at a webhook address, before anything of it is believed. */
export interface Webhook {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

export type WebhookVerdict = { readonly genuine: true; readonly id: string } | { readonly genuine: false; readonly why: string };

const TOLERANCE_SECONDS = 5 * 60;

/**
 * Whether a webhook comes from whoever shares the secret, and now. Standard Webhooks 1.0.0: HMAC-SHA256 over `id.timestamp.body`; any one
 * of the signatures may match, so that secrets can be changed; one too old or too new is a replay or a broken clock.
 * @param secret `whsec_` and base64
 */
export function checkWebhook({ headers, body }: Webhook, secret: string, now: Date): WebhookVerdict {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headers[name]);
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') return no('webhook-id, webhook-timestamp or webhook-signature is missing');
  if (!/^\d{1,12}$/.test(timestamp)) return no('webhook-timestamp is not a number of seconds');
  if (Math.abs(Number(timestamp) - now.getTime() / 1_000) > TOLERANCE_SECONDS) return no('webhook-timestamp is more than five minutes away');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
  const matches = signatures.split(' ').some((signature) => signature.startsWith('v1,') && isSame(Buffer.from(signature.slice(3), 'base64'), expected));
  return matches ? { genuine: true, id } : no('no signature matches');
}

function isSame(given: Uint8Array, expected: Uint8Array): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const no = (why: string): WebhookVerdict => ({ genuine: false, why });

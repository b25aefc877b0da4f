import { verify, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import { readVietnamTime } from './values.ts';

const order = z.object({ itemCode: z.string().max(100).nullish(), saleOrderCode: z.string().max(100).nullish(), status: z.union([z.string().max(20), z.number()]).nullish() });
const hint = z.object({ data: z.array(order).min(1).max(1_000), sendDate: z.union([z.string().max(60), z.number()]), signature: z.string().max(2_000) });

export interface HintRules {
  readonly key: KeyObject | null;
  readonly now: Date;
  readonly maxAgeMs: number;
}

/**
 * The order numbers a webhook is about. Its signature covers the first record only and there is no nonce, so all it can do is point at
 * orders to be read again: what it says about them is not believed.
 * @throws UNAUTHENTICATED for a wrong signature, or a `sendDate` that is not of now; REQUEST_MALFORMED
 */
export function readHint(body: Uint8Array, { key, now, maxAgeMs }: HintRules): readonly string[] {
  if (key === null) throw refused();
  const parsed = hint.safeParse(jsonOf(body));
  if (!parsed.success) throw new GatewayError('REQUEST_MALFORMED', 'This is no webhook of MyVNPost');
  const { data, sendDate, signature } = parsed.data;
  const [first] = data;
  const signed = `MYVNP${sendDate}${first?.itemCode ?? ''}${first?.status ?? ''}`;
  if (!verify('sha256', Buffer.from(signed, 'utf8'), key, Buffer.from(signature, 'base64'))) throw refused();
  const sentAt = timeOf(sendDate);
  if (sentAt === null || Math.abs(now.getTime() - sentAt.getTime()) > maxAgeMs) throw refused();
  return [...new Set(data.flatMap(({ saleOrderCode }) => saleOrderCode ?? []))];
}

/** Milliseconds since 1970, ISO 8601 with a zone, or the service's own form; others are refused rather than guessed. */
function timeOf(sendDate: string | number): Date | null {
  if (typeof sendDate === 'number' || /^\d{13}$/.test(sendDate)) return new Date(Number(sendDate));
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(sendDate)) return Number.isNaN(Date.parse(sendDate)) ? null : new Date(sendDate);
  return readVietnamTime(sendDate);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined; // refused by the schema
  }
}

function refused(): GatewayError {
  return new GatewayError('UNAUTHENTICATED', 'The webhook is not signed by MyVNPost’s key just now');
}

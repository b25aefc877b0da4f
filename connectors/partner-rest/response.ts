import type { z } from 'zod';
import type { ErrorCode } from '../../src/domain/errors.ts';
import { receiptInput } from '../../src/formats/api/messages.ts';
import type { LookupOutcome, SendOutcome } from '../../src/ports/dossier-partner.ts';

export interface PartnerAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Null when it was longer than the cap. */
  readonly body: Uint8Array | null;
}

/**
 * What a push came to. A 4xx says that the partner decided against the message; 408, 409, 425, 429, 503 that it has not looked at it
 * yet; any other 5xx may have been thrown half-way, and 502 and 504 speak for a proxy that does not know what happened behind it.
 * @see RFC 9110 §15; draft-ietf-httpapi-idempotency-key-header §2.7 (409: the first request with this key is still running)
 */
export function readPushAnswer(answer: PartnerAnswer, messageId: string, now: Date): SendOutcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return readReceipt(answer, messageId);
  if (NOT_YET.has(status)) return { outcome: 'retry', code: 'PARTNER_UNAVAILABLE', detail: said(status), retryAfterMs: readRetryAfter(answer.retryAfter, now) };
  if (status === 410) return refused('PARTNER_GONE', `${said(status)}: this address is gone`);
  if (status < 400) return refused('PARTNER_REFUSED', `${said(status)}: redirects are not followed; change the partner's URL`);
  if (status < 500 || status === 501 || status === 505) return refused('PARTNER_REFUSED', said(status));
  return { outcome: 'unknown', code: 'PARTNER_UNAVAILABLE', detail: said(status) };
}

const NOT_YET: ReadonlySet<number> = new Set([408, 409, 425, 429, 503]);

/** A 2xx without a receipt that can be read is no delivery: it may be a login page. The message may have arrived all the same. */
function readReceipt({ status, body }: PartnerAnswer, messageId: string): SendOutcome {
  const receipt = parseReceipt(body);
  if (receipt === null) return { outcome: 'unknown', code: 'PARTNER_ANSWER_INVALID', detail: `${said(status)}, and its body is not a receipt` };
  if (receipt.messageId !== messageId) return refused('RECEIPT_INVALID', 'The receipt is for another message');
  return { outcome: 'delivered', manifestSha256: receipt.manifestSha256, reference: receipt.reference ?? null };
}

/** Null: the partner gave no answer to the question. 404: it does not have the delivery. */
export function readLookupAnswer({ status, body }: PartnerAnswer): LookupOutcome | null {
  if (status === 404) return { found: false, manifestSha256: null, reference: null };
  const receipt = status === 200 ? parseReceipt(body) : null;
  return receipt === null ? null : { found: true, manifestSha256: receipt.manifestSha256, reference: receipt.reference ?? null };
}

/** Null: its body is no receipt. */
export function readReceiptOf({ body }: Pick<PartnerAnswer, 'body'>): z.output<typeof receiptInput> | null {
  return parseReceipt(body);
}

function parseReceipt(body: Uint8Array | null): z.output<typeof receiptInput> | null {
  if (body === null) return null;
  try {
    const parsed = receiptInput.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)));
    return parsed.success ? parsed.data : null;
  } catch {
    return null; // not UTF-8, or not JSON
  }
}

/** Seconds, or an HTTP date (RFC 9110 §10.2.3); milliseconds from now, or null when it cannot be understood. */
export function readRetryAfter(text: string | null, now: Date): number | null {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1_000;
  const at = text.trim().endsWith('GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}

function refused(code: ErrorCode, detail: string): SendOutcome {
  return { outcome: 'refused', code, detail };
}

function said(status: number): string {
  return `The partner answered ${status}`;
}

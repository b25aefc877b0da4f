import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import type { TrackedState } from '../../src/domain/postal-order.ts';
import type { WireAnswer } from '../../src/ports/http-exchange.ts';
import type { FetchedToken } from '../../src/ports/kept-token.ts';
import type { CarrierEvent, CarrierOutcome, TrackingPage } from '../../src/ports/postal-carrier.ts';
import { cursorAfter } from './cursor.ts';
import type { StatusMeaning } from './settings.ts';

const token = z.object({
  access_token: z.string().min(1).max(8192),
  token_type: z.string().min(1).max(40).default('Bearer'),
  expires_in: z.number().positive().max(10 * 365 * 86_400),
});

/** @throws CARRIER_REFUSED when the keys are refused; CARRIER_UNAVAILABLE for any other failure: nothing was asked of the carrier yet */
export function readToken({ status, body, retryAfterMs }: WireAnswer): FetchedToken {
  if (status === 400 || status === 401 || status === 403) throw new GatewayError('CARRIER_REFUSED', `VNPost does not accept the consumer key and secret key (HTTP ${status}): check the carrier’s settings`);
  const parsed = status === 200 ? token.safeParse(parseJson(body)) : null;
  if (parsed?.success !== true) throw new GatewayError('CARRIER_UNAVAILABLE', `VNPost gave no access token (HTTP ${status})`, retryAfterMs === null ? {} : { retryAfterMs });
  const { access_token, token_type, expires_in } = parsed.data;
  return { authorization: `${token_type} ${access_token}`, expiresInMs: expires_in * 1000 };
}

const MAX_RAW = 16 * 1024;

/** `Status` is an integer in one form of the service and a text in the other. */
const result = z.object({
  Status: z.union([z.int(), z.string().regex(/^-?\d{1,9}$/).transform(Number)]),
  Message: z.string().nullish(),
});

/**
 * What an answer to `order/post` or `order/cancel` says. Anything but a listed `Status` in a well-formed answer is unknown: the service
 * may have done what it was asked.
 * @throws CARRIER_UNAVAILABLE for 429, CARRIER_REFUSED for other 4xx that say the request was not taken up; both safe to repeat
 */
export function readResult(answer: WireAnswer, meaning: StatusMeaning): CarrierOutcome {
  const { status, body, retryAfterMs } = answer;
  const raw = body.slice(0, MAX_RAW);
  if (status === 429) throw new GatewayError('CARRIER_UNAVAILABLE', 'VNPost asks for fewer requests (HTTP 429)', retryAfterMs === null ? {} : { retryAfterMs });
  if (NOT_TAKEN_UP.has(status)) throw new GatewayError('CARRIER_REFUSED', `VNPost does not know this request (HTTP ${status}): check the carrier’s address, paths and keys`);
  const parsed = result.safeParse(parseJson(body));
  if ((status === 400 || status === 422) && (!parsed.success || !isGranted(parsed.data.Status, meaning))) {
    return { outcome: 'rejected', carrierText: textOf(parsed.data?.Message) ?? `HTTP ${status}`, raw, trackingNumber: null };
  }
  if (status !== 200 && status !== 201) return unknown(`HTTP ${status}`, raw);
  if (!parsed.success) return unknown('an answer that cannot be understood', raw);
  const { Status, Message } = parsed.data;
  const carrierText = textOf(Message) ?? `Status ${Status}`;
  if (isGranted(Status, meaning)) return { outcome: 'accepted', carrierText, raw, trackingNumber: null };
  if (meaning.rejected.includes(Status)) return { outcome: 'rejected', carrierText, raw, trackingNumber: null };
  return unknown(`Status ${Status}, whose meaning is not documented: ${carrierText}`, raw);
}

/** 401 and 403 after a fresh token; paths and methods that do not exist; sizes and types nobody read. */
const NOT_TAKEN_UP: ReadonlySet<number> = new Set([401, 403, 404, 405, 406, 411, 413, 414, 415]);

function isGranted(status: number, { accepted, already }: StatusMeaning): boolean {
  return accepted.includes(status) || already.includes(status);
}

/** Bytes left, and nothing that can be understood came back. */
export function unknown(what: string, raw: string | null = null): CarrierOutcome {
  return { outcome: 'unknown', carrierText: what, raw, trackingNumber: null };
}

const page = z.object({
  _returned: z.int().nonnegative().optional(),
  _embedded: z.object({ 'rh:doc': z.array(z.looseObject({ _id: z.object({ $oid: z.string().regex(/^[0-9a-f]{24}$/i) }) })).max(1000) }),
});

/** A year in which no order can have been: EventTime in other units than milliseconds falls before it. */
const EARLIEST_MS = Date.UTC(2010, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);

const entry = z.object({
  OrderNumber: z.string().min(1).max(200),
  EventTime: z.int().min(EARLIEST_MS).max(LATEST_MS),
  ItemCode: z.string().max(100).nullish(),
  StatusCode: z.int(),
  StatusMessage: z.string().max(2000).nullish(),
});

/** The one code of this feed whose meaning is verified. */
const STATES: Readonly<Record<number, TrackedState>> = { 4: 'DELIVERED' };

/**
 * One page of the feed. An entry that cannot be read is reported and passed over; a page whose ids cannot be read, or do not ascend,
 * is refused whole, since a cursor taken from it could skip events.
 * @throws CARRIER_UNAVAILABLE (5xx, 429), CARRIER_REFUSED (other 4xx), CARRIER_ANSWER_INVALID
 */
export function readTrackingPage(answer: WireAnswer, cursor: string | null): TrackingPage {
  const docs = documentsOf(answer);
  const ids = docs.map(({ _id }) => _id.$oid.toLowerCase());
  if (ids.some((id, index) => index > 0 && id <= (ids[index - 1] ?? ''))) throw new GatewayError('CARRIER_ANSWER_INVALID', 'The ids of VNPost’s tracking feed do not ascend: reading on could skip events');
  const events: CarrierEvent[] = [];
  const unreadable: string[] = [];
  for (const [index, doc] of docs.entries()) {
    const parsed = entry.safeParse(doc);
    if (parsed.success) events.push(eventOf(ids[index] ?? '', parsed.data, JSON.stringify(doc)));
    else unreadable.push(JSON.stringify(doc).slice(0, MAX_RAW));
  }
  return { events, nextCursor: cursorAfter(cursor, ids), more: docs.length > 0, unreadable };
}

function documentsOf({ status, body, retryAfterMs }: WireAnswer): z.output<typeof page>['_embedded']['rh:doc'] {
  if (status === 429 || status >= 500) throw new GatewayError('CARRIER_UNAVAILABLE', `VNPost’s tracking feed is out of order (HTTP ${status})`, retryAfterMs === null ? {} : { retryAfterMs });
  if (status >= 400) throw new GatewayError('CARRIER_REFUSED', `VNPost refuses its tracking feed (HTTP ${status}): check the carrier’s settings`);
  const parsed = page.safeParse(parseJson(body));
  if (status !== 200 || !parsed.success) throw new GatewayError('CARRIER_ANSWER_INVALID', 'VNPost’s tracking feed answered with something that cannot be understood');
  const { _embedded: embedded } = parsed.data;
  return embedded['rh:doc'];
}

function eventOf(id: string, doc: z.output<typeof entry>, raw: string): CarrierEvent {
  return {
    carrierEventId: id,
    orderNumber: storable(doc.OrderNumber),
    trackingNumber: textOf(doc.ItemCode),
    carrierCode: String(doc.StatusCode),
    carrierText: textOf(doc.StatusMessage) ?? '',
    status: STATES[doc.StatusCode] ?? 'UNKNOWN',
    occurredAt: new Date(doc.EventTime),
    raw,
  };
}

/** Of one line, and storable: PostgreSQL takes neither NUL nor half a surrogate pair, and one such word would stop the feed for ever. */
function textOf(text: string | null | undefined): string | null {
  const trimmed = storable(text ?? '').trim().slice(0, 500);
  return trimmed === '' ? null : trimmed;
}

function storable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, ' ');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // every schema above refuses it
  }
}

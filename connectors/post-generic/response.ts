import { GatewayError } from '../../src/domain/errors.ts';
import type { WireAnswer } from '../../src/ports/http-exchange.ts';
import type { CarrierEvent, CarrierOutcome, QuotedService, TrackingPage } from '../../src/ports/postal-carrier.ts';
import type { Action, Condition, Feed, Find, Mapping, Quote } from './mapping.ts';
import { at, fill, type Values } from './values.ts';

const MAX_RAW = 16 * 1024;

/** What the mapping says an answer means; whatever it does not name is unknown. @throws CARRIER_UNAVAILABLE for 429, CARRIER_REFUSED for 401 and 403: not looked at */
export function readOutcome(answer: WireAnswer, action: Action, values: Values): CarrierOutcome {
  checkLookedAt(answer);
  const json = parseJson(answer.body);
  const raw = answer.body.slice(0, MAX_RAW);
  const carrierText = textAt(json, action.text) || `HTTP ${answer.status}`;
  if (meets(answer, json, action.accepted, values)) return { outcome: 'accepted', carrierText, raw, trackingNumber: textAt(json, action.trackingNumber) || null };
  if (action.rejected !== undefined && meets(answer, json, action.rejected, values)) return { outcome: 'rejected', carrierText, raw, trackingNumber: null };
  return unknown(`an answer that the mapping does not name (HTTP ${answer.status})`, raw);
}

export function unknown(what: string, raw: string | null = null): CarrierOutcome {
  return { outcome: 'unknown', carrierText: what, raw, trackingNumber: null };
}

/** @throws CARRIER_UNAVAILABLE, CARRIER_REFUSED; CARRIER_ANSWER_INVALID for what is named neither as found nor as not found */
export function readFound(answer: WireAnswer, find: Find, values: Values): { readonly found: boolean; readonly trackingNumber: string | null; readonly raw: string } {
  checkLookedAt(answer);
  const json = parseJson(answer.body);
  const raw = answer.body.slice(0, MAX_RAW);
  if (meets(answer, json, find.found, values)) return { found: true, trackingNumber: textAt(json, find.trackingNumber) || null, raw };
  if (meets(answer, json, find.notFound, values)) return { found: false, trackingNumber: null, raw };
  if (answer.status >= 500) throw new GatewayError('CARRIER_UNAVAILABLE', `The carrier is out of order (HTTP ${answer.status})`);
  throw notUnderstood();
}

/** The price by the service the mapping names. @throws CARRIER_UNAVAILABLE, CARRIER_REFUSED; CARRIER_ANSWER_INVALID for what is not named as a price in whole đồng */
export function readQuote(answer: WireAnswer, quote: Quote, values: Values): readonly QuotedService[] {
  checkLookedAt(answer);
  const json = parseJson(answer.body);
  if (answer.status >= 500) throw new GatewayError('CARRIER_UNAVAILABLE', `The carrier is out of order (HTTP ${answer.status})`);
  const totalVnd = amountAt(json, quote.totalVnd);
  if (!meets(answer, json, quote.quoted, values) || totalVnd === null) throw notUnderstood();
  return [{ serviceCode: quote.service, serviceName: quote.service, postageVnd: amountAt(json, quote.postageVnd), surchargesVnd: amountAt(json, quote.surchargesVnd), totalVnd }];
}

function amountAt(json: unknown, pointer: string | undefined): number | null {
  const value = pointer === undefined ? undefined : at(json, pointer);
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

const MAX_ITEMS = 5_000;

/** One page of the feed; an entry that cannot be read is reported and passed over, unless its id cannot. @throws CARRIER_UNAVAILABLE, CARRIER_REFUSED, CARRIER_ANSWER_INVALID */
export function readFeed(answer: WireAnswer, feed: Feed, statuses: Mapping['statuses'], cursor: string): TrackingPage {
  checkLookedAt(answer);
  if (answer.status >= 500) throw new GatewayError('CARRIER_UNAVAILABLE', `The carrier’s feed is out of order (HTTP ${answer.status})`);
  const items = answer.status === 200 ? at(parseJson(answer.body), feed.items) : undefined;
  if (!Array.isArray(items) || items.length > MAX_ITEMS) throw notUnderstood();
  const events: CarrierEvent[] = [];
  const unreadable: string[] = [];
  let nextCursor = cursor;
  for (const item of items as readonly unknown[]) {
    const id = textAt(item, feed.id);
    if (id === '') throw notUnderstood();
    nextCursor = id;
    const event = eventOf(item, id, feed, statuses);
    if (event === null) unreadable.push(JSON.stringify(item).slice(0, MAX_RAW));
    else events.push(event);
  }
  return { events, unreadable, nextCursor, more: nextCursor !== cursor };
}

function eventOf(item: unknown, carrierEventId: string, feed: Feed, statuses: Mapping['statuses']): CarrierEvent | null {
  const orderNumber = textAt(item, feed.orderNumber);
  const carrierCode = textAt(item, feed.code);
  const occurredAt = timeOf(at(item, feed.occurredAt));
  if (orderNumber === '' || carrierCode === '' || occurredAt === null) return null;
  const status = Object.hasOwn(statuses, carrierCode) ? (statuses[carrierCode] ?? 'UNKNOWN') : 'UNKNOWN';
  return { carrierEventId, orderNumber, trackingNumber: textAt(item, feed.trackingNumber) || null, carrierCode, carrierText: textAt(item, feed.text), status, occurredAt, raw: JSON.stringify(item) };
}

/** A time without a zone is none. */
function timeOf(value: unknown): Date | null {
  const ms = typeof value === 'number' ? value : typeof value === 'string' && /T.*(Z|[+-]\d\d:?\d\d)$/.test(value) ? Date.parse(value) : Number.NaN;
  return ms > Date.UTC(2010, 0, 1) && ms < Date.UTC(2200, 0, 1) ? new Date(ms) : null;
}

function meets({ status }: WireAnswer, json: unknown, { status: statuses, pointer, equals }: Condition, values: Values): boolean {
  if (!statuses.includes(status) || json === undefined) return false;
  if (pointer === undefined) return true;
  const value = at(json, pointer);
  return equals === undefined ? value !== undefined : equals.some((wanted) => fill(wanted, values) === value);
}

function checkLookedAt({ status, retryAfterMs }: WireAnswer): void {
  if (status === 429) throw new GatewayError('CARRIER_UNAVAILABLE', 'The carrier asks for fewer requests (HTTP 429)', retryAfterMs === null ? {} : { retryAfterMs });
  if (status === 401 || status === 403) throw new GatewayError('CARRIER_REFUSED', `The carrier does not accept our secret (HTTP ${status}): check the account`);
}

/** One line that a database takes; empty where there is no text or number. */
function textAt(json: unknown, pointer: string | undefined): string {
  const value = pointer === undefined ? undefined : at(json, pointer);
  if (typeof value !== 'string' && typeof value !== 'number') return '';
  return String(value).replace(/[\p{Cc}\p{Cs}]/gu, ' ').trim().slice(0, 500);
}

function notUnderstood(): GatewayError {
  return new GatewayError('CARRIER_ANSWER_INVALID', 'The carrier answered with something that its mapping does not name');
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // meets no condition
  }
}

import { GatewayError } from '../../src/domain/errors.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import type { Exchange, ExchangeOptions, WireAnswer, WireRequest } from '../../src/ports/http-exchange.ts';
import { keptToken, tokenBefore, type KeptToken } from '../../src/ports/kept-token.ts';
import type { CarrierEvent, CarrierOutcome, PostalCarrier, QuotedService, TrackingPage } from '../../src/ports/postal-carrier.ts';
import { buildCursor, nextCursor, readCursor } from './cursor.ts';
import { readHint } from './hint.ts';
import { checkVnpostMyOrder, unmappedVnpostMyPlaces } from './order-rules.ts';
import { buildCancelRequest, buildChargeRequest, buildCorrectionRequest, buildCreateRequest, buildFindRequest, buildHistoryRequest, buildLabelsRequest, buildListRequest, buildTokenRequest } from './request.ts';
import { readCase, readCharges, readCreated, readFound, readHistory, readLabels, readList, readToken, trackingNumberOf, unknown, type VnpostRecord } from './response.ts';
import { resolveSettings, type Resolved, type VnpostMySettings } from './settings.ts';
import { dayInVietnam, readVietnamTime } from './values.ts';

export type { VnpostMySettings } from './settings.ts';

export const VNPOST_MY = 'post-vnpost-my';
export const LABELS_PER_CALL = 100;

const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_LIST_BYTES = 8 * 1024 * 1024;
const MAX_LABEL_BYTES = 64 * 1024 * 1024;

export interface VnpostMyCarrier extends PostalCarrier {
  /** Labels as PDF, one a tracking number, asked for a hundred at a time. @throws CARRIER_UNAVAILABLE, CARRIER_REFUSED, CARRIER_ANSWER_INVALID */
  fetchLabels(trackingNumbers: readonly string[], signal?: AbortSignal): Promise<readonly Uint8Array[]>;
}

interface Account {
  readonly settings: Resolved;
  readonly tokens: KeptToken;
}

/** VNPost's service for customers, MyVNPost; see README.md. @throws CONFIG_INVALID */
export function createVnpostMyCarrier(given: VnpostMySettings): VnpostMyCarrier {
  const settings = resolveSettings(given);
  const account: Account = { settings, tokens: keptToken(() => fetchToken(settings), settings.clock) };
  return {
    carrier: VNPOST_MY,
    account: `${VNPOST_MY}/${settings.customerCode}`,
    lookup: 'by-number',
    provenAgainst: 'own-sandbox',
    numbering: 'carrier',
    checkOrder: (order) => checkVnpostMyOrder(order, settings),
    unmappedPlaces: (order) => unmappedVnpostMyPlaces(order, settings),
    placeOrder: (order, signal) => placeOrder(account, order, signal),
    cancelOrder: (order, signal) => cancelOrder(account, order, signal),
    correctOrder: (order, signal) => correctOrder(account, order, signal),
    quoteOrder: (order, signal) => quoteOrder(account, order, signal),
    trackingPage: (cursor, signal) => trackingPage(account, cursor, signal),
    findOrder: async (orderNumber, signal) => {
      const found = await findRecord(account, orderNumber, signal);
      return { found: found !== null, trackingNumber: found === null ? null : trackingNumberOf(found), raw: JSON.stringify(found) };
    },
    trackOrder: async (orderNumber, signal) => (await historyOf(account, orderNumber, signal)).events,
    listDay: (day, signal) => listDay(account, day, signal),
    readHint: (body) => readHint(body, { key: settings.webhookKey, now: settings.clock.now(), maxAgeMs: settings.webhookMaxAgeMs }),
    fetchLabels: (trackingNumbers, signal) => fetchLabels(account, trackingNumbers, signal),
  };
}

async function placeOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  checkSendable(order, account.settings);
  const ended = await authorized(account, (token) => buildCreateRequest(order, account.settings, token), MAX_ANSWER_BYTES, signal);
  return ended.kind === 'lost' ? unknown(ended.why) : readCreated(ended.answer, order.orderNumber);
}

function checkSendable(order: PostalOrder, settings: Resolved): void {
  const faults = [...checkVnpostMyOrder(order, settings), ...unmappedVnpostMyPlaces(order, settings)];
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', 'MyVNPost cannot take this order as it is', { faults });
}

function cancelOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  return openCase(account, order, (found, token) => buildCancelRequest(found.originalID, account.settings, token), signal);
}

function correctOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  checkSendable(order, account.settings);
  return openCase(account, order, (found, token) => buildCorrectionRequest(order, found, account.settings, token), signal);
}

/** The service cancels and corrects by its own number of the order. */
async function openCase(account: Account, { orderNumber }: PostalOrder, build: (found: VnpostRecord, token: string) => WireRequest, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  const found = await findRecord(account, orderNumber, signal);
  if (found === null) return { outcome: 'rejected', carrierText: 'MyVNPost has no order with this number', raw: null, trackingNumber: null };
  const ended = await authorized(account, (token) => build(found, token), MAX_ANSWER_BYTES, signal);
  return ended.kind === 'lost' ? unknown(ended.why) : readCase(ended.answer);
}

async function quoteOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<readonly QuotedService[]> {
  checkSendable(order, account.settings);
  return readCharges(await ask(account, (token) => buildChargeRequest(order, account.settings, token), MAX_ANSWER_BYTES, signal));
}

async function findRecord(account: Account, orderNumber: string, signal: AbortSignal | undefined): Promise<VnpostRecord | null> {
  return readFound(await ask(account, (token) => buildFindRequest(orderNumber, account.settings, token), MAX_ANSWER_BYTES, signal), orderNumber);
}

async function historyOf(account: Account, orderNumber: string, signal: AbortSignal | undefined): Promise<ReturnType<typeof readHistory>> {
  return readHistory(await ask(account, (token) => buildHistoryRequest(orderNumber, account.settings, token), MAX_LIST_BYTES, signal), orderNumber);
}

/** The list tells which orders changed, the history of each what happened. A change whose time cannot be read is read every time. */
async function trackingPage(account: Account, stored: string | null, signal: AbortSignal | undefined): Promise<TrackingPage> {
  const { settings } = account;
  const cursor = readCursor(stored, settings.clock.now());
  const from = new Date(cursor.since.getTime() - settings.overlapMs);
  const days = { from: dayInVietnam(from), to: dayInVietnam(settings.clock.now()) };
  const records = readList(await ask(account, (token) => buildListRequest(days, cursor.page, settings, token), MAX_LIST_BYTES, signal));
  const events: CarrierEvent[] = [];
  const unreadable: string[] = [];
  let seen = cursor.seen;
  for (const { saleOrderCode, updatedDate } of records) {
    const changedAt = typeof updatedDate === 'string' ? readVietnamTime(updatedDate) : null;
    if (typeof saleOrderCode !== 'string' || (changedAt !== null && changedAt < from)) continue;
    const history = await historyOf(account, saleOrderCode, signal);
    events.push(...history.events);
    unreadable.push(...history.unreadable);
    if (changedAt !== null && changedAt > seen) seen = changedAt;
  }
  const isFull = records.length >= settings.pageSize;
  return { events, unreadable, nextCursor: buildCursor(nextCursor(cursor, seen, isFull)), more: isFull };
}

/** The orders that changed on that day, with the whole history of each. */
async function listDay(account: Account, day: string, signal: AbortSignal | undefined): Promise<readonly CarrierEvent[]> {
  const { settings } = account;
  const date = day.split('-').reverse().join('-');
  const events: CarrierEvent[] = [];
  for (let page = 0; ; page += 1) {
    const records = readList(await ask(account, (token) => buildListRequest({ from: date, to: date }, page, settings, token), MAX_LIST_BYTES, signal));
    for (const { saleOrderCode } of records) if (typeof saleOrderCode === 'string') events.push(...(await historyOf(account, saleOrderCode, signal)).events);
    if (records.length < settings.pageSize) return events;
  }
}

async function fetchLabels(account: Account, trackingNumbers: readonly string[], signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
  const pdfs: Uint8Array[] = [];
  for (let start = 0; start < trackingNumbers.length; start += LABELS_PER_CALL) {
    const some = trackingNumbers.slice(start, start + LABELS_PER_CALL);
    pdfs.push(...readLabels(await ask(account, (token) => buildLabelsRequest(some, account.settings, token), MAX_LABEL_BYTES, signal), some.length));
  }
  return pdfs;
}

/** A call that changes nothing: without an answer it was in vain. @throws CARRIER_UNAVAILABLE, CANCELLED */
async function ask(account: Account, build: (token: string) => WireRequest, maxBytes: number, signal: AbortSignal | undefined): Promise<WireAnswer> {
  const ended = await authorized(account, build, maxBytes, signal);
  if (ended.kind === 'answer') return ended.answer;
  if (signal?.aborted === true) throw new GatewayError('CANCELLED', 'Asking MyVNPost was cancelled');
  throw new GatewayError('CARRIER_UNAVAILABLE', `MyVNPost gave no answer: ${ended.why}`);
}

/** With the token at hand; once more with a new one after a 401 or 403, by which the service says that it did not look at the request. */
async function authorized(account: Account, build: (token: string) => WireRequest, maxBytes: number, signal: AbortSignal | undefined): Promise<Exchange> {
  const { exchange, timeoutMs } = account.settings;
  const options: ExchangeOptions = { name: 'MyVNPost', timeoutMs, maxBytes, signal };
  const first = await tokenBefore(account.tokens, signal);
  const ended = await exchange(build(first), options);
  if (ended.kind === 'lost' || (ended.answer.status !== 401 && ended.answer.status !== 403)) return ended;
  account.tokens.drop(first);
  return exchange(build(await tokenBefore(account.tokens, signal)), options);
}

async function fetchToken(settings: Resolved): ReturnType<Parameters<typeof keptToken>[0]> {
  const ended = await settings.exchange(buildTokenRequest(settings), { name: 'MyVNPost', timeoutMs: settings.timeoutMs, maxBytes: MAX_ANSWER_BYTES, signal: undefined });
  if (ended.kind === 'answer') return readToken(ended.answer, settings.tokenMs);
  throw new GatewayError('CARRIER_UNAVAILABLE', `MyVNPost gave no access token: ${ended.why}`);
}

import { GatewayError, type InputFault } from '../../src/domain/errors.ts';
import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { ExchangeOptions, HttpExchange, WireAnswer, WireRequest } from '../../src/ports/http-exchange.ts';
import type { CarrierEvent, CarrierOutcome, PostalCarrier, QuotedService, TrackingPage } from '../../src/ports/postal-carrier.ts';
import { readMapping, type Action, type Feed, type Mapping, type Quote } from './mapping.ts';
import { readFeed, readFound, readOutcome, readQuote, unknown } from './response.ts';
import { fill, fillPath, valuesOf, type Values } from './values.ts';

export const POST_GENERIC = 'post-generic';

export interface GenericCarrierSettings {
  readonly baseUrl: string;
  /** Cursors are kept under it. */
  readonly customerCode: string;
  readonly secret: string;
  /** The mapping file's JSON. */
  readonly mapping: unknown;
  /** From the call to the last byte. Default 30,000. */
  readonly timeoutMs?: number;
  readonly exchange: HttpExchange;
}

interface Account extends Omit<GenericCarrierSettings, 'mapping'> {
  readonly mapping: Mapping;
}

const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_FEED_BYTES = 8 * 1024 * 1024;

/** A carrier that a mapping file describes; see README.md. How a lost answer is found again follows from what the file describes. @throws CONFIG_INVALID */
export function createGenericCarrier(given: GenericCarrierSettings): PostalCarrier {
  const mapping = readMapping(given.mapping);
  const account: Account = { ...given, baseUrl: given.baseUrl.replace(/\/+$/, ''), mapping };
  const { find, feed, correct, quote } = mapping;
  return {
    carrier: POST_GENERIC,
    account: `${POST_GENERIC}/${given.customerCode}`,
    lookup: find !== undefined ? 'by-number' : feed !== undefined ? 'feed-only' : 'none',
    provenAgainst: mapping.provenAgainst,
    numbering: 'carrier',
    checkOrder: (order) => checkOrder(order, mapping),
    unmappedPlaces: (order) => unmappedPlaces(order, mapping),
    placeOrder: (order, signal) => placeOrder(account, order, signal),
    cancelOrder: (order, signal) => cancelOrder(account, order, signal),
    correctOrder: correct === undefined ? null : (order, signal) => correctOrder(account, correct, order, signal),
    quoteOrder: quote === undefined ? null : (order, signal) => quoteOrder(account, quote, order, signal),
    trackingPage: (cursor, signal) => trackingPage(account, cursor, signal),
    findOrder:
      find === undefined
        ? null
        : async (orderNumber, signal) => readFound(await ask(account, find, { orderNumber }, MAX_ANSWER_BYTES, signal), find, { orderNumber }),
    trackOrder: null,
    listDay: feed?.dayPath === undefined ? null : (day, signal) => listDay(account, { ...feed, path: feed.dayPath ?? '' }, day, signal),
    readHint: null,
  };
}

function checkOrder({ detail }: PostalOrder, { maxCodVnd, title }: Mapping): InputFault[] {
  const faults: InputFault[] = [];
  for (const end of ['sender', 'recipient'] as const) {
    const { name, phone } = detail[end];
    if (name.trim() === '') faults.push({ pointer: `/${end}/name`, detail: `${title} needs a name` });
    if (!/^\+?[\d .()-]{8,20}$/.test(phone)) faults.push({ pointer: `/${end}/phone`, detail: `${title} needs a telephone number of 8 to 20 digits` });
  }
  const amount = collectedByPostVnd(detail.fees);
  if (!Number.isSafeInteger(amount) || amount < 0 || (maxCodVnd !== undefined && amount > maxCodVnd)) faults.push({ pointer: '/codAmountVnd', detail: `${title} collects whole đồng${maxCodVnd === undefined ? '' : `, at most ${maxCodVnd}`}` });
  return faults;
}

function unmappedPlaces({ detail }: PostalOrder, { provinces, communes, title }: Mapping): InputFault[] {
  return (['sender', 'recipient'] as const).flatMap((end) => {
    const { provinceCode, communeCode } = detail[end].address;
    const faults: InputFault[] = [];
    if (provinces !== undefined && provinces[provinceCode] === undefined) faults.push({ pointer: `/${end}/address/provinceCode`, detail: `${title} has no code for the province ${provinceCode} yet: add it to the mapping` });
    if (communes !== undefined && communes[communeCode ?? ''] === undefined) faults.push({ pointer: `/${end}/address/communeCode`, detail: `${title} has no code for the commune ${communeCode ?? '(none given)'} yet: add it to the mapping` });
    return faults;
  });
}

async function placeOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  checkSendable(order, account.mapping);
  return act(account, account.mapping.place, order, signal);
}

async function correctOrder(account: Account, correct: Action, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  checkSendable(order, account.mapping);
  return act(account, correct, order, signal);
}

async function quoteOrder(account: Account, quote: Quote, order: PostalOrder, signal: AbortSignal | undefined): Promise<readonly QuotedService[]> {
  checkSendable(order, account.mapping);
  const values = valuesOf(order, account.mapping);
  return readQuote(await ask(account, quote, values, MAX_ANSWER_BYTES, signal), quote, values);
}

function checkSendable(order: PostalOrder, mapping: Mapping): void {
  const faults = [...checkOrder(order, mapping), ...unmappedPlaces(order, mapping)];
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', `${mapping.title} cannot take this order as it is`, { faults });
}

async function cancelOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  const { cancel, title } = account.mapping;
  if (cancel === undefined) return { outcome: 'rejected', carrierText: `${title} cannot be asked to cancel: telephone`, raw: null, trackingNumber: null };
  return act(account, cancel, order, signal);
}

async function act(account: Account, action: Action, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  const values = valuesOf(order, account.mapping);
  const ended = await account.exchange(wireOf(account, action, values), optionsOf(account, MAX_ANSWER_BYTES, signal));
  return ended.kind === 'lost' ? unknown(ended.why) : readOutcome(ended.answer, action, values);
}

async function trackingPage(account: Account, stored: string | null, signal: AbortSignal | undefined): Promise<TrackingPage> {
  const { feed, statuses } = account.mapping;
  if (feed === undefined) return { events: [], nextCursor: stored ?? '', more: false, unreadable: [] };
  const cursor = stored ?? feed.firstCursor;
  return readFeed(await ask(account, { method: 'GET', path: feed.path }, { cursor }, MAX_FEED_BYTES, signal), feed, statuses, cursor);
}

const DAY_MS = 86_400_000;
/** A carrier that gives the same page for ever is asked no further. */
const MOST_PAGES = 10_000;

/** The events of that day, page by page where the mapping's path names a cursor. */
async function listDay(account: Account, feed: Feed, day: string, signal: AbortSignal | undefined): Promise<readonly CarrierEvent[]> {
  const start = Date.parse(`${day}T00:00:00+07:00`);
  const period = { day, from: new Date(start).toISOString(), to: new Date(start + DAY_MS).toISOString() };
  const events: CarrierEvent[] = [];
  let cursor = feed.firstCursor;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = readFeed(await ask(account, { method: 'GET', path: feed.path }, { ...period, cursor }, MAX_FEED_BYTES, signal), feed, account.mapping.statuses, cursor);
    events.push(...page.events);
    if (!page.more || !feed.path.includes('{cursor}')) return events;
    cursor = page.nextCursor;
  }
  throw new GatewayError('CARRIER_ANSWER_INVALID', `The day ${day} of ${account.mapping.title} does not end`);
}

/** A call that changes nothing: without an answer it was in vain. */
async function ask(account: Account, call: Pick<Action, 'method' | 'path' | 'body'>, values: Values, maxBytes: number, signal: AbortSignal | undefined): Promise<WireAnswer> {
  const ended = await account.exchange(wireOf(account, call, values), optionsOf(account, maxBytes, signal));
  if (ended.kind === 'answer') return ended.answer;
  if (signal?.aborted === true) throw new GatewayError('CANCELLED', `Asking ${account.mapping.title} was cancelled`);
  throw new GatewayError('CARRIER_UNAVAILABLE', `${account.mapping.title} gave no answer: ${ended.why}`);
}

function wireOf({ baseUrl, mapping, secret }: Account, { method, path, body }: Pick<Action, 'method' | 'path' | 'body'>, values: Values): WireRequest {
  const own = Object.fromEntries(Object.entries(mapping.headers).map(([name, value]) => [name, value.replaceAll('{secret}', secret)]));
  const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }), ...own };
  return { method, url: baseUrl + fillPath(path, values), headers, body: body === undefined ? null : JSON.stringify(fill(body, values)) };
}

function optionsOf({ mapping, timeoutMs = 30_000 }: Account, maxBytes: number, signal: AbortSignal | undefined): ExchangeOptions {
  return { name: mapping.title, timeoutMs, maxBytes, signal };
}

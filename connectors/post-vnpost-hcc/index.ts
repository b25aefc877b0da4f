import { GatewayError } from '../../src/domain/errors.ts';
import type { PostalOrder } from '../../src/domain/postal-order.ts';
import type { Exchange, ExchangeOptions, WireRequest } from '../../src/ports/http-exchange.ts';
import { keptToken, tokenBefore, type KeptToken } from '../../src/ports/kept-token.ts';
import type { CarrierEvent, CarrierOutcome, PostalCarrier, TrackingPage } from '../../src/ports/postal-carrier.ts';
import { cursorAt, isCursor, lastIdOf, writtenAt } from './cursor.ts';
import { checkVnpostOrder, unmappedVnpostPlaces } from './order-rules.ts';
import { buildCancelRequest, buildPlaceRequest, buildTokenRequest, buildTrackingRequest } from './request.ts';
import { readResult, readToken, readTrackingPage, unknown } from './response.ts';
import { resolveSettings, type Resolved, type VnpostHccSettings } from './settings.ts';

export type { VnpostHccSettings } from './settings.ts';

export const VNPOST_HCC = 'post-vnpost-hcc';

const MAX_ANSWER_BYTES = 256 * 1024;
const MAX_PAGE_BYTES = 8 * 1024 * 1024;

interface Account {
  readonly settings: Resolved;
  readonly tokens: KeptToken;
}

/** VNPost's service for public administration, in its NGSP or its LGSP form; see README.md. @throws CONFIG_INVALID */
export function createVnpostHccCarrier(given: VnpostHccSettings): PostalCarrier {
  const settings = resolveSettings(given);
  const account: Account = { settings, tokens: keptToken(() => fetchToken(settings), settings.clock) };
  return {
    carrier: VNPOST_HCC,
    account: `${VNPOST_HCC}/${settings.customerCode}`,
    lookup: 'feed-only',
    provenAgainst: 'own-sandbox',
    numbering: settings.form === 'lgsp' && settings.numbersFromPool ? 'pool' : 'carrier',
    checkOrder: (order) => checkVnpostOrder(order, settings),
    unmappedPlaces: (order) => unmappedVnpostPlaces(order, settings),
    placeOrder: (order, signal) => placeOrder(account, order, signal),
    cancelOrder: (order, signal) => act(account, signal, (authorization) => buildCancelRequest(order.orderNumber, settings, authorization)),
    // The LGSP form is known to have a price service; nobody published its fields (README.md).
    correctOrder: null,
    quoteOrder: null,
    trackingPage: (cursor, signal) => trackingPage(account, cursor, signal),
    findOrder: null,
    trackOrder: null,
    listDay: (day, signal) => listDay(account, day, signal),
    readHint: null,
  };
}

async function placeOrder(account: Account, order: PostalOrder, signal: AbortSignal | undefined): Promise<CarrierOutcome> {
  const faults = [...checkVnpostOrder(order, account.settings), ...unmappedVnpostPlaces(order, account.settings)];
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', 'VNPost cannot take this order as it is', { faults });
  if (account.settings.numbersFromPool && order.trackingNumber === null) throw new GatewayError('CARRIER_REFUSED', 'VNPost wants a number of the parcel from its list, and none is left');
  return act(account, signal, (authorization) => buildPlaceRequest(order, account.settings, authorization));
}

/** A call that changes something at the carrier: an answer that is missing or strange is an outcome, not an error. */
async function act(account: Account, signal: AbortSignal | undefined, build: (authorization: string) => WireRequest): Promise<CarrierOutcome> {
  const ended = await authorized(account, build, MAX_ANSWER_BYTES, signal);
  return ended.kind === 'lost' ? unknown(ended.why) : readResult(ended.answer, account.settings.statuses);
}

async function trackingPage(account: Account, cursor: string | null, signal: AbortSignal | undefined): Promise<TrackingPage> {
  if (cursor !== null && !isCursor(cursor)) throw new GatewayError('CARRIER_ANSWER_INVALID', 'The stored cursor is not one of VNPost’s feed');
  const { settings } = account;
  const lastId = lastIdOf(cursor, settings.overlapMs);
  const ended = await authorized(account, (authorization) => buildTrackingRequest(lastId, settings, authorization), MAX_PAGE_BYTES, signal);
  if (ended.kind === 'answer') return readTrackingPage(ended.answer, cursor);
  if (signal?.aborted === true) throw new GatewayError('CANCELLED', 'Reading VNPost’s tracking feed was cancelled');
  throw new GatewayError('CARRIER_UNAVAILABLE', `VNPost’s tracking feed gave no answer: ${ended.why}`);
}

/** The feed of that day: its ids begin with the second in which the service wrote them down. */
async function listDay(account: Account, day: string, signal: AbortSignal | undefined): Promise<readonly CarrierEvent[]> {
  const end = dayStart(day) + DAY_MS;
  const events: CarrierEvent[] = [];
  for (let cursor = cursorAt(new Date(dayStart(day))); ; ) {
    const page = await trackingPage(account, cursor, signal);
    events.push(...page.events.filter(({ carrierEventId }) => writtenAt(carrierEventId).getTime() < end));
    const isPast = page.events.some(({ carrierEventId }) => writtenAt(carrierEventId).getTime() >= end);
    if (isPast || !page.more) return events;
    cursor = page.nextCursor;
  }
}

const DAY_MS = 86_400_000;

function dayStart(day: string): number {
  return Date.parse(`${day}T00:00:00+07:00`);
}

/** With the token at hand; once more with a new one after a 401, by which the service says that it did not look at the request. */
async function authorized(account: Account, build: (authorization: string) => WireRequest, maxBytes: number, signal: AbortSignal | undefined): Promise<Exchange> {
  const options: ExchangeOptions = { name: 'VNPost', timeoutMs: account.settings.timeoutMs, maxBytes, signal };
  const first = await tokenBefore(account.tokens, signal);
  const ended = await account.settings.exchange(build(first), options);
  if (ended.kind === 'lost' || ended.answer.status !== 401) return ended;
  account.tokens.drop(first);
  return account.settings.exchange(build(await tokenBefore(account.tokens, signal)), options);
}

async function fetchToken(settings: Resolved): ReturnType<Parameters<typeof keptToken>[0]> {
  const ended = await settings.exchange(buildTokenRequest(settings), { name: 'VNPost', timeoutMs: settings.timeoutMs, maxBytes: MAX_ANSWER_BYTES, signal: undefined });
  if (ended.kind === 'answer') return readToken(ended.answer);
  throw new GatewayError('CARRIER_UNAVAILABLE', `VNPost gave no access token: ${ended.why}`);
}

import { GatewayError, type InputFault } from '../../src/domain/errors.ts';
import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { ExchangeOptions, HttpExchange, WireRequest } from '../../src/ports/http-exchange.ts';
import type { CarrierOutcome, PostalCarrier, TrackingPage } from '../../src/ports/postal-carrier.ts';
import { readMapping, type Action, type Mapping } from './mapping.ts';
import { readFeed, readFound, readOutcome, unknown } from './response.ts';
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
  const { find, feed } = mapping;
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
    trackingPage: (cursor, signal) => trackingPage(account, cursor, signal),
    findOrder:
      find === undefined
        ? null
        : async (orderNumber, signal) => {
            const ended = await account.exchange(wireOf(account, find, { orderNumber }), optionsOf(account, MAX_ANSWER_BYTES, signal));
            if (ended.kind === 'lost') throw noAnswer(mapping, ended.why);
            return readFound(ended.answer, find, { orderNumber });
          },
    trackOrder: null,
    listDay: null,
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
  const faults = [...checkOrder(order, account.mapping), ...unmappedPlaces(order, account.mapping)];
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', `${account.mapping.title} cannot take this order as it is`, { faults });
  return act(account, account.mapping.place, order, signal);
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
  const ended = await account.exchange(wireOf(account, { method: 'GET', path: feed.path }, { cursor }), optionsOf(account, MAX_FEED_BYTES, signal));
  if (ended.kind === 'lost') throw noAnswer(account.mapping, ended.why);
  return readFeed(ended.answer, feed, statuses, cursor);
}

function wireOf({ baseUrl, mapping, secret }: Account, { method, path, body }: Pick<Action, 'method' | 'path' | 'body'>, values: Values): WireRequest {
  const own = Object.fromEntries(Object.entries(mapping.headers).map(([name, value]) => [name, value.replaceAll('{secret}', secret)]));
  const headers = { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }), ...own };
  return { method, url: baseUrl + fillPath(path, values), headers, body: body === undefined ? null : JSON.stringify(fill(body, values)) };
}

function optionsOf({ mapping, timeoutMs = 30_000 }: Account, maxBytes: number, signal: AbortSignal | undefined): ExchangeOptions {
  return { name: mapping.title, timeoutMs, maxBytes, signal };
}

function noAnswer({ title }: Mapping, why: string): GatewayError {
  return new GatewayError('CARRIER_UNAVAILABLE', `${title} gave no answer: ${why}`);
}

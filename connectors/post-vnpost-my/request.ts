import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { PostalParty } from '../../src/domain/postal-address.ts';
import { contentsInWords, instructionsInWords } from '../../src/domain/postal-words.ts';
import type { WireRequest } from '../../src/ports/http-exchange.ts';
import type { Resolved } from './settings.ts';

/** Since districts were abolished in July 2025 the service wants this word where a district's code stood. */
const NO_DISTRICT = 'VNPOST';
/** Cash on delivery, and the property that holds its amount. */
const COD = { addon: 'GTG021', property: 'PROP0018' } as const;

export function buildTokenRequest({ baseUrl, username, password, customerCode }: Resolved): WireRequest {
  return post(`${baseUrl}/GetAccessToken`, null, { username, password, customerCode });
}

/** For an order that `checkVnpostMyOrder` found nothing wrong with. */
export function buildCreateRequest(order: PostalOrder, settings: Resolved, token: string): WireRequest {
  const { baseUrl, customerCode, contractCode } = settings;
  return post(`${baseUrl}/CreateOrder`, token, { orderCreationStatus: 1, type: 'GUI', customerCode, contractCode, informationOrder: informationOf(order, settings) });
}

function informationOf({ orderNumber, detail }: PostalOrder, settings: Resolved): Readonly<Record<string, unknown>> {
  const amount = collectedByPostVnd(detail.fees);
  return {
    ...partyOf('sender', detail.sender, settings),
    ...partyOf('receiver', detail.recipient, settings),
    serviceCode: settings.serviceCode,
    addonService: amount === 0 ? [] : [{ code: COD.addon, propValue: `${COD.property}:${amount}` }],
    additionRequest: [],
    saleOrderCode: orderNumber,
    contentNote: contentsInWords(detail.contents),
    weight: String(detail.weightG ?? settings.defaultWeightG),
    vehicle: 'BO',
    sendType: '1', // collected at the sender's
    deliveryTime: 'N',
    deliveryRequire: '1', // nobody looks into an official letter before it is received
    deliveryInstruction: instructionsInWords(detail),
  };
}

function partyOf(prefix: 'sender' | 'receiver', { name, phone, email, address }: PostalParty, { provinces, communes }: Resolved): Readonly<Record<string, string>> {
  const province = provinces[address.provinceCode] ?? { code: '', name: '' };
  const commune = communes[address.communeCode ?? ''] ?? { code: '', name: '' };
  return {
    [`${prefix}Name`]: name,
    [`${prefix}Phone`]: phone,
    ...(email === null ? {} : { [`${prefix}Email`]: email }),
    [`${prefix}Address`]: address.line,
    [`${prefix}ProvinceCode`]: province.code,
    [`${prefix}ProvinceName`]: province.name,
    [`${prefix}DistrictCode`]: NO_DISTRICT,
    [`${prefix}CommuneCode`]: commune.code,
    [`${prefix}CommuneName`]: commune.name,
  };
}

export function buildCancelRequest(originalId: string, { baseUrl }: Resolved, token: string): WireRequest {
  return post(`${baseUrl}/orderCancel`, token, { OriginalId: originalId });
}

export function buildFindRequest(orderNumber: string, { baseUrl, lookupType }: Resolved, token: string): WireRequest {
  return get(`${baseUrl}/getOrder?${query({ type: String(lookupType), code: orderNumber })}`, token);
}

export function buildHistoryRequest(code: string, { baseUrl, lookupType }: Resolved, token: string): WireRequest {
  return get(`${baseUrl}/GetStatusHistoryOrder?${query({ type: String(lookupType), code })}`, token);
}

/** Orders changed on these days, `dd-MM-yyyy` in Vietnam. */
export function buildListRequest(days: { readonly from: string; readonly to: string }, page: number, { baseUrl, pageSize }: Resolved, token: string): WireRequest {
  const parameters = { lastUpdateFrom: days.from, lastUpdateTo: days.to, type: 'GUI', size: String(pageSize), page: String(page), isInternational: 'false' };
  return get(`${baseUrl}/GetListOrder?${query(parameters)}`, token);
}

/** At most 100 tracking numbers a call. */
export function buildLabelsRequest(trackingNumbers: readonly string[], { baseUrl }: Resolved, token: string): WireRequest {
  return post(`${baseUrl}/exportListReport`, token, trackingNumbers);
}

function query(parameters: Readonly<Record<string, string>>): string {
  return new URLSearchParams(parameters).toString();
}

function get(url: string, token: string): WireRequest {
  return { method: 'GET', url, headers: { token, accept: 'application/json' }, body: null };
}

function post(url: string, token: string | null, body: unknown): WireRequest {
  const headers = { ...(token === null ? {} : { token }), 'content-type': 'application/json; charset=utf-8', accept: 'application/json' };
  return { method: 'POST', url, headers, body: JSON.stringify(body) };
}

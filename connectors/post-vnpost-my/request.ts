import { collectedByPostVnd, type PostalDetail, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { PostalParty } from '../../src/domain/postal-address.ts';
import { contentsInWords, instructionsInWords } from '../../src/domain/postal-words.ts';
import type { WireRequest } from '../../src/ports/http-exchange.ts';
import type { VnpostRecord } from './response.ts';
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
  return {
    ...partyOf('sender', detail.sender, settings),
    ...partyOf('receiver', detail.recipient, settings),
    serviceCode: settings.serviceCode,
    addonService: addonsOf(detail),
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

function addonsOf({ fees }: PostalDetail): readonly object[] {
  const amount = collectedByPostVnd(fees);
  return amount === 0 ? [] : [{ code: COD.addon, propValue: `${COD.property}:${amount}` }];
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

/** All of the order as it is to be: the service takes no part of it alone. `AffairType` 02 is a correction. */
export function buildCorrectionRequest({ detail }: PostalOrder, { originalID, itemCode }: VnpostRecord, settings: Resolved, token: string): WireRequest {
  const amount = collectedByPostVnd(detail.fees);
  const weight = String(detail.weightG ?? settings.defaultWeightG);
  return post(`${settings.baseUrl}/orderCorrection`, token, {
    OriginalId: originalID,
    SourceCode: 'MYVNP',
    ServiceCode: settings.serviceCode,
    ItemCode: itemCode ?? '',
    AffairType: '02',
    OrderCode: itemCode ?? '',
    FlagConfig: '1',
    Contents: contentsInWords(detail.contents),
    Vehicle: 'BO',
    UndeliverGuide: instructionsInWords(detail),
    POPickupCode: '',
    PickupDateTime: '',
    CODAmount: amount,
    Sender: { ...correctedParty(detail.sender, settings), OrgCode: settings.customerCode, ContractNumber: settings.contractCode ?? '' },
    Receiver: { ...correctedParty(detail.recipient, settings), OrgCode: '' },
    Addons: amount === 0 ? [] : [{ ServiceCode: COD.addon, Props: [{ PropCode: COD.property, PropValue: String(amount) }] }],
    Package: { Weight: weight, Length: '', Width: '', Height: '', PriceWeight: weight, IsVolume: false },
    useBCP: 1,
  });
}

function correctedParty({ name, phone, address }: PostalParty, { provinces, communes }: Resolved): Readonly<Record<string, string>> {
  const commune = communes[address.communeCode ?? '']?.code ?? '';
  return { Phone: phone, Fullname: name, Address: address.line, Province: provinces[address.provinceCode]?.code ?? '', District: NO_DISTRICT, Commune: commune, Postcode: commune };
}

const DOMESTIC = 1;

/** Places, weight and services: a price needs neither names nor telephone numbers. */
export function buildChargeRequest({ detail }: PostalOrder, settings: Resolved, token: string): WireRequest {
  const { baseUrl, customerCode, contractCode, serviceCode, provinces, communes, defaultWeightG } = settings;
  const end = (prefix: 'sender' | 'receiver', { address }: PostalParty): Readonly<Record<string, string>> => ({
    [`${prefix}ProvinceCode`]: provinces[address.provinceCode]?.code ?? '',
    [`${prefix}DistrictCode`]: NO_DISTRICT,
    [`${prefix}CommuneCode`]: communes[address.communeCode ?? '']?.code ?? '',
  });
  const data = {
    ...end('sender', detail.sender),
    ...end('receiver', detail.recipient),
    receiverNational: 'VN',
    receiverCity: null,
    receiverPostCode: '',
    orgCodeAccept: null,
    weight: detail.weightG ?? defaultWeightG,
    width: null,
    length: null,
    height: null,
    serviceCode,
    addonService: addonsOf(detail),
    additionRequest: [],
    vehicle: 'BO',
  };
  return post(`${baseUrl}/ServicesCharge`, token, { scope: DOMESTIC, customerCode, contractNumber: contractCode, data });
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

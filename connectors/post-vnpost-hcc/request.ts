import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import { contentsInWords, instructionsInWords } from '../../src/domain/postal-words.ts';
import type { WireRequest } from '../../src/ports/http-exchange.ts';
import type { Resolved } from './settings.ts';

/** Client credentials as a form, the keys as Basic (RFC 6749 §4.4.2, §2.3.1). */
export function buildTokenRequest(settings: Resolved): WireRequest {
  const basic = Buffer.from(`${settings.consumerKey}:${settings.secretKey}`, 'utf8').toString('base64');
  return {
    method: 'POST',
    url: settings.baseUrl + settings.paths.token,
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: 'grant_type=client_credentials',
  };
}

/** Fields of the service, spelt as it spells them. */
export interface VnpostOrder {
  readonly CustomerCode: string;
  readonly OrderNumber: string;
  readonly CODAmount: number;
  readonly SenderProvince: number;
  readonly SenderDistrict?: number;
  readonly SenderAddress: string;
  readonly SenderName: string;
  readonly SenderEmail?: string;
  readonly SenderTel: string;
  readonly SenderDesc: string;
  readonly Description: string;
  readonly ReceiverName: string;
  readonly ReceiverAddress: string;
  readonly ReceiverTel: string;
  readonly ReceiverProvince: number;
  readonly ReceiverDistrict?: number;
  readonly ReceiverEmail?: string;
  /** LGSP form: the number of the parcel, from VNPost's list. */
  readonly ItemCode?: string;
  readonly FlagConfig?: number;
}

/** For an order that `checkVnpostOrder` found nothing wrong with. */
export function buildVnpostOrder(order: PostalOrder, settings: Resolved): VnpostOrder {
  const { sender, recipient, contents, fees } = order.detail;
  const senderDistrict = districtOf(sender.address.districtCode, settings);
  const receiverDistrict = districtOf(recipient.address.districtCode, settings);
  return {
    CustomerCode: settings.customerCode,
    OrderNumber: order.orderNumber,
    CODAmount: collectedByPostVnd(fees),
    SenderProvince: settings.provinceCodes[sender.address.provinceCode] ?? 0,
    ...(senderDistrict === undefined ? {} : { SenderDistrict: senderDistrict }),
    SenderAddress: sender.address.line,
    SenderName: sender.name,
    ...(sender.email === null ? {} : { SenderEmail: sender.email }),
    SenderTel: sender.phone,
    SenderDesc: contentsInWords(contents),
    Description: instructionsInWords(order.detail),
    ReceiverName: recipient.name,
    ReceiverAddress: recipient.address.line,
    ReceiverTel: recipient.phone,
    ReceiverProvince: settings.provinceCodes[recipient.address.provinceCode] ?? 0,
    ...(receiverDistrict === undefined ? {} : { ReceiverDistrict: receiverDistrict }),
    ...(recipient.email === null ? {} : { ReceiverEmail: recipient.email }),
    ...(order.trackingNumber === null || !settings.numbersFromPool ? {} : { ItemCode: order.trackingNumber, FlagConfig: settings.flagConfig }),
  };
}

export function buildPlaceRequest(order: PostalOrder, settings: Resolved, authorization: string): WireRequest {
  const headers = { ...tokenIn(authorization, settings), 'content-type': 'application/json; charset=utf-8', accept: 'application/json' };
  return { method: 'POST', url: settings.baseUrl + settings.paths.orderPost, headers, body: JSON.stringify(buildVnpostOrder(order, settings)) };
}

export function buildCancelRequest(orderNumber: string, settings: Resolved, authorization: string): WireRequest {
  const query = new URLSearchParams({ CustomerCode: settings.customerCode, OrderNumber: orderNumber });
  return get(`${settings.baseUrl}${settings.paths.orderCancel}?${query.toString()}`, authorization, settings);
}

/** Entries with ids above `lastId`, 24 hexadecimal digits. */
export function buildTrackingRequest(lastId: string, settings: Resolved, authorization: string): WireRequest {
  const query = new URLSearchParams({ pagesize: String(settings.pageSize), lastId });
  return get(`${settings.baseUrl}${settings.paths.orderTracking}?${query.toString()}`, authorization, settings);
}

function get(url: string, authorization: string, settings: Resolved): WireRequest {
  return { method: 'GET', url, headers: { ...tokenIn(authorization, settings), accept: 'application/json' }, body: null };
}

/** The LGSP form wants the bare token in a header of its own. */
function tokenIn(authorization: string, { form }: Resolved): Readonly<Record<string, string>> {
  return form === 'lgsp' ? { access_token: authorization.replace(/^\S+ /, '') } : { authorization };
}

function districtOf(code: string | null, { districtCodes }: Resolved): number | undefined {
  return code === null ? undefined : districtCodes[code];
}

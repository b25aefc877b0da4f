import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import type { WireAnswer } from '../../src/ports/http-exchange.ts';
import type { FetchedToken } from '../../src/ports/kept-token.ts';
import type { CarrierEvent, CarrierOutcome, QuotedService } from '../../src/ports/postal-carrier.ts';
import { STATES } from './statuses.ts';
import { readVietnamTime, storable } from './values.ts';

const MAX_RAW = 16 * 1024;

const token = z.object({ success: z.boolean(), token: z.string().min(1).max(8192).nullish() });

/** @throws CARRIER_REFUSED when name and password are refused; CARRIER_UNAVAILABLE for any other failure: nothing was asked of the carrier yet */
export function readToken({ status, body, retryAfterMs }: WireAnswer, tokenMs: number): FetchedToken {
  const parsed = token.safeParse(parseJson(body));
  if (status === 200 && parsed.success && parsed.data.success && typeof parsed.data.token === 'string') return { authorization: parsed.data.token, expiresInMs: tokenMs };
  if (status === 401 || status === 403 || (status === 200 && parsed.success)) throw new GatewayError('CARRIER_REFUSED', `MyVNPost does not accept user name, password and customer code (HTTP ${status}): check the carrier’s settings`);
  throw new GatewayError('CARRIER_UNAVAILABLE', `MyVNPost gave no access token (HTTP ${status})`, retryAfterMs === null ? {} : { retryAfterMs });
}

/** An order as the service keeps it; only what is needed of it. */
const record = z.object({
  originalID: z.union([z.string().min(1), z.number()]).transform(String),
  itemCode: z.string().nullish(),
  saleOrderCode: z.string().nullish(),
  updatedDate: z.unknown().optional(),
});
export type VnpostRecord = z.output<typeof record>;

const failure = z.object({ message: z.string().nullish(), description: z.string().nullish(), error: z.string().nullish() });

/**
 * What an answer to `CreateOrder` says. Accepted only by a record that bears our number; anything but that and a plain 400 or 422 is unknown.
 * @throws CARRIER_UNAVAILABLE for 429, CARRIER_REFUSED for answers by which the service says that it did not look; both safe to repeat
 */
export function readCreated(answer: WireAnswer, orderNumber: string): CarrierOutcome {
  checkTakenUp(answer);
  const { status, body } = answer;
  const raw = body.slice(0, MAX_RAW);
  if (status === 400 || status === 422) return { outcome: 'rejected', carrierText: failureOf(answer), raw, trackingNumber: null };
  if (status !== 200 && status !== 201) return unknown(`HTTP ${status}`, raw);
  const parsed = record.safeParse(parseJson(body));
  if (!parsed.success) return unknown('an answer that cannot be understood', raw);
  if (parsed.data.saleOrderCode !== orderNumber) return unknown('an answer about another order', raw);
  return { outcome: 'accepted', carrierText: 'Đã tạo', raw, trackingNumber: trackingNumberOf(parsed.data) };
}

/** Of `orderCancel` and `orderCorrection`; one of them spells its keys otherwise, and some answer with a list of one. */
const answeredCase = z.object({ type: z.string().optional(), Type: z.string().optional(), message: z.string().nullish(), Message: z.string().nullish(), note: z.string().nullish() });
const oneCase = z.union([answeredCase, z.tuple([answeredCase]).transform(([one]) => one)]);

/** `00` done, `02` a person at VNPost decides, anything else refused. @throws as `readCreated` */
export function readCase(answer: WireAnswer): CarrierOutcome {
  checkTakenUp(answer);
  const raw = answer.body.slice(0, MAX_RAW);
  if (answer.status === 400 || answer.status === 422) return { outcome: 'rejected', carrierText: failureOf(answer), raw, trackingNumber: null };
  const parsed = answer.status === 200 ? oneCase.safeParse(parseJson(answer.body)) : null;
  const type = parsed?.data?.type ?? parsed?.data?.Type;
  if (type === undefined) return unknown(`HTTP ${answer.status}`, raw);
  const carrierText = storable(parsed?.data?.message ?? parsed?.data?.Message ?? parsed?.data?.note ?? '', 500) || `type ${storable(type, 20)}`;
  return { outcome: type === '00' ? 'accepted' : type === '02' ? 'unknown' : 'rejected', carrierText, raw, trackingNumber: null };
}

/** 401 and 403 after a fresh token; paths and methods that do not exist; sizes and types nobody read. */
const NOT_TAKEN_UP: ReadonlySet<number> = new Set([401, 403, 404, 405, 406, 411, 413, 414, 415]);

function checkTakenUp({ status, retryAfterMs }: WireAnswer): void {
  if (status === 429) throw new GatewayError('CARRIER_UNAVAILABLE', 'MyVNPost asks for fewer requests (HTTP 429)', retryAfterMs === null ? {} : { retryAfterMs });
  if (NOT_TAKEN_UP.has(status)) throw new GatewayError('CARRIER_REFUSED', `MyVNPost does not know this request (HTTP ${status}): check the carrier’s address and keys`);
}

/** Bytes left, and nothing that can be understood came back. */
export function unknown(what: string, raw: string | null = null): CarrierOutcome {
  return { outcome: 'unknown', carrierText: what, raw, trackingNumber: null };
}

const found = z.array(z.object({ results: z.array(record).max(500).nullish() })).max(10);

/**
 * The order with our number; null: the service says that it has none.
 * @throws CARRIER_UNAVAILABLE, CARRIER_REFUSED; CARRIER_ANSWER_INVALID when the answer is about other orders: an absence is only believed when it is said
 */
export function readFound(answer: WireAnswer, orderNumber: string): VnpostRecord | null {
  const parsed = found.safeParse(readable(answer));
  if (!parsed.success) throw notUnderstood();
  const records = parsed.data.flatMap(({ results }) => results ?? []);
  const ours = records.find(({ saleOrderCode }) => saleOrderCode === orderNumber);
  if (ours === undefined && records.length > 0) throw notUnderstood();
  return ours ?? null;
}

export function trackingNumberOf({ itemCode }: VnpostRecord): string | null {
  return storable(itemCode ?? '', 100) || null;
}

const list = z.union([z.array(record).max(500), z.object({ results: z.array(record).max(500) }).transform(({ results }) => results), z.object({ data: z.array(record).max(500) }).transform(({ data }) => data)]);

const charge = z.object({ serviceCode: z.string().max(50), serviceName: z.string().max(200).nullish(), mainFee: z.int().min(0).nullish(), vasfee: z.int().min(0).nullish(), vasFee: z.int().min(0).nullish(), totalFee: z.int().min(0) });
const charges = z.union([z.array(charge).min(1).max(200), z.object({ data: z.array(charge).min(1).max(200) }).transform(({ data }) => data)]);

/** One line a service. Đồng have no parts: an amount with one is not understood. @throws as `readFound` */
export function readCharges(answer: WireAnswer): readonly QuotedService[] {
  const parsed = charges.safeParse(readable(answer));
  if (!parsed.success) throw notUnderstood();
  return parsed.data.map(({ serviceCode, serviceName, mainFee, vasfee, vasFee, totalFee }) => ({ serviceCode: storable(serviceCode, 50), serviceName: storable(serviceName ?? '', 200), postageVnd: mainFee ?? null, surchargesVnd: vasfee ?? vasFee ?? null, totalVnd: totalFee }));
}

/** One page of the list of orders. @throws as `readFound` */
export function readList(answer: WireAnswer): readonly VnpostRecord[] {
  const parsed = list.safeParse(readable(answer));
  if (!parsed.success) throw notUnderstood();
  return parsed.data;
}

const history = z.object({
  data: z.object({
    itemCode: z.string().nullish(),
    statusHistory: z.array(z.unknown()).max(2_000).nullish(),
  }),
});
const entry = z.object({
  createdDate: z.string().max(40),
  createdHour: z.string().max(40).optional(),
  createHour: z.string().max(40).optional(),
  statusCode: z.union([z.int(), z.string().regex(/^\d{1,6}$/).transform(Number)]),
  statusName: z.string().nullish(),
});

/** The events of one order, and the entries that could not be read. @throws as `readFound` */
export function readHistory(answer: WireAnswer, orderNumber: string): { readonly events: readonly CarrierEvent[]; readonly unreadable: readonly string[] } {
  const parsed = history.safeParse(readable(answer));
  if (!parsed.success) throw notUnderstood();
  const { itemCode, statusHistory } = parsed.data.data;
  const trackingNumber = storable(itemCode ?? '', 100) || null;
  const events: CarrierEvent[] = [];
  const unreadable: string[] = [];
  for (const told of statusHistory ?? []) {
    const event = eventOf(told, orderNumber, trackingNumber);
    if (event === null) unreadable.push(JSON.stringify(told).slice(0, MAX_RAW));
    else events.push(event);
  }
  return { events, unreadable };
}

/** The service numbers no events: the same code at the same second of the same order is the same event. */
function eventOf(told: unknown, orderNumber: string, trackingNumber: string | null): CarrierEvent | null {
  const parsed = entry.safeParse(told);
  if (!parsed.success) return null;
  const { createdDate, createdHour, createHour, statusCode, statusName } = parsed.data;
  const occurredAt = readVietnamTime(`${createdDate} ${createdHour ?? createHour ?? ''}`);
  if (occurredAt === null) return null;
  return {
    carrierEventId: `${orderNumber}:${statusCode}:${occurredAt.toISOString()}`,
    orderNumber,
    trackingNumber,
    carrierCode: String(statusCode),
    carrierText: storable(statusName ?? '', 500),
    status: STATES[statusCode] ?? 'UNKNOWN',
    occurredAt,
    raw: JSON.stringify(told),
  };
}

const labels = z.array(z.base64().max(20_000_000)).max(100);

/** PDFs, one a tracking number. @throws as `readFound` */
export function readLabels(answer: WireAnswer, count: number): readonly Uint8Array[] {
  const parsed = labels.safeParse(readable(answer));
  const pdfs = (parsed.data ?? []).map((base64) => new Uint8Array(Buffer.from(base64, 'base64')));
  if (pdfs.length !== count || !pdfs.every((pdf) => Buffer.from(pdf.subarray(0, 5)).toString('latin1') === '%PDF-')) throw notUnderstood();
  return pdfs;
}

function readable({ status, body, retryAfterMs }: WireAnswer): unknown {
  if (status === 429 || status >= 500) throw new GatewayError('CARRIER_UNAVAILABLE', `MyVNPost is out of order (HTTP ${status})`, retryAfterMs === null ? {} : { retryAfterMs });
  if (status >= 400) throw new GatewayError('CARRIER_REFUSED', `MyVNPost refuses to be asked (HTTP ${status}): check the carrier’s settings`);
  if (status !== 200) throw notUnderstood();
  return parseJson(body);
}

function notUnderstood(): GatewayError {
  return new GatewayError('CARRIER_ANSWER_INVALID', 'MyVNPost answered with something that cannot be understood');
}

function failureOf({ status, body }: WireAnswer): string {
  const parsed = failure.safeParse(parseJson(body));
  return storable(parsed.data?.message ?? parsed.data?.description ?? parsed.data?.error ?? '', 500) || `HTTP ${status}`;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // every schema above refuses it
  }
}

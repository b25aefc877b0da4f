import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { fault, faultOf, writeAnswer, type FaultsOf, type JsonAnswer } from '../faults.ts';
import { listen, readBody, type ListenOptions, type RunningServer } from '../listen.ts';
import { changedAt, createLedger, USUAL_WAY, type Booking, type Ledger, type Stage } from './ledger.ts';
import { readCharge, readCorrection, readCreation, wordsOf } from './order.ts';

export const CALLS = ['token', 'create', 'find', 'history', 'list', 'cancel', 'correct', 'charge', 'labels'] as const;
export type Call = (typeof CALLS)[number];

/** For trying things out; there is nothing behind it. */
export const SANDBOX_MY_CUSTOMER = { username: 'sandbox', password: 'sandbox', customerCode: 'HUE-MY' } as const;

export interface SandboxVnpostMyOptions extends ListenOptions {
  readonly customer?: { readonly username: string; readonly password: string; readonly customerCode: string };
  /** What a second order under a number does; not documented. Default: refused. */
  readonly repeat?: 'refused' | 'booked-twice';
  readonly stageMs?: number;
  readonly way?: readonly Stage[];
  /** A cancellation that a person at VNPost still has to decide (type 02). */
  readonly cancelPending?: boolean;
  /** The same for a corrected order. */
  readonly correctPending?: boolean;
  readonly now?: () => Date;
}

export interface SandboxVnpostMy extends RunningServer {
  readonly faults: FaultsOf<Call>;
  readonly ledger: Ledger;
  readonly calls: Readonly<Record<Call, number>>;
  /** Bodies of `CreateOrder` that could be read, latest last; the last thousand. */
  readonly received: readonly unknown[];
  /** Of the key that webhooks are signed with. */
  readonly webhookKeyPem: string;
  revokeTokens(): void;
  /** A webhook about these orders, signed as the service signs: over the first record only. */
  buildWebhook(orderNumbers: readonly string[], sendDate?: string): string;
}

interface State {
  readonly options: Required<Pick<SandboxVnpostMyOptions, 'repeat' | 'cancelPending' | 'correctPending' | 'now'>>;
  readonly customer: NonNullable<SandboxVnpostMyOptions['customer']>;
  readonly faults: FaultsOf<Call>;
  readonly ledger: Ledger;
  readonly calls: Record<Call, number>;
  readonly received: unknown[];
  readonly tokens: Set<string>;
}

/** A MyVNPost as its customers' interface is documented. Beside it: `GET /sandbox/ledger`, `PUT /sandbox/faults/<call>`. */
export async function startSandboxVnpostMy(options: SandboxVnpostMyOptions = {}): Promise<SandboxVnpostMy> {
  const { customer = SANDBOX_MY_CUSTOMER, repeat = 'refused', stageMs = 2_000, way = USUAL_WAY, cancelPending = false, correctPending = false, now = () => new Date() } = options;
  const state: State = {
    options: { repeat, cancelPending, correctPending, now },
    customer,
    faults: { token: null, create: null, find: null, history: null, list: null, cancel: null, correct: null, charge: null, labels: null },
    ledger: createLedger({ stageMs, way, now }),
    calls: { token: 0, create: 0, find: 0, history: 0, list: 0, cancel: 0, correct: 0, charge: 0, labels: 0 },
    received: [],
    tokens: new Set(),
  };
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const server = await listen((request, response, closing) => route(state, request, response, closing), options);
  return {
    ...server,
    faults: state.faults,
    ledger: state.ledger,
    calls: state.calls,
    received: state.received,
    webhookKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    revokeTokens: () => state.tokens.clear(),
    buildWebhook: (orderNumbers, sendDate = String(now().getTime())) => buildWebhook(state.ledger, privateKey, orderNumbers, sendDate),
  };
}

const PATHS: Readonly<Record<string, Call>> = {
  'POST /GetAccessToken': 'token',
  'POST /CreateOrder': 'create',
  'GET /getOrder': 'find',
  'GET /GetStatusHistoryOrder': 'history',
  'GET /GetListOrder': 'list',
  'POST /orderCancel': 'cancel',
  'POST /orderCorrection': 'correct',
  'POST /ServicesCharge': 'charge',
  'POST /exportListReport': 'labels',
};
const MAX_BODY_BYTES = 1024 * 1024;

async function route(state: State, request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const call = PATHS[`${request.method ?? ''} ${url.pathname}`];
  const body = (await readBody(request, MAX_BODY_BYTES))?.toString('utf8') ?? '';
  if (call === undefined) return writeAnswer(response, sideDoor(state, `${request.method ?? ''} ${url.pathname}`, body), null);
  state.calls[call] += 1;
  const spoilt = faultOf(state.faults, call);
  const planned = call === 'token' ? tokenAnswer(state, body) : state.tokens.has(String(request.headers['token'])) ? answerOf(state, call, url, body) : { status: 401, body: errorOf(401, 'Unauthorized', url) };
  let right = typeof planned === 'function' ? { status: 200, body: {} } : planned;
  if (typeof planned === 'function' && (spoilt === null || spoilt.effect === 'done')) right = planned();
  if (spoilt !== null) await delay(spoilt.delayMs, undefined, { signal: closing });
  writeAnswer(response, right, spoilt);
  if (typeof planned === 'function' && spoilt?.effect === 'late') {
    await delay(spoilt.delayMs, undefined, { signal: closing });
    planned();
  }
}

/** An answer without effect, or an effect that gives the answer. */
type Planned = JsonAnswer | (() => JsonAnswer);

function answerOf(state: State, call: Exclude<Call, 'token'>, url: URL, body: string): Planned {
  switch (call) {
    case 'create':
      return createAnswer(state, url, body);
    case 'cancel':
      return cancelAnswer(state, body);
    case 'correct':
      return correctAnswer(state, url, body);
    case 'charge':
      return chargeAnswer(state, url, body);
    case 'labels':
      return labelsAnswer(body, url);
    case 'find':
      return findAnswer(state, url);
    case 'history':
      return historyAnswer(state, url);
    case 'list':
      return listAnswer(state, url);
  }
}

function tokenAnswer({ customer, tokens }: State, body: string): JsonAnswer {
  const given = z.object({ username: z.string(), password: z.string(), customerCode: z.string() }).safeParse(wordsOf(body));
  const isRight = given.success && given.data.username === customer.username && given.data.password === customer.password && given.data.customerCode === customer.customerCode;
  if (!isRight) return { status: 200, body: { success: false, errorMessage: 'Sai thông tin đăng nhập', token: null } };
  const token = randomBytes(24).toString('base64url');
  tokens.add(token);
  return { status: 200, body: { success: true, errorMessage: null, token } };
}

function createAnswer({ ledger, options, customer, received }: State, url: URL, body: string): Planned {
  const read = readCreation(body);
  if ('missing' in read) return { status: 400, body: errorOf(400, `Thiếu hoặc sai: ${read.missing ?? 'JSON'}`, url) };
  received.push(read.order);
  if (received.length > 1_000) received.shift();
  if (read.order.customerCode !== customer.customerCode) return { status: 400, body: errorOf(400, 'customerCode không đúng', url) };
  const { saleOrderCode } = read.order.informationOrder;
  return () => {
    if (options.repeat === 'refused' && ledger.couriers(saleOrderCode) > 0) return { status: 400, body: errorOf(400, 'Mã đơn hàng đã tồn tại', url) };
    return { status: 200, body: recordOf(ledger.book(saleOrderCode)) };
  };
}

function cancelAnswer({ ledger, options }: State, body: string): Planned {
  const given = z.object({ OriginalId: z.string() }).safeParse(wordsOf(body));
  const originalId = given.data?.OriginalId ?? '';
  if (options.cancelPending) return caseOf(originalId, '02', 'Chờ duyệt');
  return () => (ledger.cancel(originalId) ? caseOf(originalId, '00', 'Đã hủy') : caseOf(originalId, '01', 'Không hủy được'));
}

function caseOf(originalId: string, type: string, message: string): JsonAnswer {
  return { status: 200, body: { type, message, note: null, originalId, caseId: `CASE-${originalId}` } };
}

/** Until when a correction is taken is not documented; here until the parcel's way is over. */
function correctAnswer({ ledger, options }: State, url: URL, body: string): Planned {
  const read = readCorrection(body);
  if ('missing' in read) return { status: 400, body: errorOf(400, `Thiếu hoặc sai: ${read.missing ?? 'JSON'}`, url) };
  const { OriginalId, Receiver } = read.order;
  if (options.correctPending) return caseOf(OriginalId, '02', 'Chờ duyệt');
  return () => (ledger.correct(OriginalId, Receiver.Address) ? caseOf(OriginalId, '00', 'Đã hiệu chỉnh') : caseOf(OriginalId, '01', 'Không hiệu chỉnh được'));
}

/** An invented tariff, by weight. */
function chargeAnswer({ customer }: State, url: URL, body: string): JsonAnswer {
  const read = readCharge(body);
  if ('missing' in read) return { status: 400, body: errorOf(400, `Thiếu hoặc sai: ${read.missing ?? 'JSON'}`, url) };
  if (read.order.customerCode !== customer.customerCode) return { status: 400, body: errorOf(400, 'customerCode không đúng', url) };
  const { weight, addonService, serviceCode } = read.order.data;
  const [mainFee, vasfee] = [15_000 + 3_000 * Math.ceil(weight / 500), 5_000 * addonService.length];
  return { status: 200, body: [{ serviceCode, serviceName: 'Chuyển phát (mẫu)', mainFee, vasfee, totalFee: mainFee + vasfee, priceWeight: weight, weightConvert: 0 }] };
}

function findAnswer({ ledger }: State, url: URL): JsonAnswer {
  const found = url.searchParams.get('type') === '2' ? ledger.find(url.searchParams.get('code') ?? '') : null;
  return { status: 200, body: [{ results: found === null ? [] : [recordOf(found)] }] };
}

function historyAnswer({ ledger }: State, url: URL): JsonAnswer {
  const found = ledger.find(url.searchParams.get('code') ?? '');
  const statusHistory = (found?.history ?? []).map(({ at, code, text }) => {
    const [createdDate, createdHour] = vietnamTime(at).split(' ');
    return { createdDate, createdHour, statusCode: code, statusName: text };
  });
  return { status: 200, body: { data: { itemCode: found?.itemCode ?? null, statusHistory } } };
}

function listAnswer({ ledger }: State, url: URL): JsonAnswer {
  const [from, to] = [dayOf(url.searchParams.get('lastUpdateFrom')), dayOf(url.searchParams.get('lastUpdateTo'))];
  const [size, page] = [Number(url.searchParams.get('size')), Number(url.searchParams.get('page'))];
  if (from === null || to === null || !Number.isInteger(size) || size < 1 || size > 500 || !Number.isInteger(page) || page < 0) return { status: 400, body: errorOf(400, 'lastUpdateFrom, lastUpdateTo dd-MM-yyyy, size 1..500, page', url) };
  const changed = ledger.changed(from, new Date(to.getTime() + 86_400_000));
  return { status: 200, body: changed.slice(page * size, (page + 1) * size).map(recordOf) };
}

function labelsAnswer(body: string, url: URL): JsonAnswer {
  const codes = z.array(z.string()).max(100).safeParse(wordsOf(body));
  if (!codes.success) return { status: 400, body: errorOf(400, 'Tối đa 100 mã', url) };
  // Not the real label, whose layout is not published: a page with the number on it.
  return { status: 200, body: codes.data.map((code) => Buffer.from(`%PDF-1.4\n% ${code} (sandbox)\n%%EOF\n`).toString('base64')) };
}

function recordOf(booking: Booking): Readonly<Record<string, unknown>> {
  const { originalId, itemCode, orderNumber, history, bookedAt } = booking;
  return { orderHdrID: originalId, originalID: originalId, itemCode, saleOrderCode: orderNumber, status: history.at(-1)?.code ?? 1, createdDate: vietnamTime(bookedAt), updatedDate: vietnamTime(changedAt(booking)), totalFee: 22_000 };
}

function errorOf(status: number, message: string, url: URL): Readonly<Record<string, unknown>> {
  return { status, timestamp: new Date().toISOString(), error: status === 401 ? 'Unauthorized' : 'Bad Request', message, description: message, path: url.pathname };
}

function buildWebhook(ledger: Ledger, key: KeyObject, orderNumbers: readonly string[], sendDate: string): string {
  const data = orderNumbers.map((orderNumber) => {
    const found = ledger.find(orderNumber);
    return { itemCode: found?.itemCode ?? null, saleOrderCode: orderNumber, status: String(found?.history.at(-1)?.code ?? 1) };
  });
  const [first] = data;
  const signature = sign('sha256', Buffer.from(`MYVNP${sendDate}${first?.itemCode ?? ''}${first?.status ?? ''}`, 'utf8'), key).toString('base64');
  return JSON.stringify({ data, sendDate, signature });
}

const VIETNAM_MS = 7 * 3_600_000;

/** `dd/MM/yyyy HH:mm:ss`, +07:00. */
function vietnamTime(at: Date): string {
  const [date = '', time = ''] = new Date(at.getTime() + VIETNAM_MS).toISOString().slice(0, 19).split('T');
  return `${date.split('-').reverse().join('/')} ${time}`;
}

/** Midnight in Vietnam of a `dd-MM-yyyy`. */
function dayOf(text: string | null): Date | null {
  const [, day, month, year] = /^(\d{2})-(\d{2})-(\d{4})$/.exec(text ?? '') ?? [];
  const at = Date.parse(`${year}-${month}-${day}T00:00:00+07:00`);
  return Number.isNaN(at) ? null : new Date(at);
}

function sideDoor(state: State, what: string, body: string): JsonAnswer {
  if (what === 'GET /sandbox/ledger') return { status: 200, body: { calls: state.calls, orders: state.ledger.lines() } };
  const call = CALLS.find((name) => what === `PUT /sandbox/faults/${name}`);
  if (call === undefined) return { status: 404, body: { message: 'Không có đường dẫn này' } };
  const parsed = fault.nullable().safeParse(wordsOf(body));
  if (!parsed.success) return { status: 400, body: { message: z.prettifyError(parsed.error) } };
  state.faults[call] = parsed.data;
  return { status: 200, body: parsed.data };
}

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { listen, readBody, type ListenOptions, type RunningServer } from '../listen.ts';
import { fault, faultOf, writeAnswer, type JsonAnswer } from '../faults.ts';
import { CALLS, type Call, type Faults } from './faults.ts';
import { createLedger, USUAL_WAY, type Ledger, type Stage } from './ledger.ts';
import { readOrder, wordsOf } from './order.ts';

/** Not documented anywhere: this sandbox's own word for "refused without effect". */
export const SANDBOX_REFUSED = 900;

export interface VnpostCustomer {
  readonly consumerKey: string;
  readonly secretKey: string;
  readonly customerCode: string;
}

/** For trying things out; there is nothing behind them. */
export const SANDBOX_CUSTOMER: VnpostCustomer = { consumerKey: 'sandbox-consumer', secretKey: 'sandbox-secret', customerCode: 'HUE-SANDBOX' };

export interface SandboxVnpostOptions extends ListenOptions {
  readonly customer?: VnpostCustomer;
  /** The interface: of the national platform (default), or as a province's platform passes it on. */
  readonly form?: 'ngsp' | 'lgsp';
  /** What a second order under a number does; the real service's answer is not documented. Default: refused with 101. */
  readonly repeat?: 'refused' | 'booked-twice';
  /** How long each stage of a parcel's way lasts. Default 2,000 ms: delivered 8 s after the order. */
  readonly stageMs?: number;
  readonly way?: readonly Stage[];
  /** Life of an access token. Default 3600. */
  readonly tokenSeconds?: number;
  readonly now?: () => Date;
}

export interface SandboxVnpost extends RunningServer {
  readonly customer: VnpostCustomer;
  readonly faults: Faults;
  readonly ledger: Ledger;
  /** Calls that arrived, whatever became of them. */
  readonly calls: Readonly<Record<Call, number>>;
  /** Bodies of `order/post` as they arrived, latest last; the last thousand. */
  readonly received: readonly unknown[];
  /** Makes every token given out worthless. */
  revokeTokens(): void;
}

interface State {
  readonly form: 'ngsp' | 'lgsp';
  readonly customer: VnpostCustomer;
  readonly repeat: 'refused' | 'booked-twice';
  readonly tokenMs: number;
  readonly now: () => Date;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly calls: Record<Call, number>;
  readonly received: unknown[];
  /** Token → when it ends. */
  readonly tokens: Map<string, number>;
}

/**
 * A VNPost that speaks the NGSP or the LGSP form of its service for public administration: token, order/post, order/cancel, order/tracking. Beside it,
 * on paths that no carrier has: `GET /sandbox/ledger`, `PUT /sandbox/faults/<call>`, `DELETE /sandbox/tokens`.
 */
export async function startSandboxVnpost(options: SandboxVnpostOptions = {}): Promise<SandboxVnpost> {
  const { customer = SANDBOX_CUSTOMER, form = 'ngsp', repeat = 'refused', stageMs = 2000, way = USUAL_WAY, tokenSeconds = 3600, now = () => new Date() } = options;
  const state: State = {
    form,
    customer,
    repeat,
    tokenMs: tokenSeconds * 1000,
    now,
    faults: { token: null, post: null, cancel: null, tracking: null },
    ledger: createLedger({ customerCode: customer.customerCode, stageMs, way, now }),
    calls: { token: 0, post: 0, cancel: 0, tracking: 0 },
    received: [],
    tokens: new Map(),
  };
  const server = await listen((request, response, closing) => route(state, request, response, closing), options);
  const { faults, ledger, calls, received, tokens } = state;
  return { ...server, customer, faults, ledger, calls, received, revokeTokens: () => tokens.clear() };
}

/** Those of the LGSP form are this sandbox's own: no document names them. */
export const SANDBOX_LGSP_PATHS = { token: '/token', orderPost: '/vnpost/order', orderCancel: '/vnpost/order-cancel', orderTracking: '/vnpost/order-tracking' } as const;
const PATHS: Readonly<Record<'ngsp' | 'lgsp', Readonly<Record<string, Call>>>> = {
  ngsp: {
    'POST /token': 'token',
    'POST /apiVNPostNGSP/p1.0/order/post': 'post',
    'GET /apiVNPostNGSP/p1.0/order/cancel': 'cancel',
    'GET /apiVNPostNGSP/p1.0/order/tracking': 'tracking',
  },
  lgsp: {
    [`POST ${SANDBOX_LGSP_PATHS.token}`]: 'token',
    [`POST ${SANDBOX_LGSP_PATHS.orderPost}`]: 'post',
    [`GET ${SANDBOX_LGSP_PATHS.orderCancel}`]: 'cancel',
    [`GET ${SANDBOX_LGSP_PATHS.orderTracking}`]: 'tracking',
  },
};
const MAX_BODY_BYTES = 1024 * 1024;

async function route(state: State, request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const call = PATHS[state.form][`${request.method ?? ''} ${url.pathname}`];
  const body = (await readBody(request, MAX_BODY_BYTES))?.toString('utf8') ?? '';
  if (call === undefined) return writeAnswer(response, sideDoor(state, `${request.method ?? ''} ${url.pathname}`, body), null);
  state.calls[call] += 1;
  const spoilt = faultOf(state.faults, call);
  const { answer, effect } = answerOf(state, call, request, url, body);
  let right = answer;
  if (spoilt === null || spoilt.effect === 'done') right = effect?.() ?? answer;
  if (spoilt !== null) await delay(spoilt.delayMs, undefined, { signal: closing });
  writeAnswer(response, right, spoilt);
  if (spoilt?.effect === 'late') {
    await delay(spoilt.delayMs, undefined, { signal: closing });
    effect?.();
  }
}

/** An answer without effect, or an effect that gives the answer. */
interface Planned {
  readonly answer: JsonAnswer;
  readonly effect?: () => JsonAnswer;
}

function answerOf(state: State, call: Call, request: IncomingMessage, url: URL, body: string): Planned {
  if (call === 'token') return tokenAnswer(state, request.headers.authorization ?? '', body);
  const token = tokenOf(state, request);
  if ((state.tokens.get(token) ?? 0) <= state.now().getTime()) return { answer: { status: 401, body: { fault: { code: 900901, message: 'Invalid Credentials' } } } };
  if (call === 'tracking') return { answer: trackingAnswer(state, url) };
  return call === 'post' ? postAnswer(state, body) : cancelAnswer(state, url);
}

function tokenOf({ form }: State, { headers }: IncomingMessage): string {
  if (form === 'lgsp') return String(headers['access_token'] ?? '');
  const [scheme, token = ''] = (headers.authorization ?? '').split(' ');
  return scheme === 'Bearer' ? token : '';
}

function tokenAnswer(state: State, authorization: string, body: string): Planned {
  const { consumerKey, secretKey } = state.customer;
  if (authorization !== `Basic ${Buffer.from(`${consumerKey}:${secretKey}`).toString('base64')}`) return { answer: { status: 401, body: { error: 'invalid_client' } } };
  if (new URLSearchParams(body).get('grant_type') !== 'client_credentials') return { answer: { status: 400, body: { error: 'unsupported_grant_type' } } };
  const token = randomBytes(24).toString('base64url');
  state.tokens.set(token, state.now().getTime() + state.tokenMs);
  return { answer: { status: 200, body: { access_token: token, token_type: 'Bearer', expires_in: Math.floor(state.tokenMs / 1000) } } };
}

function postAnswer(state: State, body: string): Planned {
  const order = readOrder(body);
  if ('missing' in order) return { answer: order.missing === null ? { status: 400, body: { Message: 'Không phải JSON' } } : result(state, SANDBOX_REFUSED, `Thiếu hoặc sai: ${order.missing}`) };
  state.received.push(order.order);
  if (state.received.length > 1000) state.received.shift();
  const { CustomerCode, OrderNumber, ItemCode } = order.order;
  if (CustomerCode !== state.customer.customerCode) return { answer: result(state, SANDBOX_REFUSED, 'CustomerCode không đúng') };
  const place = (): JsonAnswer => {
    if (state.ledger.has(OrderNumber) && state.repeat === 'refused') return result(state, 101, 'Đơn hàng đã tồn tại');
    if (ItemCode !== undefined && state.repeat === 'refused' && state.ledger.bears(ItemCode)) return result(state, SANDBOX_REFUSED, 'Mã vận đơn đã dùng');
    state.ledger.book(OrderNumber, state.form === 'lgsp' ? ItemCode : undefined);
    return result(state, 100, 'Thành công');
  };
  return { answer: result(state, 100, 'Thành công'), effect: place };
}

function cancelAnswer(state: State, url: URL): Planned {
  const orderNumber = url.searchParams.get('OrderNumber') ?? '';
  const cancel = (): JsonAnswer => (state.ledger.cancel(orderNumber) ? result(state, 100, 'Đã hủy') : result(state, SANDBOX_REFUSED, 'Không hủy được'));
  return { answer: result(state, 100, 'Đã hủy'), effect: cancel };
}

function trackingAnswer(state: State, url: URL): JsonAnswer {
  const pageSize = Number(url.searchParams.get('pagesize') ?? '100');
  const lastId = url.searchParams.get('lastId') ?? '';
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000 || !/^[0-9a-f]{24}$/.test(lastId)) return { status: 400, body: { Message: 'pagesize 1..1000, lastId 24 hex' } };
  const docs = state.ledger.feed(lastId, pageSize);
  const { size } = state.ledger;
  return { status: 200, body: { _size: size, _total_pages: Math.ceil(size / pageSize), _returned: docs.length, _embedded: { 'rh:doc': docs } } };
}

/** The LGSP form writes the status as a text. */
function result({ form }: State, status: number, message: string): JsonAnswer {
  return { status: 200, body: { Status: form === 'lgsp' ? String(status) : status, Message: message } };
}

function sideDoor(state: State, what: string, body: string): JsonAnswer {
  if (what === 'GET /sandbox/ledger') return { status: 200, body: { calls: state.calls, orders: state.ledger.lines() } };
  if (what === 'DELETE /sandbox/tokens') {
    state.tokens.clear();
    return { status: 200, body: {} };
  }
  const call = CALLS.find((name) => what === `PUT /sandbox/faults/${name}`);
  if (call === undefined) return { status: 404, body: { Message: 'Không có đường dẫn này' } };
  const parsed = fault.nullable().safeParse(wordsOf(body));
  if (!parsed.success) return { status: 400, body: { Message: z.prettifyError(parsed.error) } };
  state.faults[call] = parsed.data;
  return { status: 200, body: parsed.data };
}

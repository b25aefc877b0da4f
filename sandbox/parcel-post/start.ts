import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { fault, faultOf, writeAnswer, type FaultsOf, type JsonAnswer } from '../faults.ts';
import { listen, readBody, type ListenOptions, type RunningServer } from '../listen.ts';

const CALLS = ['place', 'cancel', 'correct', 'quote', 'find', 'events'] as const;
type Call = (typeof CALLS)[number];

export interface ParcelPostOptions extends ListenOptions {
  readonly secret?: string;
  readonly repeat?: 'refused' | 'booked-twice';
}

export interface ParcelPost extends RunningServer {
  readonly faults: FaultsOf<Call>;
  readonly calls: Readonly<Record<Call, number>>;
  couriers(reference: string): number;
  destination(reference: string): string | null;
  lines(): readonly { readonly orderNumber: string; readonly couriers: number }[];
  /** Adds an event. */
  tell(reference: string, code: string, at?: Date): void;
}

interface State {
  readonly secret: string;
  readonly repeat: 'refused' | 'booked-twice';
  readonly faults: FaultsOf<Call>;
  readonly calls: Record<Call, number>;
  /** Reference → where it goes, as last corrected. */
  readonly destinations: Map<string, string>;
  /** Reference → couriers. */
  readonly booked: Map<string, number>;
  readonly events: { readonly id: number; readonly reference: string; readonly number: string; readonly code: string; readonly text: string; readonly at: string }[];
}

/** An invented carrier with a small interface, to be described by a mapping file. Beside it: `GET /sandbox/ledger`, `PUT /sandbox/faults/<call>`. */
export async function startParcelPost({ secret = 'sandbox', repeat = 'refused', ...where }: ParcelPostOptions = {}): Promise<ParcelPost> {
  const state: State = { secret, repeat, faults: { place: null, cancel: null, correct: null, quote: null, find: null, events: null }, calls: { place: 0, cancel: 0, correct: 0, quote: 0, find: 0, events: 0 }, booked: new Map(), destinations: new Map(), events: [] };
  const server = await listen((request, response, closing) => route(state, request, response, closing), where);
  return {
    ...server,
    faults: state.faults,
    calls: state.calls,
    couriers: (reference) => state.booked.get(reference) ?? 0,
    destination: (reference) => state.destinations.get(reference) ?? null,
    lines: () => linesOf(state),
    tell: (reference, code, at = new Date()) => tell(state, reference, code, at),
  };
}

async function route(state: State, request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const body = (await readBody(request, 1024 * 1024))?.toString('utf8') ?? '';
  const found = plan(state, request.method ?? '', url, body);
  if (found === null) return writeAnswer(response, sideDoor(state, `${request.method ?? ''} ${url.pathname}`, body), null);
  const { call, act } = found;
  state.calls[call] += 1;
  if (request.headers['x-api-key'] !== state.secret) return writeAnswer(response, { status: 401, body: { message: 'who are you?' } }, null);
  const spoilt = faultOf(state.faults, call);
  const right = spoilt === null || spoilt.effect === 'done' ? act() : { status: 200, body: {} };
  if (spoilt !== null) await delay(spoilt.delayMs, undefined, { signal: closing });
  writeAnswer(response, right, spoilt);
  if (spoilt?.effect !== 'late') return;
  await delay(spoilt.delayMs, undefined, { signal: closing });
  act();
}

function plan(state: State, method: string, url: URL, body: string): { readonly call: Call; readonly act: () => JsonAnswer } | null {
  const [, folder, reference = '', last] = url.pathname.split('/').map(decodeURIComponent);
  if (method === 'POST' && url.pathname === '/shipments') return { call: 'place', act: () => place(state, body) };
  if (method === 'POST' && folder === 'shipments' && last === 'cancel') return { call: 'cancel', act: () => cancel(state, reference) };
  if (method === 'POST' && folder === 'shipments' && last === 'address') return { call: 'correct', act: () => correct(state, reference, body) };
  if (method === 'POST' && url.pathname === '/prices') return { call: 'quote', act: () => price(body) };
  if (method === 'GET' && folder === 'shipments' && last === undefined) return { call: 'find', act: () => find(state, reference) };
  if (method === 'GET' && url.pathname === '/events') return { call: 'events', act: () => eventsAfter(state, url.searchParams) };
  return null;
}

const end = z.object({ name: z.string().min(1), phone: z.string().min(1), address: z.string().min(1), province: z.string().min(1) });
const shipment = z.object({ reference: z.string().min(1), from: end, to: end, collect: z.int().min(0), note: z.string() });

function place(state: State, body: string): JsonAnswer {
  const parsed = shipment.safeParse(jsonOf(body));
  if (!parsed.success) return { status: 422, body: { message: z.prettifyError(parsed.error) } };
  const { reference } = parsed.data;
  const couriers = state.booked.get(reference) ?? 0;
  if (couriers > 0 && state.repeat === 'refused') return { status: 409, body: { message: 'there is one' } };
  state.booked.set(reference, couriers + 1);
  state.destinations.set(reference, parsed.data.to.address);
  tell(state, reference, 'booked', new Date());
  return { status: 201, body: { reference, number: `PP${reference}`, message: 'booked' } };
}

function cancel(state: State, reference: string): JsonAnswer {
  const told = state.events.filter((event) => event.reference === reference);
  if (told.length === 0) return { status: 404, body: { message: 'unknown' } };
  if (told.some(({ code }) => code !== 'booked')) return { status: 409, body: { message: 'too late' } };
  tell(state, reference, 'void', new Date());
  return { status: 200, body: { cancelled: true, message: 'cancelled' } };
}

const correction = z.object({ from: end, to: end });

/** Until somebody is at the door with it. */
function correct(state: State, reference: string, body: string): JsonAnswer {
  const parsed = correction.safeParse(jsonOf(body));
  if (!parsed.success) return { status: 422, body: { message: z.prettifyError(parsed.error) } };
  if (!state.booked.has(reference)) return { status: 404, body: { message: 'unknown' } };
  if (state.events.some((event) => event.reference === reference && ['out', 'done', 'back', 'void'].includes(event.code))) return { status: 409, body: { message: 'too late' } };
  state.destinations.set(reference, parsed.data.to.address);
  return { status: 200, body: { reference, message: 'corrected' } };
}

const parcel = z.object({ from: z.string().min(1), to: z.string().min(1), grams: z.int().min(0), collect: z.int().min(0) });

function price(body: string): JsonAnswer {
  const parsed = parcel.safeParse(jsonOf(body));
  if (!parsed.success) return { status: 422, body: { message: z.prettifyError(parsed.error) } };
  const { from, to, grams, collect } = parsed.data;
  const postage = (from === to ? 15_000 : 25_000) + Math.ceil(grams / 500) * 2_000;
  const surcharges = collect === 0 ? 0 : 5_000;
  return { status: 200, body: { currency: 'VND', postage, surcharges, total: postage + surcharges } };
}

function find(state: State, reference: string): JsonAnswer {
  return state.booked.has(reference) ? { status: 200, body: { reference, number: `PP${reference}` } } : { status: 404, body: { message: 'unknown' } };
}

function eventsAfter({ events }: State, query: URLSearchParams): JsonAnswer {
  const after = Number(query.get('after'));
  const [from, to] = [query.get('from') ?? '', query.get('to') ?? '9999'];
  return { status: 200, body: { events: events.filter(({ id, at }) => id > after && at >= from && at < to).slice(0, 100) } };
}

function tell({ events }: State, reference: string, code: string, at: Date): void {
  events.push({ id: events.length + 1, reference, number: `PP${reference}`, code, text: code, at: at.toISOString() });
}

function linesOf({ booked }: State): { readonly orderNumber: string; readonly couriers: number }[] {
  return [...booked].map(([orderNumber, couriers]) => ({ orderNumber, couriers }));
}

function sideDoor(state: State, what: string, body: string): JsonAnswer {
  if (what === 'GET /sandbox/ledger') return { status: 200, body: { calls: state.calls, orders: linesOf(state) } };
  const call = CALLS.find((name) => what === `PUT /sandbox/faults/${name}`);
  const parsed = call === undefined ? null : fault.nullable().safeParse(jsonOf(body));
  if (call === undefined || parsed?.success !== true) return { status: 404, body: { message: 'no such thing' } };
  state.faults[call] = parsed.data;
  return { status: 200, body: parsed.data };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema
  }
}

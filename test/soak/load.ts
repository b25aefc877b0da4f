import { randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { failureOf, type DossierToSend } from '../chaos/client.ts';
import type { History } from '../chaos/history.ts';
import { HOSTILE, type HostileTarget } from './hostile.ts';

/** What agencies' systems do all day, and what others do to them. */
export interface Load {
  readonly target: HostileTarget;
  readonly history: History;
  readonly dossiers: AsyncIterator<DossierToSend>;
  /** Ordinary requests a second. */
  readonly rate: number;
}

export interface Counts {
  requests: number;
  hostile: number;
  abortedUploads: number;
  /** Answers other than those that had to come, by kind. */
  readonly unexpected: Record<string, number>;
}

const PAPER = randomBytes(24 * 1024);
const ABORTED_LENGTH = 256 * 1024;
const MOST_AT_ONCE = 16;
const REQUESTS_A_CASE = 6;
const HOSTILE_EVERY = 100;
const ABORTS_A_MINUTE = 100;

/** Ends with `over`, when everything under way is answered. */
export async function runLoad(load: Load, counts: Counts, over: AbortSignal): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const begin = (work: Promise<void>): void => {
    const tracked: Promise<void> = work.catch((error: unknown) => note(counts, failureOf(error))).finally(() => underWay.delete(tracked));
    underWay.add(tracked);
  };
  const paced = async (everyMs: number, work: () => void): Promise<void> => {
    for (let due = performance.now(); !over.aborted; due = Math.max(due + everyMs, performance.now() - 1_000)) {
      await sleep(Math.max(0, due - performance.now()), undefined, { signal: over }).catch(() => null);
      while (underWay.size >= MOST_AT_ONCE && !over.aborted) await Promise.race(underWay);
      if (!over.aborted) work();
    }
  };
  await Promise.all([
    paced((REQUESTS_A_CASE / load.rate) * 1_000, () => begin(handleCase(load, counts))),
    paced((HOSTILE_EVERY / load.rate) * 1_000, () => begin(sendHostile(load.target, counts))),
    paced(60_000 / ABORTS_A_MINUTE, () => begin(abortUpload(load.target, counts))),
  ]);
  while (underWay.size > 0) await Promise.all(underWay);
}

/** A paper, a message that carries it, and the looks people and programs take at both. */
async function handleCase({ target, history, dossiers }: Load, counts: Counts): Promise<void> {
  const next = await dossiers.next();
  if (next.done === true) return;
  const { code, agencyCode } = next.value;
  const event = { dossier: code, n: 1, of: 1 };
  const paper = await ask<{ id: string }>(target, counts, 201, 'POST', '/v1/documents', PAPER, { 'content-type': 'application/pdf' });
  if (paper === null) return;
  history.note('client', { at: Date.now(), kind: 'invoke', ...event });
  const message = JSON.stringify({ type: 'dossier.progress', to: [agencyCode], documents: [{ documentId: paper.id, role: 'paper' }] });
  const sent = await ask<{ messageId: string }>(target, counts, 202, 'POST', `/v1/dossiers/${code}/messages`, message, { 'content-type': 'application/json', 'idempotency-key': code });
  if (sent === null) return history.note('client', { at: Date.now(), kind: 'fail', ...event });
  history.note('client', { at: Date.now(), kind: 'ok', ...event, messageId: sent.messageId });
  for (const path of [`/v1/messages/${sent.messageId}`, `/v1/dossiers/${code}`, `/v1/documents/${paper.id}`, '/v1/inbox']) await ask(target, counts, 200, 'GET', path);
}

/** @returns null for another status than `expected`, which is counted */
async function ask<Body>({ url, apiKey, dispatcher }: HostileTarget, counts: Counts, expected: number, method: 'GET' | 'POST', path: string, body?: string | Buffer, headers: Readonly<Record<string, string>> = {}): Promise<Body | null> {
  const answer = await request(url + path, { method, headers: { authorization: `Bearer ${apiKey}`, ...headers }, body: body ?? null, dispatcher });
  const text = await answer.body.text();
  counts.requests += 1;
  if (answer.statusCode === expected) return method === 'POST' ? (JSON.parse(text) as Body) : null;
  note(counts, `${method} ${path.split('/').slice(0, 3).join('/')}: HTTP ${answer.statusCode}`);
  return null;
}

async function sendHostile(target: HostileTarget, counts: Counts): Promise<void> {
  const hostile = HOSTILE[counts.hostile % HOSTILE.length];
  if (hostile === undefined) return;
  counts.hostile += 1;
  const status = await hostile.send(target).catch((error: unknown) => failureOf(error));
  counts.requests += 1;
  if (status !== hostile.status) note(counts, `${hostile.name}: ${status}`);
}

/** In turn a document sent whole and a piece of a resumable upload, whose connection breaks half way. */
async function abortUpload(target: HostileTarget, counts: Counts): Promise<void> {
  const isWhole = counts.abortedUploads % 2 === 0;
  counts.abortedUploads += 1;
  counts.requests += 1;
  const authorization = `Bearer ${target.apiKey}`;
  if (isWhole) return breakOff(target.url, '/v1/documents', 'POST', { authorization });
  const tus = { authorization, 'tus-resumable': '1.0.0' };
  const { headers, body, statusCode } = await request(`${target.url}/v1/uploads`, { method: 'POST', headers: { ...tus, 'upload-length': String(ABORTED_LENGTH) }, dispatcher: target.dispatcher });
  await body.dump();
  const { location } = headers;
  if (statusCode !== 201 || typeof location !== 'string') return note(counts, `POST /v1/uploads: HTTP ${statusCode}`);
  await breakOff(target.url, location, 'PATCH', { ...tus, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' });
  const ended = await request(target.url + location, { method: 'DELETE', headers: tus, dispatcher: target.dispatcher });
  await ended.body.dump();
  if (ended.statusCode !== 204) note(counts, `DELETE /v1/uploads: HTTP ${ended.statusCode}`);
}

async function breakOff(url: string, path: string, method: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const sending = httpRequest(url + path, { method, agent: false, headers: { ...headers, 'content-length': String(ABORTED_LENGTH) } });
  await new Promise<void>((resolve) => {
    sending.on('error', () => resolve()).on('close', () => resolve()); // it may be refused before
    sending.write(Buffer.alloc(ABORTED_LENGTH / 2, 0x20), () => resolve());
  });
  await sleep(50);
  sending.destroy();
}

function note({ unexpected }: Counts, what: string): void {
  unexpected[what] = (unexpected[what] ?? 0) + 1;
}

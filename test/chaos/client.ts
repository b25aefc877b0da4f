import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import type { History } from './history.ts';

/** The sending agency's software: it sends every message until it has its 202, always under the same key. */
export interface Sending {
  readonly apiUrls: readonly string[];
  readonly apiKey: string;
  readonly history: History;
  /** Of each of the senders, after each message: a load that stays the same. Default 0: as fast as it goes. */
  readonly pauseMs?: number;
}

export interface DossierToSend {
  readonly code: string;
  readonly agencyCode: string;
  readonly messages: number;
}

const AT_ONCE = 16;
const PATIENCE_MS = 120_000;

export async function sendAll(sending: Sending, dossiers: Iterator<DossierToSend> | AsyncIterator<DossierToSend>): Promise<void> {
  const agent = new Agent({ connections: AT_ONCE, headersTimeout: 15_000, bodyTimeout: 15_000 });
  const work = async (): Promise<void> => {
    for (let next = await dossiers.next(); next.done !== true; next = await dossiers.next()) {
      for (let n = 1; n <= next.value.messages; n += 1) {
        await sendOne(sending, agent, next.value, n);
        if (sending.pauseMs !== undefined) await sleep(sending.pauseMs);
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    await agent.destroy();
  }
}

async function sendOne({ apiUrls, apiKey, history }: Sending, agent: Agent, { code, agencyCode, messages }: DossierToSend, n: number): Promise<void> {
  const event = { dossier: code, n, of: messages };
  const body = JSON.stringify({ type: 'dossier.progress', to: [agencyCode], body: { n } });
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': `${code}-${n}` };
  history.note('client', { at: Date.now(), kind: 'invoke', ...event });
  const end = Date.now() + PATIENCE_MS;
  for (let tries = 0; Date.now() < end; tries += 1) {
    const url = `${apiUrls[(n + tries) % apiUrls.length] ?? ''}/v1/dossiers/${code}/messages`;
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent }).then(
      async (response) => ({ status: response.statusCode, text: await response.body.text() }),
      (error: unknown) => ({ status: 0, text: failureOf(error) }),
    );
    if (answer.status === 202) {
      const { messageId } = JSON.parse(answer.text) as { messageId: string };
      history.note('client', { at: Date.now(), kind: 'ok', ...event, messageId });
      return;
    }
    history.note('client', { at: Date.now(), kind: 'error', ...event, detail: answer.status === 0 ? answer.text : `HTTP ${answer.status}` });
    const mayTryAgain = answer.status === 0 || answer.status === 409 || answer.status === 429 || answer.status >= 500;
    if (!mayTryAgain) throw new Error(`${answer.status} for ${code}: ${answer.text}`);
    await sleep(Math.min(100 * 2 ** tries, 1_000));
  }
  history.note('client', { at: Date.now(), kind: 'fail', ...event, detail: 'no 202 in time' });
}

/** In one word where there is one, so that failures can be counted by kind. */
export function failureOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}

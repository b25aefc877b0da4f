import { Agent, request } from 'undici';
import type { History } from './history.ts';

/** The sending agency's software: it sends every message until it has its 202, always under the same key. */
export interface Sending {
  readonly apiUrls: readonly string[];
  readonly apiKey: string;
  readonly history: History;
}

export interface DossierToSend {
  readonly code: string;
  readonly agencyCode: string;
  readonly messages: number;
}

const AT_ONCE = 16;
const PATIENCE_MS = 120_000;

export async function sendAll(sending: Sending, dossiers: readonly DossierToSend[]): Promise<void> {
  const agent = new Agent({ connections: AT_ONCE, headersTimeout: 15_000, bodyTimeout: 15_000 });
  const queue = [...dossiers];
  const work = async (): Promise<void> => {
    for (let dossier = queue.shift(); dossier !== undefined; dossier = queue.shift()) {
      for (let n = 1; n <= dossier.messages; n += 1) await sendOne(sending, agent, dossier, n);
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
      (error: unknown) => ({ status: 0, text: error instanceof Error ? error.message : String(error) }),
    );
    if (answer.status === 202) {
      const { messageId } = JSON.parse(answer.text) as { messageId: string };
      history.note('client', { at: Date.now(), kind: 'ok', ...event, messageId });
      return;
    }
    const mayTryAgain = answer.status === 0 || answer.status === 409 || answer.status === 429 || answer.status >= 500;
    if (!mayTryAgain) throw new Error(`${answer.status} for ${code}: ${answer.text}`);
    await new Promise((resolve) => setTimeout(resolve, Math.min(100 * 2 ** tries, 1_000)));
  }
  history.note('client', { at: Date.now(), kind: 'fail', ...event, detail: 'no 202 in time' });
}

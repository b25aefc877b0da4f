import { Agent, request, type Dispatcher } from 'undici';
import { failureOf, sendAll, type DossierToSend } from './client.ts';
import type { History } from './history.ts';
import type { Fleet } from './processes.ts';
import type { Office } from './setup.ts';

/** One instance after the other is told to end, drains, and is followed by the next on the same port, while systems go on sending and reading. */

const ROUND = [
  ['api', 0],
  ['worker', 0],
  ['api', 1],
  ['worker', 1],
] as const;
/** Between two restarts: long enough that each meets ordinary work. */
const PAUSE_MS = 250;
const BATCH = 100;
const WAIT_SECONDS = 5;

/** Of each sender after each message: some 60 messages a second in all. */
const SENDERS_PAUSE_MS = 250;

export interface Field {
  readonly fleet: Fleet;
  readonly office: Office;
  readonly history: History;
}

export interface RestartOptions {
  readonly restarts: number;
  readonly plan: (codes: readonly string[]) => readonly DossierToSend[];
  readonly say: (text: string) => void;
}

export async function sendUnderRestarts({ fleet, office, history }: Field, { restarts, plan, say }: RestartOptions): Promise<void> {
  say(`${restarts} restarts`);
  const over = new AbortController();
  const agent = new Agent();
  const sending = { apiUrls: fleet.apiUrls, apiKey: office.senderKey, history };
  const clients = Promise.all([
    sendAll({ ...sending, pauseMs: SENDERS_PAUSE_MS }, dossiersUntil(over.signal, office, plan)),
    readInboxUntil(over.signal, sending.apiUrls, sending.apiKey, history, agent),
  ]);
  try {
    const restarting = restartAlong(fleet, restarts, history, (done) => done % 10 === 0 && say(`${done} restarts`));
    await Promise.race([restarting, clients]); // the clients end before only when one of them fails
    await restarting;
  } finally {
    over.abort();
    await clients;
    await agent.destroy();
  }
}

async function restartAlong(fleet: Fleet, restarts: number, history: History, onDone: (done: number) => unknown): Promise<void> {
  for (let done = 0; done < restarts; done += 1) {
    const [role, index] = ROUND[done % ROUND.length] ?? ROUND[0];
    const { drainMs, exitCode } = await fleet.restart(role, index);
    history.note('faults', { at: Date.now(), kind: 'restart', what: role, drainMs, exitCode });
    onDone(done + 1);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** Dossiers without end until `over`, opened as they are needed. */
export async function* dossiersUntil(over: AbortSignal, office: Office, plan: (codes: readonly string[]) => readonly DossierToSend[]): AsyncGenerator<DossierToSend> {
  for (let opened = 0; !over.aborted; opened += BATCH) {
    for (const dossier of plan(await office.openDossiers(BATCH, opened))) {
      if (over.aborted) return;
      yield dossier;
    }
  }
}

/** A system that always has a reading of its inbox waiting: an instance that ends answers it before. */
async function readInboxUntil(over: AbortSignal, apiUrls: readonly string[], apiKey: string, history: History, dispatcher: Dispatcher): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}`, prefer: `wait=${WAIT_SECONDS}` };
  for (let tries = 0; !over.aborted; tries += 1) {
    const failure = await request(`${apiUrls[tries % apiUrls.length] ?? ''}/v1/inbox`, { headers, dispatcher }).then(
      async ({ statusCode, body }) => (await body.dump(), statusCode === 200 ? null : `HTTP ${statusCode}`),
      (error: unknown) => failureOf(error),
    );
    if (failure === null) continue;
    history.note('client', { at: Date.now(), kind: 'error', dossier: 'inbox', n: 0, of: 0, detail: failure });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

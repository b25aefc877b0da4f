import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { random } from '../simulation/random.ts';
import { sendAll, type DossierToSend } from './client.ts';
import { count, isPassed, isUnnoticed, type Count } from './count.ts';
import { readHistories, startHistory } from './history.ts';
import { killAlong, planKills } from './killer.ts';
import { readOptions, USAGE, type ChaosOptions } from './options.ts';
import { FAULTS, PARTNERS, startPartners, type ChaosPartner } from './partners.ts';
import { startFleet, type Fleet } from './processes.ts';
import { sendUnderRestarts } from './restarts.ts';
import { startServers, type Servers } from './servers.ts';
import { openOffice, type Office } from './setup.ts';

/**
 * The gateway in real processes over real servers, while both are killed and partners misbehave. Exit 0 only when nothing was lost, doubled or out of order, and every kind of kill and fault happened.
 */

/** What has to end when the run is broken off, last started first. */
const running: (() => Promise<void>)[] = [];
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void running
      .reverse()
      .reduce((done, end) => done.then(end), Promise.resolve())
      .finally(() => process.exit(1));
  });
}
process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0 passed, 1 failed, 2 an option that cannot be read */
async function main(args: readonly string[]): Promise<number> {
  let given: ChaosOptions | 'help';
  try {
    given = readOptions(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (given === 'help') {
    console.log(USAGE);
    return 0;
  }
  return (await runChaos(given)) ? 0 : 1;
}

async function runChaos(given: ChaosOptions): Promise<boolean> {
  buildOnce();
  rmSync(given.out, { recursive: true, force: true });
  mkdirSync(given.out, { recursive: true });
  const servers = await startServers(given.backend);
  running.push(() => servers.close());
  try {
    const office = await openOffice(servers);
    try {
      return await trial(given, servers, office);
    } finally {
      await office.close();
    }
  } finally {
    await servers.close();
  }
}

function buildOnce(): void {
  const built = spawnSync(process.execPath, [fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url)), '--if-changed'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) throw new Error('The gateway could not be built');
}

async function trial(given: ChaosOptions, servers: Servers, office: Office): Promise<boolean> {
  const dice = random(given.seed);
  const history = startHistory(given.out);
  let fleet: Fleet | null = null;
  const partners = await startPartners({ dice, history, secretOf: office.secretOf, acknowledgeAgain: (id, message) => void acknowledge(fleet, office.apiKeyOf(id), message) });
  try {
    for (const { id, server } of partners) await office.setUrl(id, server.url);
    fleet = await startFleet(servers, given.without === null ? null : { script: 'test/chaos/broken-worker.ts', without: given.without }, given.out);
    const started = fleet;
    running.push(() => started.close());
    const field = { servers, office, fleet, partners, history, dice };
    const began = Date.now();
    if (given.restarts > 0) await sendUnderRestarts(field, { restarts: given.restarts, plan, say: (text) => say(given, text) });
    else await sendUnderFire(given, field);
    const drained = await drain(given, office);
    const seconds = (Date.now() - began) / 1_000;
    if (!drained) say(given, 'not everything was delivered in time');
    await new Promise((resolve) => setTimeout(resolve, 3_500)); // effects that are still under way would be the doubled ones
    await fleet.close();
    fleet = null;
    const deaths = deathsIn(given.out);
    for (const entry of await office.ledger(deaths)) history.note('ledger', entry);
    await history.close();
    return report(given, { ...count(readHistories(given.out)), log: await office.checkLog() }, seconds);
  } finally {
    await fleet?.close();
    for (const { server } of partners) await server.close();
  }
}

/** Every fourth dossier has three messages, whose order counts. */
function plan(codes: readonly string[]): DossierToSend[] {
  return codes.map((code, index) => ({ code, agencyCode: PARTNERS[index % PARTNERS.length]?.agencyCode ?? '', messages: index % 4 === 0 ? 3 : 1 }));
}

interface Field {
  readonly servers: Servers;
  readonly office: Office;
  readonly fleet: Fleet;
  readonly partners: readonly ChaosPartner[];
  readonly history: ReturnType<typeof startHistory>;
  readonly dice: ReturnType<typeof random>;
}

async function sendUnderFire(given: ChaosOptions, { servers, office, fleet, partners, history, dice }: Field): Promise<void> {
  say(given, `${given.dossiers} dossiers, ${given.kills} kills, ${given.backend}, seed ${given.seed}`);
  const dossiers = plan(await office.openDossiers(given.dossiers));
  const total = dossiers.reduce((sum, { messages }) => sum + messages, 0);
  const progress = (): number => partners.reduce((sum, { server }) => sum + server.effects.length, 0) / total;
  const over = new AbortController();
  const killing = killAlong({ dice, plan: planKills(dice, given.kills, given.backend), fleet, servers, history, progress, signal: over.signal, pausesOften: given.without === 'fence' });
  const ticker = setInterval(() => say(given, `${Math.round(progress() * 100)} % delivered`), 5_000);
  try {
    await sendAll({ apiUrls: fleet.apiUrls, apiKey: office.senderKey, history }, dossiers.values());
    await Promise.race([killing, new Promise((resolve) => setTimeout(resolve, given.without === null ? 120_000 : 20_000))]);
  } finally {
    over.abort();
    clearInterval(ticker);
    await killing;
  }
}

async function drain(given: ChaosOptions, office: Office): Promise<boolean> {
  const patienceMs = given.without === null ? 120_000 : 45_000;
  for (const end = Date.now() + patienceMs; Date.now() < end; ) {
    const open = await office.countOpen().catch(() => -1); // the database may just be starting again
    if (open === 0) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

function deathsIn(dir: string): number[] {
  return readHistories(dir)
    .faults.filter((event) => (event.kind === 'kill' && (event.what === 'worker' || event.what === 'db')) || event.what === 'workerPaused')
    .map((event) => event.at);
}

function report(given: ChaosOptions, result: Count & { readonly log: Awaited<ReturnType<Office['checkLog']>> }, seconds: number): boolean {
  const expected = ['worker', 'api', 'db', ...(given.backend === 'redis' ? ['redis'] : []), ...FAULTS].slice(0, given.kills < 4 ? 0 : undefined);
  const kept =
    given.restarts > 0
      ? isUnnoticed(result) && isPassed(result, { ...given, dossiers: result.begun }, []) && Object.values(result.restarts).reduce((sum, times) => sum + times, 0) === given.restarts
      : isPassed(result, given, expected);
  const passed = kept && result.log.faults.length === 0;
  const summary = { ...result, seconds: Math.round(seconds * 10) / 10, seed: given.seed };
  writeFileSync(join(given.out, 'summary.json'), `${JSON.stringify({ passed, ...summary }, null, 2)}\n`);
  if (given.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else process.stdout.write(`${passed ? 'passed' : 'FAILED'}: ${JSON.stringify(summary, null, 2)}\n`);
  return passed;
}

async function acknowledge(fleet: Fleet | null, apiKey: string, message: { readonly messageId: string; readonly manifestSha256: string }): Promise<void> {
  const body = JSON.stringify({ messageId: message.messageId, manifestSha256: message.manifestSha256 });
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': `again-${message.messageId}` };
  await fetch(`${fleet?.apiUrls[0] ?? ''}/v1/inbox/${message.messageId}/receipt`, { method: 'POST', headers, body }).then(
    (response) => response.arrayBuffer(),
    () => null, // an API that is just being killed hears nothing, and need not
  );
}

function say({ json }: ChaosOptions, text: string): void {
  if (!json || process.stderr.isTTY) process.stderr.write(`chaos: ${text}\n`);
}

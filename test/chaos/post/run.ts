import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { random, type Random } from '../../simulation/random.ts';
import { planKills, type Kill } from '../killer.ts';
import { startFleet, type BrokenWorker, type Fleet } from '../processes.ts';
import { startServers, type Servers } from '../servers.ts';
import { CARRIER_FAULTS, LATE_UNGUARDED_MS, QUARANTINE_MS, startCarriers, TIMEOUT_MS, type ChaosCarrier } from './carriers.ts';
import { countPost, isPostPassed, type PostHistories } from './count.ts';
import { readPostHistories, writePostHistories } from './history.ts';
import { openPostOffice, type PostOffice } from './office.ts';
import { readPostOptions, type PostChaosOptions } from './options.ts';

/**
 * Orders to the post while the gateway's processes and its database are killed, and carriers lose answers, act late and fail. Exit 0 only
 * when no order booked two couriers, none was lost, and none waits but where the carrier cannot be asked.
 */

const given = readPostOptions(process.argv.slice(2));

/** `--break quarantine`: a carrier's "no such order" is believed at once after the time-out. */
const PACE = {
  schedule: { delaysMs: [200, 500, 1_000, 2_000, ...Array.from({ length: 60 }, () => 2_000)], jitter: 0.2 },
  timeoutMs: given.without === 'quarantine' ? 1 : TIMEOUT_MS,
  quarantineMs: given.without === 'quarantine' ? 2 : QUARANTINE_MS,
};

/** A carrier's late effects come after twice their delay, and its feed is read once a second. */
const LATEST_EFFECT_MS = given.without === 'quarantine' ? 2 * LATE_UNGUARDED_MS + 4_000 : 4_000;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };


async function runPostChaos(): Promise<boolean> {
  const built = spawnSync(process.execPath, [fileURLToPath(new URL('../../../scripts/build.mjs', import.meta.url)), '--if-changed'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) throw new Error('The gateway could not be built');
  rmSync(given.out, { recursive: true, force: true });
  mkdirSync(given.out, { recursive: true });
  const servers = await startServers('pg');
  try {
    const office = await openPostOffice(servers);
    try {
      return await trial(servers, office);
    } finally {
      await office.close();
    }
  } finally {
    await servers.close();
  }
}

async function trial(servers: Servers, office: PostOffice): Promise<boolean> {
  const dice = random(given.seed);
  const histories: Mutable<PostHistories> = { client: [], gateway: [], carriers: [], faults: [] };
  const note = (kind: 'kill' | 'fault', what: string): void => void histories.faults.push({ at: Date.now(), kind, what });
  const { carriers, postalFile } = await startCarriers({ dice, folder: servers.folder, without: given.without, note: (what) => note('fault', what) });
  let fleet: Fleet | null = null;
  try {
    const dossiers = await office.openDossiers(Math.ceil((given.orders * 3) / 4));
    const paceFile = join(servers.folder, 'post-delivery.json');
    writeFileSync(paceFile, JSON.stringify(PACE));
    fleet = await startFleet(servers, brokenWorker(given.without), given.out, { LIENTHONG_POSTAL_FILE: postalFile, LIENTHONG_DELIVERY_FILE: paceFile });
    const began = Date.now();
    await orderUnderFire({ servers, office, fleet, carriers, dossiers, dice, histories, note });
    await drain(office);
    await sleep(LATEST_EFFECT_MS); // effects that are still under way would be the doubled ones, and the feed has to tell about them
    await fleet.close();
    fleet = null;
    const deaths = histories.faults.filter(({ kind, what }) => (kind === 'kill' && what !== 'api') || what === 'workerPaused').map(({ at }) => at);
    histories.gateway.push(...(await office.records(deaths)));
    histories.carriers.push(...carriers.map((carrier) => ({ carrier: carrier.name, lookup: carrier.lookup, placed: carrier.placed(), lines: carrier.lines() })));
    writePostHistories(given.out, histories);
    return report(given, readPostHistories(given.out), (Date.now() - began) / 1_000);
  } finally {
    await fleet?.close();
    for (const carrier of carriers) await carrier.close();
  }
}

/** What is switched off in the worker; the others are settings. */
function brokenWorker(without: PostChaosOptions['without']): BrokenWorker | null {
  return without === 'number' || without === 'cursor' ? { script: 'test/chaos/post/broken-worker.ts', without } : null;
}

interface Field {
  readonly servers: Servers;
  readonly office: PostOffice;
  readonly fleet: Fleet;
  readonly carriers: readonly ChaosCarrier[];
  readonly dossiers: readonly string[];
  readonly dice: Random;
  readonly histories: Mutable<PostHistories>;
  readonly note: (kind: 'kill' | 'fault', what: string) => void;
}

/** Every dossier gets one leg; with carriers that can be asked by number, whose lanes never wait for a person, every second one a further. */
async function orderUnderFire(field: Field): Promise<void> {
  const { office, fleet, carriers, dossiers, histories } = field;
  const agent = new Agent({ connections: 12, headersTimeout: 15_000, bodyTimeout: 15_000 });
  const orders = dossiers.flatMap((dossier, index) => {
    const carrier = carriers[index % carriers.length];
    if (carrier === undefined) return [];
    return [[{ dossier, carrier: carrier.name, leg: 1 }, ...(carrier.lookup === 'by-number' ? [{ dossier, carrier: carrier.name, leg: 2 }] : [])]];
  });
  const total = orders.reduce((sum, legs) => sum + legs.length, 0);
  const placed = (): number => carriers.reduce((sum, carrier) => sum + carrier.lines().length, 0) / total;
  const over = new AbortController();
  const killing = killAlong(field, planKills(field.dice, given.kills, 'pg'), placed, over.signal);
  const queue = [...orders];
  const work = async (): Promise<void> => {
    for (let legs = queue.shift(); legs !== undefined; legs = queue.shift()) {
      for (const leg of legs) histories.client.push(await order(fleet, office.apiKey, agent, leg));
    }
  };
  try {
    await Promise.all(Array.from({ length: 12 }, work));
    await Promise.race([killing, sleep(90_000)]);
  } finally {
    over.abort();
    await killing;
    await agent.destroy();
  }
}

const LEGS = ['DELIVER_RESULT', 'RETURN_DOSSIER'] as const;
const party = (name: string, provinceCode: string, communeCode: string): object => ({ name, phone: '0900000001', address: { line: '1 Đường Thử Nghiệm', provinceCode, communeCode } });

async function order(fleet: Fleet, apiKey: string, agent: Agent, { dossier, carrier, leg }: { readonly dossier: string; readonly carrier: string; readonly leg: number }): Promise<PostHistories['client'][number]> {
  const body = JSON.stringify({ dossierCode: dossier, leg: LEGS[leg - 1], carrier, sender: party('Một cửa (mẫu)', '46', '19777'), recipient: party('Trần Văn Mẫu', '48', '20000'), contents: [{ title: 'Kết quả' }] });
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': `${dossier}-${leg}` };
  for (let tries = 0; tries < 200; tries += 1) {
    const url = `${fleet.apiUrls[tries % fleet.apiUrls.length] ?? ''}/v1/postal-orders`;
    const answer = await request(url, { method: 'POST', headers, body, dispatcher: agent }).then(
      async (response) => ({ status: response.statusCode, text: await response.body.text() }),
      (error: unknown) => ({ status: 0, text: error instanceof Error ? error.message : String(error) }),
    );
    if (answer.status === 202) {
      const { id, orderNumber } = JSON.parse(answer.text) as { id: string; orderNumber: string };
      return { orderId: id, orderNumber, carrier, dossier, leg };
    }
    if (answer.status !== 0 && answer.status !== 429 && answer.status < 500) throw new Error(`${answer.status} for ${dossier}: ${answer.text}`);
    await sleep(Math.min(50 * 2 ** tries, 1_000));
  }
  throw new Error(`No answer for ${dossier} in time`);
}

async function killAlong({ dice, fleet, servers, note }: Field, plan: readonly Kill[], progress: () => number, signal: AbortSignal): Promise<void> {
  for (const [index, kind] of plan.entries()) {
    while (progress() < (index + 0.5) / (plan.length + 2)) {
      if (signal.aborted) return;
      await sleep(10);
    }
    note('kill', kind);
    if (kind === 'db') await servers.restartDatabase();
    else fleet.kill(kind === 'api' ? 'api' : 'worker', dice.between(0, 1));
    if (index % 6 === 3) {
      note('fault', 'workerPaused');
      fleet.pause(dice.between(0, 1), dice.between(7_000, 9_000));
    }
  }
}

/** Longer than any lease, quarantine and wait of the schedule together: a machine may be slow, and only what stands still has failed. */
const STALLED_MS = 90_000;

/** Waits for as long as fewer and fewer are open. */
async function drain(office: PostOffice): Promise<void> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let fewerAt = Date.now(); Date.now() - fewerAt < STALLED_MS; await sleep(100)) {
    const open = await office.countOpen().catch(() => Number.POSITIVE_INFINITY); // the database may just be starting again
    if (open === 0) return;
    if (open < fewest) [fewest, fewerAt] = [open, Date.now()];
  }
}

function report({ orders, kills, seed, json, out, without }: PostChaosOptions, histories: PostHistories, seconds: number): boolean {
  const result = countPost(histories);
  // A trial without a safeguard fails by what came of that alone, and not because it plays fewer faults.
  const passed = isPostPassed(result, orders, kills < 3 || without !== null ? [] : ['worker', 'api', 'db', ...CARRIER_FAULTS]);
  const summary = { ...result, seconds: Math.round(seconds * 10) / 10, seed };
  writeFileSync(join(out, 'summary.json'), `${JSON.stringify({ passed, ...summary }, null, 2)}\n`);
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${passed ? 'passed' : 'FAILED'}: ${JSON.stringify(summary, null, 2)}\n`);
  return passed;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

process.exitCode = (await runPostChaos()) ? 0 : 1;

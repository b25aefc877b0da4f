import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent } from 'undici';
import type { DossierToSend } from '../chaos/client.ts';
import { count, type Count } from '../chaos/count.ts';
import { readHistories, startHistory } from '../chaos/history.ts';
import { PARTNERS, startPartners } from '../chaos/partners.ts';
import { dossiersUntil } from '../chaos/restarts.ts';
import { startServers, type Servers } from '../chaos/servers.ts';
import { openOffice, type Office } from '../chaos/setup.ts';
import { random } from '../simulation/random.ts';
import { startSoakedGateway, type SoakedGateway } from './gateway.ts';
import { runLoad, type Counts, type Load } from './load.ts';
import { BARS, figuresOf, type Figures, type Sample } from './measure.ts';
import { readOptions, USAGE, type SoakOptions } from './options.ts';

/**
 * Steady work for minutes, some of it hostile: whatever the gateway does not give back shows here. Exit 0 only when descriptors stay flat,
 * memory does not creep, the event loop stays free, every answer was the right one, and nothing was lost or doubled.
 */

const WARM_UP_SHARE = 1 / 6;
const MOST_WARM_UP_MS = 60_000;
/** Pools of connections give back after 10 s what they do not use. */
const REST_MS = 11_000;
const LONGEST_REST_MS = 30_000;
const SAMPLE_EVERY_MS = 1_000;
const DRAIN_LIMIT_MS = 120_000;

process.exitCode = await main(process.argv.slice(2));

/** @returns the exit code: 0 passed, 1 failed, 2 an option that cannot be read */
async function main(args: readonly string[]): Promise<number> {
  let given: SoakOptions | 'help';
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
  return (await soak(given)) ? 0 : 1;
}

async function soak(given: SoakOptions): Promise<boolean> {
  const built = spawnSync(process.execPath, [fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url)), '--if-changed'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) throw new Error('The gateway could not be built');
  rmSync(given.out, { recursive: true, force: true });
  mkdirSync(given.out, { recursive: true });
  const servers = await startServers(given.backend);
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

async function trial(given: SoakOptions, servers: Servers, office: Office): Promise<boolean> {
  const history = startHistory(given.out);
  const partners = await startPartners({ dice: random(1), history, secretOf: office.secretOf, acknowledgeAgain: () => undefined });
  let gateway: SoakedGateway | null = null;
  try {
    for (const { id, server } of partners) await office.setUrl(id, server.url);
    gateway = await startSoakedGateway(servers, given.out);
    const measured = await measure(given, gateway, office, history);
    for (const entry of await office.ledger([])) history.note('ledger', entry);
    const exitCode = await gateway.close();
    gateway = null;
    await history.close();
    return report(given, { ...measured, exitCode }, count(readHistories(given.out)));
  } finally {
    await gateway?.close();
    for (const { server } of partners) await server.close();
  }
}

interface Measured {
  readonly seconds: number;
  readonly counts: Counts;
  readonly figures: Figures;
  readonly loopP99Ms: number;
  readonly exitCode: number | null;
}

async function measure(given: SoakOptions, gateway: SoakedGateway, office: Office, history: Load['history']): Promise<Omit<Measured, 'exitCode'>> {
  const measuredMs = given.minutes * 60_000;
  const warmUpMs = Math.min(MOST_WARM_UP_MS, measuredMs * WARM_UP_SHARE);
  const counts: Counts = { requests: 0, hostile: 0, abortedUploads: 0, unexpected: {} };
  const over = new AbortController();
  const dispatcher = new Agent({ connections: 16, headersTimeout: 30_000, bodyTimeout: 30_000 });
  const load: Load = { target: { url: gateway.url, apiKey: office.senderKey, dispatcher }, history, rate: given.rate, dossiers: dossiersUntil(over.signal, office, planOne) };
  const loadFor = async (ms: number, during: (end: AbortSignal) => Promise<void>): Promise<void> => {
    const end = AbortSignal.timeout(ms);
    await Promise.all([runLoad(load, counts, end), during(end)]);
    await whenDelivered(office);
    await sleep(REST_MS);
  };
  try {
    say(given, `warm-up of ${Math.round(warmUpMs / 1_000)} s`);
    await loadFor(warmUpMs, () => Promise.resolve());
    const before = await gateway.descriptors();
    await gateway.loopP99Ms(); // begins a new count
    Object.assign(counts, { requests: 0, hostile: 0, abortedUploads: 0 });
    const samples: Sample[] = [];
    let loopP99Ms = Number.NaN;
    const began = Date.now();
    let seconds = 0;
    await loadFor(measuredMs, async (end) => {
      while (!end.aborted) {
        samples.push({ atMs: Date.now() - began, requests: counts.requests, rssMb: await gateway.rssMb(), descriptors: await gateway.descriptors() });
        if (samples.length % 30 === 0) say(given, `${counts.requests} requests, ${Math.round(samples.at(-1)?.rssMb ?? 0)} MB, ${samples.at(-1)?.descriptors} descriptors`);
        await sleep(SAMPLE_EVERY_MS, undefined, { signal: end }).catch(() => null);
      }
      loopP99Ms = await gateway.loopP99Ms();
      seconds = (Date.now() - began) / 1_000;
    });
    writeFileSync(join(given.out, 'samples.jsonl'), samples.map((sample) => `${JSON.stringify(sample)}\n`).join(''));
    return { seconds, counts, loopP99Ms, figures: figuresOf(samples, { before, after: await descriptorsAtRest(gateway, before + BARS.descriptorGrowth) }) };
  } finally {
    over.abort();
    await dispatcher.destroy();
  }
}

function report(given: SoakOptions, { seconds, counts, figures, loopP99Ms, exitCode }: Measured, result: Count): boolean {
  const { begun, accepted, delivered, parked, open, lost, duplicateEffects } = result;
  const checks: Readonly<Record<string, boolean>> = {
    'descriptors flat': figures.descriptorGrowth <= BARS.descriptorGrowth,
    memory: figures.rssJudgedBy === 'slope' ? figures.rssSlopeMbPer10k < BARS.rssSlopeMb : figures.rssGrowthMb < BARS.rssGrowthMb,
    'event loop': loopP99Ms < given.loopP99Ms,
    'every answer the right one': Object.keys(counts.unexpected).length === 0,
    'nothing lost or doubled': accepted === begun && delivered === accepted && parked + open + lost + duplicateEffects === 0,
    'something done': delivered > 0 && counts.hostile > 0 && counts.abortedUploads > 0,
    'drained at the end': exitCode === 0,
  };
  const failed = Object.keys(checks).filter((name) => checks[name] === false);
  const summary = {
    ok: failed.length === 0,
    failed,
    seconds: Math.round(seconds),
    ...counts,
    requestsPerSecond: Math.round(counts.requests / seconds),
    ...figures,
    loopP99Ms: Math.round(loopP99Ms * 10) / 10,
    accepted,
    delivered,
    parked,
    open,
    lost,
    duplicateEffects,
    loadAverage: loadavg().map((load) => Math.round(load * 10) / 10),
  };
  writeFileSync(join(given.out, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  if (given.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
  else process.stdout.write(`${failed.length === 0 ? 'passed' : `FAILED: ${failed.join(', ')}`}\n${JSON.stringify(summary, null, 2)}\n`);
  return failed.length === 0;
}

/** Connections that were the last to be used are given back last: a leak stays however long it is looked at. */
async function descriptorsAtRest(gateway: SoakedGateway, wanted: number): Promise<number> {
  let descriptors = await gateway.descriptors();
  for (const end = Date.now() + LONGEST_REST_MS; descriptors > wanted && Date.now() < end; descriptors = await gateway.descriptors()) await sleep(1_000);
  return descriptors;
}

/** Gives up after a while: what is open then shows in the count. */
async function whenDelivered(office: Office): Promise<void> {
  for (const end = Date.now() + DRAIN_LIMIT_MS; Date.now() < end; await sleep(100)) if ((await office.countOpen()) === 0) return;
}

function planOne(codes: readonly string[]): DossierToSend[] {
  return codes.map((code, index) => ({ code, agencyCode: PARTNERS[index % PARTNERS.length]?.agencyCode ?? '', messages: 1 }));
}

function say({ json }: SoakOptions, text: string): void {
  if (!json || process.stderr.isTTY) process.stderr.write(`soak: ${text}\n`);
}

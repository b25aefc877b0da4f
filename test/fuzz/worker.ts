import { closeSync, openSync, writeSync } from 'node:fs';
import { createNotary } from '../conformance/mutants/notary.ts';
import { inputOf, tryInput } from './case.ts';
import type { FuzzMessage, TargetCount } from './messages.ts';
import { collectSeeds } from './seeds.ts';
import { targetsOf, type Target } from './targets.ts';

/**
 * One process that tries inputs until its time is up: `worker.ts <seed> <seconds> <first turn> <progress file> <targets or *>`. Before
 * each input it writes which one it is, so that whoever watches can tell what it hangs on.
 */
const [seedText = '1', secondsText = '10', firstTurn = '0', progressPath = '', wanted = '*'] = process.argv.slice(2);
const seed = Number(seedText);
const WARM_UP_TURNS = 20;

await main();

async function main(): Promise<void> {
  const notary = await createNotary();
  const all = targetsOf(notary, await collectSeeds(notary));
  const targets = wanted === '*' ? all : all.filter(({ name }) => wanted.split(',').includes(name));
  const progress = openSync(progressPath, 'w');
  try {
    await tryTurns(targets, progress);
  } finally {
    closeSync(progress);
  }
}

async function tryTurns(targets: readonly Target[], progress: number): Promise<void> {
  const until = performance.now() + Number(secondsText) * 1_000;
  const counts = new Map<string, TargetCount>(targets.map(({ name }) => [name, { inputs: 0, read: 0, refused: 0, slowestMs: 0 }]));
  let baseRss = 0;
  let peakRss = 0;
  for (let turn = Number(firstTurn); performance.now() < until; turn++) {
    if (turn === Number(firstTurn) + WARM_UP_TURNS) baseRss = process.memoryUsage.rss();
    for (const target of targets) for (let i = 0; i < target.share; i++) await tryCase(target, turn * target.share + i, turn, progress, counts);
    peakRss = Math.max(peakRss, process.memoryUsage.rss());
  }
  const grown = baseRss === 0 ? 0 : Math.max(0, peakRss - baseRss);
  send({ kind: 'done', counts: Object.fromEntries(counts), rssGrowthMb: Math.round(grown / 1024 / 1024) });
}

async function tryCase(target: Target, number: number, turn: number, progress: number, counts: Map<string, TargetCount>): Promise<void> {
  writeSync(progress, `${target.name} ${number} ${turn}`.padEnd(60), 0);
  const { input, outcome, fault, cpuMs } = await tryInput(target, inputOf(target, seed, number));
  const known = counts.get(target.name) ?? { inputs: 0, read: 0, refused: 0, slowestMs: 0 };
  counts.set(target.name, { inputs: known.inputs + 1, read: known.read + (outcome === 'read' ? 1 : 0), refused: known.refused + (outcome === 'refused' ? 1 : 0), slowestMs: Math.max(known.slowestMs, Math.round(cpuMs)) });
  if (fault !== null) send({ kind: 'fault', target: target.name, number, reason: fault, inputBase64: input.toString('base64') });
}

function send(message: FuzzMessage): void {
  process.send?.(message);
}

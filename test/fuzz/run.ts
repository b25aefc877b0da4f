import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { PROJECT_ROOT } from '../support/vectors.ts';
import type { FuzzMessage, TargetCount } from './messages.ts';

/**
 * `npm run fuzz -- [--seconds N] [--seed S] [--targets der,cms,…] [--json]`: seeded mutations of inputs of every reader of untrusted
 * bytes. Exit 1 on a crash, an error that is not ours, an input above one second of CPU time, a hang, or memory above the bound; each
 * is printed with seed, target and case, and its input lies in out/fuzz/. With `--json` the last line of stdout is
 * `{seconds, seed, inputs, rssGrowthMb, targets: {name: {inputs, read, refused, slowestMs}}, faults: [{target, case, reason, file}]}`.
 */
const MAX_RSS_GROWTH_MB = 256;
/** Of the wall: a busy machine may take its time over an input, though not this long. */
const HANG_MS = 30_000;
const OUT = join(PROJECT_ROOT, 'out', 'fuzz');

interface Fault {
  readonly target: string;
  readonly case: number;
  readonly reason: string;
  /** Relative to the project. */
  readonly file: string | null;
}

interface FuzzResult {
  readonly seconds: number;
  readonly seed: number;
  readonly inputs: number;
  readonly rssGrowthMb: number;
  readonly targets: Readonly<Record<string, TargetCount>>;
  readonly faults: readonly Fault[];
}

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' }, targets: { type: 'string', default: '*' }, json: { type: 'boolean', default: false } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isSafeInteger(seed)) {
  console.error('--seconds takes a number above 0, --seed a whole number');
  process.exitCode = 2;
} else await main();

async function main(): Promise<void> {
  const result = await fuzz();
  print(result);
  if (values.json) console.log(JSON.stringify(result));
  if (result.faults.length > 0 || result.rssGrowthMb > MAX_RSS_GROWTH_MB || result.inputs === 0) process.exitCode = 1;
}

async function fuzz(): Promise<FuzzResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-fuzz-'));
  const progressPath = join(folder, 'progress');
  const until = performance.now() + seconds * 1_000;
  const faults: Fault[] = [];
  let counts: Readonly<Record<string, TargetCount>> = {};
  let rssGrowthMb = 0;
  try {
    for (let turn = 0; turn === 0 || performance.now() < until; ) {
      const left = Math.max(1, Math.ceil((until - performance.now()) / 1_000));
      const ended = await runWorker(left, turn, progressPath, faults);
      if (ended.done !== null) {
        counts = ended.done.counts;
        rssGrowthMb = ended.done.rssGrowthMb;
        break;
      }
      turn = ended.nextTurn;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const inputs = Object.values(counts).reduce((sum, count) => sum + count.inputs, 0);
  return { seconds, seed, inputs, rssGrowthMb, targets: counts, faults };
}

interface Ended {
  readonly done: (FuzzMessage & { readonly kind: 'done' }) | null;
  /** Where to go on after a crash or a hang. */
  readonly nextTurn: number;
}

/** One process until its time is up, or until it dies of an input. */
function runWorker(left: number, turn: number, progressPath: string, faults: Fault[]): Promise<Ended> {
  writeFileSync(progressPath, '');
  const worker = fork(fileURLToPath(new URL('./worker.ts', import.meta.url)), [String(seed), String(left), String(turn), progressPath, values.targets], { execArgv: ['--import', 'tsx'] });
  const watch = watchProgress(worker, progressPath);
  return new Promise((resolve) => {
    let done: Ended['done'] = null;
    worker.on('message', (message: FuzzMessage) => {
      if (message.kind === 'done') done = message;
      else faults.push(record(message));
    });
    worker.on('exit', (code, signal) => {
      const hung = watch.stop();
      const [target = 'worker', number = '0', last = String(turn)] = readFileSync(progressPath, 'utf8').trim().split(' ');
      if (done === null) faults.push({ target, case: Number(number), reason: hung ? `no answer within ${HANG_MS} ms` : `the process ended with ${signal ?? `code ${code ?? 'unknown'}`}`, file: null });
      resolve({ done, nextTurn: Number(last) + 1 });
    });
  });
}

function watchProgress(worker: ChildProcess, progressPath: string): { stop(): boolean } {
  let last = '';
  let since = performance.now();
  let hung = false;
  const timer = setInterval(() => {
    const now = readFileSync(progressPath, 'utf8');
    if (now !== last) [last, since] = [now, performance.now()];
    if (now === '' || performance.now() - since < HANG_MS) return;
    hung = true;
    worker.kill('SIGKILL');
  }, 500);
  return {
    stop: () => {
      clearInterval(timer);
      return hung;
    },
  };
}

function record({ target, number, reason, inputBase64 }: FuzzMessage & { readonly kind: 'fault' }): Fault {
  mkdirSync(OUT, { recursive: true });
  const file = join('out', 'fuzz', `${target}-${seed}-${number}.bin`);
  writeFileSync(join(PROJECT_ROOT, file), Buffer.from(inputBase64, 'base64'));
  return { target, case: number, reason, file };
}

function print({ targets, faults, inputs, rssGrowthMb }: FuzzResult): void {
  const table = new Table({ head: ['target', 'inputs', 'read', 'refused', 'slowest, ms of CPU'], style: { head: [], border: [] }, colAligns: ['left', 'right', 'right', 'right', 'right'] });
  for (const [name, count] of Object.entries(targets)) table.push([name, count.inputs, count.read, count.refused, count.slowestMs]);
  console.log(table.toString());
  console.log(`${inputs} inputs in ${seconds} s, seed ${seed}; memory grew by ${rssGrowthMb} MB (limit ${MAX_RSS_GROWTH_MB})`);
  for (const fault of faults) console.log(`FAULT ${fault.target} seed ${seed} case ${fault.case}${fault.file === null ? '' : ` (${fault.file})`}: ${fault.reason}`);
}

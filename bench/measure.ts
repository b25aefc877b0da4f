/** What a case came to. CPU time is of this process, all threads. */
export interface CaseResult {
  readonly opsPerSecond: number;
  readonly cpuPerOpMs: number;
  /** Share of the bare cryptographic operations in the whole: 1 would be nothing else. */
  readonly ratioToPrimitives?: number;
  /** CPU time beyond the bare operations: what is this program's own. */
  readonly ownCpuMs?: number;
  /** Against `openssl speed` of the same operation on one core. */
  readonly ratioToOpenssl?: number;
  readonly peers?: Readonly<Record<string, { readonly opsPerSecond: number; readonly cpuPerOpMs?: number; readonly addedRssMb?: number }>>;
  readonly peakRssMb?: number;
  /** Peak beyond what the process had before the work. */
  readonly addedRssMb?: number;
  /** Delay of the gateway's event loop, 99th percentile. */
  readonly eventLoopP99Ms?: number;
  /** Requests to authorities for each. */
  readonly roundTrips?: number;
  /** The same for the first, before anything of the chains is known. */
  readonly firstRoundTrips?: number;
}

export interface Bench {
  readonly name: string;
  run(): Promise<Readonly<Record<string, CaseResult>>>;
}

/** Ops per second, and CPU time of each; medians over rounds. */
export interface Speed {
  readonly opsPerSecond: number;
  readonly cpuPerOpMs: number;
}

export type Operation = () => unknown;

const ROUNDS = 9;
const ROUND_MS = 250;
const WARM_UP_MS = 3_000;

/**
 * Operations that take turns, a short round each, so that a machine that grows slower or busier does so for all of them; the median
 * round of each counts.
 */
export async function compare<Name extends string>(operations: Readonly<Record<Name, Operation>>): Promise<Readonly<Record<Name, Speed>>> {
  const names = Object.keys(operations) as Name[];
  const rounds = new Map<Name, Speed[]>(names.map((name) => [name, []]));
  for (const name of names) await runFor(operations[name], WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) for (const name of names) rounds.get(name)?.push(await runFor(operations[name], ROUND_MS));
  return Object.fromEntries(names.map((name) => [name, medianOf(rounds.get(name) ?? [])])) as Record<Name, Speed>;
}

/** For that much CPU time, since a busy machine may give little of it, or three times as long by the clock. */
async function runFor(operation: Operation, ms: number): Promise<Speed> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const usedMs = (): number => {
    const { user, system } = process.cpuUsage(cpu);
    return (user + system) / 1_000;
  };
  let ops = 0;
  do {
    await operation();
    ops += 1;
  } while (usedMs() < ms && performance.now() - start < 3 * ms);
  return { opsPerSecond: (ops / (performance.now() - start)) * 1_000, cpuPerOpMs: usedMs() / ops };
}

function medianOf(speeds: readonly Speed[]): Speed {
  const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
  return { opsPerSecond: median(speeds.map(({ opsPerSecond }) => opsPerSecond)), cpuPerOpMs: median(speeds.map(({ cpuPerOpMs }) => cpuPerOpMs)) };
}

export const peakRssMb = (): number => process.resourceUsage().maxRSS / 1024;

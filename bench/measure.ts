/** What a case came to. CPU time is of this process, all threads. */
export interface CaseResult {
  readonly opsPerSecond: number;
  readonly cpuPerOpMs: number;
  /** Share of the bare cryptographic operations in the whole: 1 would be nothing else. */
  readonly ratioToPrimitives?: number;
  readonly peers?: Readonly<Record<string, { readonly opsPerSecond: number }>>;
  readonly peakRssMb?: number;
}

export interface Bench {
  readonly name: string;
  run(): Promise<Readonly<Record<string, CaseResult>>>;
}

const MIN_MS = 1_500;
const WARM_UP = 20;

/** Runs `op` one after another for a while, after warming up. */
export async function measure(op: () => unknown): Promise<Pick<CaseResult, 'opsPerSecond' | 'cpuPerOpMs'>> {
  for (let i = 0; i < WARM_UP; i++) await op();
  const cpu = process.cpuUsage();
  const start = performance.now();
  let ops = 0;
  while (performance.now() - start < MIN_MS) {
    await op();
    ops += 1;
  }
  const elapsedMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { opsPerSecond: (ops / elapsedMs) * 1_000, cpuPerOpMs: (user + system) / 1_000 / ops };
}

export const peakRssMb = (): number => process.resourceUsage().maxRSS / 1024;

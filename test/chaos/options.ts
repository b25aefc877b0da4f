import { parseArgs } from 'node:util';

/** Safeguards that can be switched off, to see that the count notices. */
export const BREAKS = ['idempotency', 'fence', 'lane', 'sweep', 'jobid'] as const;
export type Break = (typeof BREAKS)[number];

export interface ChaosOptions {
  readonly dossiers: number;
  readonly kills: number;
  /** Above 0: instead of kills, instances end in turn as an operator ends them, and the load lasts as long as that. */
  readonly restarts: number;
  readonly backend: 'pg' | 'redis';
  readonly seed: number;
  readonly without: Break | null;
  readonly json: boolean;
  /** Bar for the 99th percentile from the end of a lease to the work resumed; what is lost or doubled has no bar but zero. */
  readonly resumeP99Ms: number;
  /** Where the histories go. */
  readonly out: string;
}

export const USAGE = `npm run chaos -- [options]
  --backend pg|redis    where the queue lies (default: pg)
  --dossiers <n>        dossiers to send (default: 2000; with --long: 10000)
  --kills <n>           kills of processes and servers (default: 20; with --long: 50)
  --restarts <n>        instead of kills: SIGTERM of one api or worker after the other under constant load, the next one on its port;
                        clients may see refused connections, and nothing else
  --long                the long form
  --seed <n>            the same seed plans the same kills and faults (default: another each time)
  --break <safeguard>   switch off one of ${BREAKS.join(', ')}: the run must then fail
  --resume-p99-ms <n>   bar from the end of a lease to the work resumed (default: 10000)
  --out <folder>        histories of the run (default: out/chaos)
  --json                one JSON object as the last line`;

/** @returns the options as USAGE tells them, or 'help' when that is asked for @throws Error that says which option is wrong */
export function readOptions(args: readonly string[]): ChaosOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      dossiers: { type: 'string' },
      kills: { type: 'string' },
      restarts: { type: 'string' },
      backend: { type: 'string', default: 'pg' },
      seed: { type: 'string' },
      break: { type: 'string' },
      'resume-p99-ms': { type: 'string' },
      long: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      out: { type: 'string', default: 'out/chaos' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.backend !== 'pg' && values.backend !== 'redis') throw new Error('--backend is pg or redis');
  const without = BREAKS.find((name) => name === values.break) ?? null;
  if (values.break !== undefined && without === null) throw new Error(`--break is one of ${BREAKS.join(', ')}`);
  const restarts = whole(values.restarts, 0);
  if (restarts > 0 && (values.kills !== undefined || values.dossiers !== undefined || without !== null)) throw new Error('--restarts stands for itself: without --kills, --dossiers and --break');
  return {
    restarts,
    dossiers: whole(values.dossiers, values.long ? 10_000 : 2_000),
    kills: restarts > 0 ? 0 : whole(values.kills, values.long ? 50 : 20),
    backend: values.backend,
    seed: whole(values.seed, Date.now() % 1_000_000),
    without,
    json: values.json,
    resumeP99Ms: whole(values['resume-p99-ms'], 10_000),
    out: values.out,
  };
}

function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is no whole number`);
  return Number(text);
}

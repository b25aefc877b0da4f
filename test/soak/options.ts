import { parseArgs } from 'node:util';

export interface SoakOptions {
  /** Of load that is measured; the warm-up comes before. */
  readonly minutes: number;
  readonly backend: 'pg' | 'redis';
  /** Requests a second in the ordinary load. */
  readonly rate: number;
  readonly loopP99Ms: number;
  readonly json: boolean;
  readonly out: string;
}

export const USAGE = `npm run soak -- [options]
  --minutes <n>       of load, after a warm-up (default: 10)
  --rate <n>          ordinary requests a second (default: 100); one in a hundred more is hostile, and a hundred uploads a minute break off
  --backend pg|redis  where the queue lies (default: pg)
  --loop-p99-ms <n>   bar for the 99th percentile of the event loop's delay (default: 50); the machine's other work counts into it
  --out <folder>      histories and samples of the run (default: out/soak)
  --json              one JSON object as the last line`;

/** @returns the options as USAGE tells them, or 'help' when that is asked for @throws Error that says which option is wrong */
export function readOptions(args: readonly string[]): SoakOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '10' },
      rate: { type: 'string', default: '100' },
      backend: { type: 'string', default: 'pg' },
      'loop-p99-ms': { type: 'string', default: '50' },
      out: { type: 'string', default: 'out/soak' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.backend !== 'pg' && values.backend !== 'redis') throw new Error('--backend is pg or redis');
  return { minutes: above0('--minutes', values.minutes), rate: above0('--rate', values.rate), backend: values.backend, loopP99Ms: above0('--loop-p99-ms', values['loop-p99-ms']), json: values.json, out: values.out };
}

function above0(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new Error(`${name} takes a number above 0`);
  return value;
}

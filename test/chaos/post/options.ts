import { parseArgs } from 'node:util';

/** Safeguards that can be switched off, to see that the count notices. */
export const POST_BREAKS = ['number', 'quarantine', 'lookup', 'cursor'] as const;
export type PostBreak = (typeof POST_BREAKS)[number];

export interface PostChaosOptions {
  readonly orders: number;
  readonly kills: number;
  readonly seed: number;
  readonly without: PostBreak | null;
  readonly json: boolean;
  /** Where the histories go. */
  readonly out: string;
}

/** `--orders N --kills N --seed N --break SAFEGUARD --long --json --out DIR` */
export function readPostOptions(args: readonly string[]): PostChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      orders: { type: 'string' },
      kills: { type: 'string' },
      seed: { type: 'string' },
      break: { type: 'string' },
      long: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      out: { type: 'string', default: 'out/chaos-post' },
    },
  });
  const without = POST_BREAKS.find((name) => name === values.break) ?? null;
  if (values.break !== undefined && without === null) throw new Error(`--break is one of ${POST_BREAKS.join(', ')}`);
  return {
    orders: whole(values.orders, values.long ? 5_000 : 1_000),
    kills: whole(values.kills, values.long ? 40 : 14),
    seed: whole(values.seed, Date.now() % 1_000_000),
    without,
    json: values.json,
    out: values.out,
  };
}

function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${text} is no whole number`);
  return Number(text);
}

import { openCheckpoint, type Checkpoint } from '../src/formats/transparency-log/checkpoint.ts';
import { readVerifierKey } from '../src/formats/transparency-log/signed-note.ts';
import { isConsistent } from '../src/formats/transparency-log/verify-proof.ts';

/** The gateway shows a history that does not lead from the one it showed before: keep both checkpoints and call its operator. */
export class LogForked extends Error {
  override readonly name = 'LogForked';
  /** The checkpoint that was good before, and the one that does not follow from it; signed notes. */
  readonly notes: readonly [string, string];

  constructor(why: string, notes: readonly [string, string]) {
    super(why);
    this.notes = notes;
  }
}

export interface FollowLogOptions {
  /** `lienthong log key` at the gateway, given to you by its operator: name+id+key. */
  readonly verifierKey: string;
  /** The checkpoint that you kept; none: the first one seen is believed. */
  readonly seen?: string | null;
}

/** Holds the gateway's evidence log to what it showed before. */
export interface LogFollower {
  /** The newest checkpoint that was checked, a signed note: keep it with your own records, and give it back as `seen` after a restart. */
  seen(): string | null;
  /** Fetches the newest checkpoint and checks that the log only grew. @throws LogForked; GatewayProblem */
  look(): Promise<Checkpoint>;
  /** The same with a checkpoint that came with a push or an inbox (`log-checkpoint`, base64). @throws LogForked; GatewayProblem */
  take(header: string): Promise<Checkpoint>;
}

export interface LogAnswers {
  readonly fetchCheckpoint: () => Promise<string>;
  /** Path of the consistency proof, each hash in base64. */
  readonly fetchGrowth: (from: number, to: number) => Promise<readonly string[]>;
}

/** @throws what reading the key throws */
export function logFollower({ fetchCheckpoint, fetchGrowth }: LogAnswers, { verifierKey, seen = null }: FollowLogOptions): LogFollower {
  const key = readVerifierKey(verifierKey);
  let known = seen === null ? null : { note: seen, ...openCheckpoint(Buffer.from(seen), key) };
  const follow = async (note: string, isNewest: boolean): Promise<Checkpoint> => {
    const next = openCheckpoint(Buffer.from(note), key);
    const before = known;
    if (before === null) {
      known = { note, ...next };
      return next;
    }
    if (isNewest && next.size < before.size) throw new LogForked(`The log of ${next.origin} had ${before.size} leaves and now has ${next.size}: records were lost or put back`, [before.note, note]);
    // What was under way may be older than what was seen: then it is the later one that has to follow from it.
    const [from, to] = next.size < before.size ? [next, before] : [before, next];
    const path = from.size === to.size ? [] : (await fetchGrowth(from.size, to.size)).map((hash) => new Uint8Array(Buffer.from(hash, 'base64')));
    const claim = { earlierSize: from.size, earlierRoot: from.root, size: to.size, root: to.root, path };
    if (!isConsistent(claim)) throw new LogForked(`The log of ${next.origin} does not lead from ${from.size} leaves to ${to.size}: its history was changed`, [before.note, note]);
    if (next.size > before.size) known = { note, ...next };
    return next;
  };
  return {
    seen: () => known?.note ?? null,
    look: async () => follow(await fetchCheckpoint(), true),
    take: (header) => follow(Buffer.from(header, 'base64').toString(), false),
  };
}

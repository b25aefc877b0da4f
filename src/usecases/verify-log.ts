import { createHash } from 'node:crypto';
import { auditText } from '../domain/audit.ts';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import { openCheckpoint, originOf } from '../formats/transparency-log/checkpoint.ts';
import { growingTree, type GrowingTree } from '../formats/transparency-log/compact-range.ts';
import { rootAt } from '../formats/transparency-log/log-proofs.ts';
import { leafHash, subtreesOf } from '../formats/transparency-log/merkle-tree.ts';
import { nodesOfTiles, tilesFor, TILE_WIDTH } from '../formats/transparency-log/tiles.ts';
import { checkTimestampToken } from '../formats/tsp/check-token.ts';
import { readTimestampToken } from '../formats/tsp/token.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogCheckpoint, LogTimestamp } from '../ports/log-records.ts';
import type { LogWalk, WalkedLeaf } from '../ports/log-walk.ts';
import type { RecordSet } from '../ports/records.ts';
import { checkTimestampPath, type TimestampPathPorts } from './check-timestamp-path.ts';
import { noteVerifierOf } from './log-key.ts';
import { tileLoader } from './witness-checkpoint.ts';

export interface VerifyLogPorts extends TimestampPathPorts {
  readonly records: Pick<RecordSet, 'log'>;
  readonly walk: LogWalk;
  readonly clock: Clock;
}

export interface VerifyLogRequest {
  /** Only what came since the last checkpoint before; what came earlier is taken as that checkpoint has it. */
  readonly since?: Date | undefined;
  /** Checkpoints that were kept elsewhere, with the names of those who kept them. */
  readonly kept: readonly { readonly by: string; readonly note: Uint8Array }[];
  readonly onProgress: (leaves: number, of: number) => void;
}

export interface LogFault {
  readonly kind: 'leaf' | 'record' | 'tree' | 'tile' | 'checkpoint' | 'timestamp' | 'unlogged' | 'witness';
  /** Index of a leaf, size of a checkpoint, who kept it. */
  readonly at: string;
  readonly detail: string;
}

export interface LogReport {
  readonly ok: boolean;
  readonly leaves: number;
  readonly from: number;
  readonly pending: boolean;
  readonly checkpoints: number;
  readonly timestamps: number;
  /** Under a checkpoint and under no time-stamp yet. */
  readonly untimed: number;
  /** Leaves whose record the store does not keep as it was digested. */
  readonly notRecomputed: number;
  /** Recorded before there was a log. */
  readonly olderThanLog: number;
  readonly faults: readonly LogFault[];
  /** Beyond those listed. */
  readonly moreFaults: number;
}

const BATCH = 10_000;
const MOST_FAULTS = 100;

/**
 * Walks the whole log: every leaf is made anew from what is recorded, the tree from the leaves, and held against every checkpoint, its
 * signature and its time-stamps; then the checkpoints that others keep, and what is recorded without being in the log. Trusts nothing of the
 * store but the log's keys, which those who keep checkpoints know.
 */
export async function verifyLog(ports: VerifyLogPorts, { since, kept, onProgress }: VerifyLogRequest): Promise<LogReport> {
  const { records, walk } = ports;
  const faults = faultList();
  const { tree, from } = await beginning(ports, since, faults);
  const newest = await records.log.newest();
  const size = newest?.size ?? 0;
  const keys = new Map((await records.log.keys()).map((key) => [key.id, noteVerifierOf(key)]));
  const count = await walk.countLeaves();
  if (count.count !== size || (count.highest ?? -1) !== size - 1) faults.add('leaf', String(size), `${count.count} leaves are recorded, the highest ${count.highest ?? 'none'}; the newest checkpoint has ${size}`);
  const seen = { checkpoints: 0, timestamps: 0, notRecomputed: 0, timed: 0 };
  const roots = new Map<number, Uint8Array>();
  const awaited = new Set(await witnessedSizes(ports, kept));
  for (let at = from; at < size; ) {
    const end = Math.min(at + BATCH, size);
    const [leaves, checkpoints, stamps] = await Promise.all([walk.leaves(at, end), walk.checkpoints(at + 1, BATCH), walk.stamps(at + 1, end + 1)]);
    const byIndex = new Map(leaves.map((leaf) => [leaf.index, leaf]));
    const due = new Map(checkpoints.filter((one) => one.size <= end).map((one) => [one.size, one]));
    for (let index = at; index < end; index += 1) {
      addLeaf(tree, index, byIndex.get(index), seen, faults);
      const checkpoint = due.get(index + 1);
      if (awaited.has(index + 1)) roots.set(index + 1, tree.root());
      if (checkpoint === undefined) continue;
      seen.checkpoints += 1;
      checkCheckpoint(checkpoint, tree, keys.get(checkpoint.keyId), faults);
      for (const stamp of stamps.filter((one) => one.size === checkpoint.size)) {
        if (await checkStamp(ports, checkpoint, stamp, faults)) seen.timed = checkpoint.size;
        seen.timestamps += 1;
      }
    }
    onProgress(end, size);
    at = end;
  }
  if (newest !== null) await checkTiles(ports, newest, faults);
  await checkWitnesses(ports, { kept, size, from, roots }, faults);
  const lacking = await walk.unlogged(20);
  if (lacking.count > 0) faults.add('unlogged', String(lacking.count), `recorded without a place in the log: ${lacking.examples.join(', ')}`);
  return {
    ok: faults.count() === 0,
    leaves: size,
    from,
    pending: (await records.log.pending()).any,
    checkpoints: seen.checkpoints,
    timestamps: seen.timestamps,
    untimed: size - Math.max(seen.timed, since === undefined ? 0 : ((await records.log.newestTimed())?.size ?? 0)),
    notRecomputed: seen.notRecomputed,
    olderThanLog: await walk.olderThanLog(),
    faults: faults.listed,
    moreFaults: faults.count() - faults.listed.length,
  };
}

interface Faults {
  readonly listed: readonly LogFault[];
  count(): number;
  add(kind: LogFault['kind'], at: string, detail: string): void;
}

function faultList(): Faults {
  const listed: LogFault[] = [];
  let count = 0;
  return {
    listed,
    count: () => count,
    add(kind, at, detail) {
      count += 1;
      if (listed.length < MOST_FAULTS) listed.push({ kind, at, detail });
    },
  };
}

/** Where the walk begins: at the first leaf, or at a checkpoint whose tree is then taken from the tiles and held against it. */
async function beginning({ records, walk }: VerifyLogPorts, since: Date | undefined, faults: Faults): Promise<{ readonly tree: GrowingTree; readonly from: number }> {
  const checkpoint = since === undefined ? null : await walk.checkpointBefore(since);
  if (checkpoint === null) return { tree: growingTree(), from: 0 };
  const span = { start: 0, end: checkpoint.size };
  try {
    const load = tileLoader(records.log);
    const tiles = new Map(await Promise.all(tilesFor([span]).map(async (place) => [`${place.level}/${place.index}`, await load(place)] as const)));
    const nodeAt = nodesOfTiles(({ level, index }) => tiles.get(`${level}/${index}`));
    const tree = growingTree(checkpoint.size, subtreesOf(span).map(nodeAt));
    if (!isSame(tree.root(), checkpoint.root)) faults.add('tile', String(checkpoint.size), 'the tiles do not have the root of this checkpoint');
    return { tree, from: checkpoint.size };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    faults.add('tile', String(checkpoint.size), error.message);
    return { tree: growingTree(), from: 0 };
  }
}

const GONE = new Uint8Array(32);

/** A leaf that is not what it should be still grows the tree, so that one fault is not told as a thousand. */
function addLeaf(tree: GrowingTree, index: number, leaf: WalkedLeaf | undefined, seen: { notRecomputed: number }, faults: Faults): void {
  const at = String(index);
  if (leaf === undefined || leaf.entry === null) {
    faults.add('leaf', at, leaf === undefined ? 'there is no leaf at this place' : 'its entry is gone');
    return tree.add(GONE);
  }
  const { kind, subject, recordSha256, salt, leafData } = leaf.entry;
  const made = createHash('sha256').update(salt).update(recordSha256).digest();
  if (!isSame(made, leafData)) faults.add('leaf', at, `the leaf of ${kind} ${subject} is not made of its digest and salt`);
  const recorded = kind !== 'audit' ? leaf.recomputed : leaf.audit === null ? null : createHash('sha256').update(auditText(leaf.audit)).digest();
  if (recorded === undefined) seen.notRecomputed += 1;
  else if (recorded === null) faults.add('record', at, `${kind} ${subject} is not recorded any more`);
  else if (!isSame(recorded, recordSha256)) faults.add('record', at, `${kind} ${subject} is not what was recorded`);
  else if (!leaf.isBound) faults.add('record', at, `what is recorded of ${kind} ${subject} is not what its signature covers`);
  return tree.add(leafHash(leafData));
}

function checkCheckpoint(checkpoint: LogCheckpoint, tree: GrowingTree, key: ReturnType<typeof noteVerifierOf> | undefined, faults: Faults): void {
  const at = String(checkpoint.size);
  if (!isSame(tree.root(), checkpoint.root)) faults.add('tree', at, 'the leaves do not have the root of this checkpoint: leaves were changed, exchanged, put in or removed');
  if (key === undefined) return faults.add('checkpoint', at, 'its key is not one of this log');
  try {
    const { size, root } = openCheckpoint(Buffer.from(checkpoint.note), key);
    if (size !== checkpoint.size || !isSame(root, checkpoint.root)) faults.add('checkpoint', at, 'the signed note has another size or root');
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    faults.add('checkpoint', at, error.message);
  }
}

/** @returns whether it is good */
async function checkStamp(ports: VerifyLogPorts, { size, note }: LogCheckpoint, { tokenDer, authority }: LogTimestamp, faults: Faults): Promise<boolean> {
  try {
    const token = readTimestampToken(tokenDer);
    const bytes = Buffer.from(note);
    const result = checkTimestampToken(token, { imprint: (digest) => digestOf(digest, bytes), at: ports.clock.now() });
    if (result.indication !== 'PASSED' || result.certificate === null) {
      const reasons = result.checks.filter(({ status }) => status === 'failed').map(({ name, detail }) => `${name}: ${detail}`);
      throw new GatewayError('TSA_TOKEN_INVALID', reasons.join('; '));
    }
    await checkTimestampPath(ports, token, result.certificate);
    return true;
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    faults.add('timestamp', String(size), `time-stamp of ${authority}: ${error.message}`);
    return false;
  }
}

/** What proofs are served from: the newest root has to come out of the tiles as out of the leaves. */
async function checkTiles({ records }: VerifyLogPorts, { size, root }: LogCheckpoint, faults: Faults): Promise<void> {
  const own = await rootAt(tileLoader(records.log), size).catch(() => null);
  if (own === null || !isSame(own, root)) faults.add('tile', String(Math.floor(size / TILE_WIDTH)), 'the tiles do not have the root of the newest checkpoint');
}

type Kept = VerifyLogRequest['kept'];

async function witnessedSizes({ records }: VerifyLogPorts, kept: Kept): Promise<readonly number[]> {
  return [...(await records.log.witnessed()).map(({ size }) => size), ...kept.flatMap(({ note }) => sizeOf(note) ?? [])];
}

async function checkWitnesses(ports: VerifyLogPorts, { kept, size, from, roots }: { readonly kept: Kept; readonly size: number; readonly from: number; readonly roots: ReadonlyMap<number, Uint8Array> }, faults: Faults): Promise<void> {
  const { log } = ports.records;
  const verifiers = (await log.keys()).map(noteVerifierOf);
  const all = [...kept, ...(await log.witnessed()).map(({ partnerId, note }) => ({ by: `partner:${partnerId}`, note: Buffer.from(note) as Uint8Array }))];
  for (const { by, note } of all) {
    try {
      const key = verifiers.find(({ keyName }) => keyName === originOf(note));
      if (key === undefined) throw new GatewayError('EVIDENCE_FORGED', 'is a checkpoint of a name that this log does not know: of another log, or of one that was put back to before it had that key');
      const seen = openCheckpoint(note, key);
      if (seen.size > size) faults.add('witness', by, `has a checkpoint of ${seen.size} leaves, the log has ${size}: it was put back, or cut off`);
      else {
        const own = roots.get(seen.size) ?? (seen.size <= from ? await rootAt(tileLoader(log), seen.size).catch(() => GONE) : GONE);
        if (!isSame(own, seen.root)) faults.add('witness', by, `has a checkpoint of ${seen.size} leaves with another root: there is another history`);
      }
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      faults.add('witness', by, error.message);
    }
  }
}

function sizeOf(note: Uint8Array): number | null {
  const size = Number(new TextDecoder().decode(note.subarray(0, 1_000)).split('\n')[1]);
  return Number.isSafeInteger(size) ? size : null;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

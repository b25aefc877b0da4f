import { GatewayError } from '../domain/errors.ts';
import type { Caller } from '../domain/partner.ts';
import type { ConsistencyProof, InclusionProof } from '../formats/api/log.ts';
import { proveConsistency, proveInclusion } from '../formats/transparency-log/log-proofs.ts';
import { HASH_BYTES, TILE_WIDTH } from '../formats/transparency-log/tiles.ts';
import type { LogCheckpoint, LogEntry, LogEntryKind } from '../ports/log-records.ts';
import type { RecordSet } from '../ports/records.ts';
import { tileLoader } from './witness-checkpoint.ts';

export interface ProveLogPorts {
  readonly records: Pick<RecordSet, 'log'>;
}

/** The newest checkpoint. @throws LOG_PROOF_NOT_FOUND when there is none yet */
export async function readNewestCheckpoint({ records }: ProveLogPorts): Promise<LogCheckpoint> {
  const newest = await records.log.newest();
  if (newest === null) throw notFound('The log has no checkpoint yet: it gets one within a minute of the first message');
  return newest;
}

export interface InclusionQuery {
  readonly kind: LogEntryKind;
  readonly subject: string;
  /** Of the tree to prove it against; missing: the newest checkpoint that has a time-stamp, or the newest of all. */
  readonly size?: number | undefined;
}

/**
 * That something recorded is in the log. A partner sees proofs of its own alone: what is not its own is not there for it.
 * @throws LOG_PROOF_NOT_FOUND when there is none for the caller, or not yet
 */
export async function proveRecorded({ records: { log } }: ProveLogPorts, caller: Pick<Caller, 'partnerId' | 'scopes'>, query: InclusionQuery): Promise<InclusionProof> {
  const entry = await log.find(query.kind, query.subject);
  const isTheirs = entry !== null && (caller.scopes.has('admin') || entry.partners.includes(caller.partnerId));
  if (!isTheirs) throw notFound(`There is no ${query.kind} ${query.subject} of yours in the log`);
  if (entry.index === null) throw notFound('It is recorded and not under a checkpoint yet: ask again in a minute');
  const checkpoint = await checkpointFor(log, entry.index, query.size);
  return proofOf(log, { ...entry, index: entry.index }, checkpoint);
}

async function checkpointFor(log: RecordSet['log'], index: number, size: number | undefined): Promise<LogCheckpoint> {
  const checkpoint = size !== undefined ? await log.checkpoint(size) : ((await log.checkpointCovering(index + 1, true)) ?? (await log.newest()));
  if (checkpoint === null || checkpoint.size <= index) throw notFound('There is no checkpoint of that size that covers it: take a size that a checkpoint of this log has');
  return checkpoint;
}

/** What proves an entry that has its place, against one checkpoint. */
export async function proofOf(log: RecordSet['log'], entry: LogEntry & { readonly index: number }, checkpoint: LogCheckpoint): Promise<InclusionProof> {
  const [path, stamps] = await Promise.all([proveInclusion(tileLoader(log), entry.index, checkpoint.size), log.timestamps(checkpoint.size)]);
  return {
    kind: entry.kind,
    subject: entry.subject,
    recordSha256: entry.recordSha256,
    salt: base64(entry.salt),
    index: entry.index,
    size: checkpoint.size,
    path: path.map(base64),
    checkpoint: checkpoint.note,
    timestamps: stamps.map(({ authority, genTime, tokenDer }) => ({ authority, genTime: genTime.toISOString(), token: base64(tokenDer) })),
  };
}

/** That the tree of `to` leaves begins with that of `from`. @throws LOG_PROOF_NOT_FOUND when the log has not so many leaves */
export async function proveGrown({ records: { log } }: ProveLogPorts, from: number, to: number): Promise<ConsistencyProof> {
  const own = (await log.newest())?.size ?? 0;
  if (from > to || to > own) throw notFound(`The log has ${own} leaves: “from” is at most “to”, and “to” at most that`);
  return { from, to, path: (await proveConsistency(tileLoader(log), from, to)).map(base64) };
}

/** @throws LOG_PROOF_NOT_FOUND for what no checkpoint covers @see https://c2sp.org/tlog-tiles */
export async function readLogTile({ records: { log } }: ProveLogPorts, { level, index, width }: { readonly level: number; readonly index: number; readonly width: number }): Promise<Uint8Array> {
  const [newest, tile] = await Promise.all([log.newest(), log.tile(level, index)]);
  const covered = newest === null ? 0 : Math.floor(newest.size / TILE_WIDTH ** level) - index * TILE_WIDTH;
  if (tile === null || covered < width || tile.hashes.length < width * HASH_BYTES) throw notFound('There is no such tile: its width is 256, or in .p/ the rest that the newest checkpoint has');
  return tile.hashes.subarray(0, width * HASH_BYTES);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function notFound(message: string): GatewayError {
  return new GatewayError('LOG_PROOF_NOT_FOUND', message);
}

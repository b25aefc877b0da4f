import { GatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { sha256Hex } from '../formats/canonical-json.ts';
import { openCheckpoint, originOf, type Checkpoint } from '../formats/transparency-log/checkpoint.ts';
import { rootAt, type LoadTile } from '../formats/transparency-log/log-proofs.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogConflict, LogRecords } from '../ports/log-records.ts';
import type { RecordSet } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import { noteVerifierOf } from './log-key.ts';

export interface WitnessPorts {
  readonly records: Pick<RecordSet, 'log'>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/**
 * Holds this log against a checkpoint that somebody kept. One of ours that our log does not lead to says that records were changed, removed
 * or put back to an earlier day: that is recorded, once, for people to look at, until they have settled it.
 * @param witness `partner:<id>`, or where it was kept
 * @throws EVIDENCE_MALFORMED, EVIDENCE_FORGED when it is no checkpoint of ours; LOG_FORKED
 */
export async function witnessCheckpoint(ports: WitnessPorts, witness: string, note: Uint8Array): Promise<Checkpoint> {
  const { records, clock, chance } = ports;
  const key = (await records.log.keys()).find(({ name }) => name === originOf(note));
  if (key === undefined) throw new GatewayError('EVIDENCE_FORGED', 'This checkpoint is not one of this log: GET /v1/log/checkpoint has the newest');
  const seen = openCheckpoint(note, noteVerifierOf(key));
  const { reason, ownSize } = await compare(records.log, seen);
  if (reason === null) return seen;
  const found: LogConflict = { id: chance.uuid(), reason, witness, note: new TextDecoder().decode(note), ownSize, foundAt: clock.now() };
  const isSettled = await enter(ports, found);
  if (isSettled) return seen;
  throw new GatewayError(
    'LOG_FORKED',
    reason === 'rewind' ? `The log has ${ownSize} leaves, the checkpoint that you hold ${seen.size}: records were lost or put back` : `The log does not lead to the checkpoint that you hold (${seen.size} leaves): records were changed`,
  );
}

/** Remembered for each partner; the newest counts. */
export async function witnessOfPartner(ports: WitnessPorts, partnerId: PartnerId, note: Uint8Array): Promise<void> {
  const { origin, size, root } = await witnessCheckpoint(ports, `partner:${partnerId}`, note);
  await ports.records.log.witness(partnerId, { logName: origin, size, root, note: new TextDecoder().decode(note), at: ports.clock.now() });
}

async function compare(log: LogRecords, seen: Checkpoint): Promise<{ readonly reason: LogConflict['reason'] | null; readonly ownSize: number }> {
  const ownSize = (await log.newest())?.size ?? 0;
  if (seen.size > ownSize) return { reason: 'rewind', ownSize };
  const own = await rootAt(tileLoader(log), seen.size).catch(() => null);
  return { reason: own !== null && Buffer.from(own).equals(seen.root) ? null : 'fork', ownSize };
}

export function tileLoader(log: Pick<LogRecords, 'tile'>): LoadTile {
  return async ({ level, index }) => (await log.tile(level, index))?.hashes;
}

/** @returns whether people have dealt with it already */
async function enter({ records, log }: WitnessPorts, found: LogConflict): Promise<boolean> {
  const isNews = await records.log.addConflict({ ...found, noteSha256: sha256Hex(found.note) });
  if (isNews) {
    log.error('log.forked', new GatewayError('LOG_FORKED', `${found.witness} holds a checkpoint that this log does not lead to`), { reason: found.reason, ownSize: found.ownSize });
    return false;
  }
  return !(await records.log.openConflicts()).some(({ note }) => note === found.note);
}

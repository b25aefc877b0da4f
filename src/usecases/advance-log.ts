import { GatewayError, isGatewayError } from '../domain/errors.ts';
import { sha256Hex } from '../formats/canonical-json.ts';
import { digestOf } from '../formats/algorithms/digests.ts';
import type { NoteSigner } from '../formats/transparency-log/signed-note.ts';
import { checkTimestampToken } from '../formats/tsp/check-token.ts';
import type { LogCheckpoint, LogKeyRecord, LogTimestamp } from '../ports/log-records.ts';
import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import { growerFor } from './grow-log.ts';
import { currentLogKey, type LogKeyPorts } from './log-key.ts';
import { timestampValue, type TimestampPorts } from './timestamp-value.ts';

export interface AdvanceLogPorts extends LogKeyPorts, TimestampPorts {
  readonly records: Records;
  readonly log: Log;
  /** Opens a key of the log. @throws MASTER_KEY_UNREADABLE, SEALED_DATA_UNREADABLE */
  readonly noteSigner: (key: LogKeyRecord) => NoteSigner;
  /** Kept apart from the records, so that records put back to an earlier day do not go unnoticed. */
  readonly keepNote: (note: string) => Promise<void>;
}

/** Leaves of one checkpoint: a transaction of a second or two. */
const MOST_LEAVES = 20_000;
/** The second authority is asked so much more rarely: a later token covers every checkpoint before it. */
const OTHER_AUTHORITY_EVERY_MS = 15 * 60_000;
/** Where tokens are made for decades SHA-512 costs nothing more. */
const IMPRINT_DIGEST = 'sha512';

/**
 * One turn of the log: what was committed gets its places and a signed checkpoint, and the newest checkpoint its time-stamp, if an authority
 * answers. A checkpoint that got none is covered by the token of a later one. Time-stamps become leaves themselves: a token of a newer
 * authority covers those of older ones.
 * @param force a checkpoint even if nothing but time-stamps waits
 */
export async function advanceLog(ports: AdvanceLogPorts, { force = false, signal }: { readonly force?: boolean; readonly signal?: AbortSignal } = {}): Promise<{ readonly more: boolean }> {
  const { hold } = await ports.records.standing.read();
  if (hold?.reason === 'restored') return { more: false }; // what partners still hold of the lost log is found first
  const checkpoint = await signCheckpoints(ports, force);
  const newest = checkpoint ?? (await ports.records.log.newest());
  if (newest !== null && ports.timestampAuthorities.length > 0) await stamp(ports, newest, signal);
  return { more: false };
}

async function signCheckpoints(ports: AdvanceLogPorts, force: boolean): Promise<LogCheckpoint | null> {
  const { records, clock } = ports;
  const { any, ofTimeAlone } = await records.log.pending();
  if (!any || (ofTimeAlone && !force)) return null;
  const key = await currentLogKey(ports);
  const grow = growerFor(ports.noteSigner(key));
  let newest: LogCheckpoint | null = null;
  for (;;) {
    const next = await records.log.advance({ limit: MOST_LEAVES, keyId: key.id, at: clock.now(), grow });
    if (next === null) break;
    const { size } = next;
    const isFull = newest === null ? size >= MOST_LEAVES : size - newest.size === MOST_LEAVES;
    newest = next;
    if (!isFull) break;
  }
  if (newest !== null) await ports.keepNote(newest.note).catch((error: unknown) => ports.log.error('log.note-not-kept', error));
  return newest;
}

/** The newest checkpoint alone: it covers all before it. */
async function stamp(ports: AdvanceLogPorts, checkpoint: LogCheckpoint, signal: AbortSignal | undefined): Promise<void> {
  const there = await ports.records.log.timestamps(checkpoint.size);
  if (there.length === 0) await stampBy(ports, ports.timestampAuthorities, checkpoint, signal);
  else {
    const [, ...others] = ports.timestampAuthorities;
    for (const authority of others.length === 0 ? [] : ports.timestampAuthorities) {
      if (there.some((token) => token.authority === authority.name) || !(await isDue(ports, authority))) continue;
      await stampBy(ports, [authority], checkpoint, signal).catch((error: unknown) => {
        if (!isGatewayError(error)) throw error;
        ports.log.warn('log.second-authority-silent', { authority: authority.name, reason: error.message });
      });
    }
  }
}

async function isDue({ records, clock }: AdvanceLogPorts, { name }: TimestampAuthority): Promise<boolean> {
  const last = await records.log.newestTimestamp(name);
  return last === null || clock.now().getTime() - last.createdAt.getTime() >= OTHER_AUTHORITY_EVERY_MS;
}

async function stampBy(ports: AdvanceLogPorts, timestampAuthorities: readonly TimestampAuthority[], { size, note }: LogCheckpoint, signal: AbortSignal | undefined): Promise<void> {
  const bytes = Buffer.from(note);
  const { token, authority } = await timestampValue({ ...ports, timestampAuthorities }, bytes, IMPRINT_DIGEST, signal);
  const at = ports.clock.now();
  const { certificate } = checkTimestampToken(token, { imprint: (digest) => digestOf(digest, bytes), at });
  if (certificate === null) throw new GatewayError('TSA_TOKEN_INVALID', `${authority} gave a time-stamp without its certificate`);
  const stamped: LogTimestamp = { id: ports.chance.uuid(), size, authority, tokenDer: token.der, genTime: token.info.genTime, certificateNotAfter: certificate.notAfter, digestAlgorithm: IMPRINT_DIGEST, createdAt: at };
  await ports.records.transaction(async (tx) => {
    await tx.log.addTimestamp(stamped);
    await tx.log.append({ kind: 'timestamp', subject: stamped.id, recordSha256: sha256Hex(token.der), partners: [], at });
  });
}

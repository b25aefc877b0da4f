import { createPrivateKey, sign } from 'node:crypto';
import { hostname } from 'node:os';
import type { Config } from '../config.ts';
import { isGatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { sha256Hex } from '../formats/canonical-json.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogKeyRecord } from '../ports/log-records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { NoteSigner } from '../formats/transparency-log/signed-note.ts';
import type { Log } from '../ports/telemetry.ts';
import { leadership } from '../store/leadership.ts';
import { logNoteFile } from '../store/log-note-file.ts';
import { advanceLog, type AdvanceLogPorts } from '../usecases/advance-log.ts';
import { logKeyContext, noteVerifierOf } from '../usecases/log-key.ts';
import { renewLog } from '../usecases/renew-log.ts';
import type { TimestampPorts } from '../usecases/timestamp-value.ts';
import { witnessCheckpoint, witnessOfPartner, type WitnessPorts } from '../usecases/witness-checkpoint.ts';
import type { Store } from './open-store.ts';
import { takeTurns } from './turns.ts';

export interface EvidenceParts {
  readonly config: Config;
  readonly store: Pick<Store, 'records' | 'sealing' | 'database'>;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly timestamps: Pick<TimestampPorts, 'timestampAuthorities' | 'longTerm'>;
}

const RENEW_EVERY_MS = 6 * 3_600_000;

/** LIENTHONG_LOG_NAME, else the host under which others call the gateway, else that of the machine. */
export function logNameOf({ LIENTHONG_LOG_NAME, LIENTHONG_PUBLIC_URL }: Pick<Config, 'LIENTHONG_LOG_NAME' | 'LIENTHONG_PUBLIC_URL'>): string {
  return LIENTHONG_LOG_NAME ?? `${LIENTHONG_PUBLIC_URL === undefined ? hostname() : new URL(LIENTHONG_PUBLIC_URL).host}/log`;
}

export function advanceLogPorts({ config, store, clock, chance, log, timestamps }: EvidenceParts): AdvanceLogPorts {
  return { ...timestamps, records: store.records, sealing: store.sealing, clock, chance, log, noteSigner: (key) => noteSignerOf(store.sealing, key), logName: logNameOf(config), keepNote: (note) => logNoteFile(config.dataDir).write(note) };
}

function noteSignerOf(sealing: Sealing, key: LogKeyRecord): NoteSigner {
  const privateKey = createPrivateKey({ key: Buffer.from(sealing.open(key.privateKeySealed, logKeyContext(key.id))), format: 'der', type: 'pkcs8' });
  return { ...noteVerifierOf(key), sign: (message) => sign(null, message, privateKey) };
}

/** Checkpoints of the evidence log, in whichever process leads. What was kept beside the database is held against it first. */
export function startEvidence(parts: EvidenceParts): { stop(): Promise<void> } {
  const { config, store, log } = parts;
  const ports = advanceLogPorts(parts);
  const leader = leadership(store.database.pool, 'evidence-log', log);
  const asLeader = (work: (stop: AbortSignal) => Promise<{ readonly more: boolean }>) => async (stop: AbortSignal) => ((await leader.isLeader()) ? work(stop) : { more: false });
  let isCompared = false;
  const advance = async (stop: AbortSignal): Promise<{ readonly more: boolean }> => {
    if (!isCompared) await compareKept(parts);
    isCompared = true;
    return advanceLog(ports, { signal: stop });
  };
  const stopping = new AbortController();
  const taken = [
    takeTurns(parts, { event: 'log.advance-failed', everyMs: config.LIENTHONG_LOG_EVERY_SECONDS * 1_000, turn: asLeader(advance) }, stopping.signal),
    takeTurns(parts, { event: 'log.renewal-failed', everyMs: RENEW_EVERY_MS, turn: asLeader((stop) => renewLog(ports, stop)) }, stopping.signal),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(taken);
      await leader.resign();
    },
  };
}

/** A log older than the checkpoint kept in the data folder was put back: told as an alarm, and by `log verify`. */
async function compareKept({ config, store, clock, chance, log }: EvidenceParts): Promise<void> {
  const note = await logNoteFile(config.dataDir).read();
  if (note === null) return;
  try {
    await witnessCheckpoint({ records: store.records, clock, chance, log }, 'data-folder', Buffer.from(note));
  } catch (error) {
    if (!isGatewayError(error, 'LOG_FORKED')) log.error('log.kept-note-unreadable', error);
  }
}

/** The newest note, remembered for a while: it goes with every push and every inbox. */
export function rememberNote({ records }: Pick<Store, 'records'>, clock: Clock): () => Promise<string | null> {
  let known: { readonly note: string | null; readonly at: number } | null = null;
  return async () => {
    const now = clock.now().getTime();
    if (known === null || now - known.at >= NOTE_KNOWN_MS) known = { note: (await records.log.newest())?.note ?? null, at: now };
    return known.note;
  };
}

const NOTE_KNOWN_MS = 2_000;

/** How long no time-stamp could be had, remembered for a while. */
export function watchSilence({ records }: Pick<Store, 'records'>, clock: Clock, silentMs: number): { look(): Promise<{ readonly more: false }>; isSilent(): boolean } {
  let since: Date | null = null;
  return {
    async look() {
      since = await records.log.untimedSince();
      return { more: false };
    },
    isSilent: () => since !== null && clock.now().getTime() - since.getTime() >= silentMs,
  };
}

/** A caller sends its checkpoint with every call: the same one is looked at again after a while. */
const LOOK_AGAIN_MS = 30_000;

/** Holds what callers say they saw against the log. */
export function witnessing(ports: WitnessPorts): (partnerId: PartnerId, note: Uint8Array) => Promise<void> {
  const seen = new Map<PartnerId, { readonly sha256: string; readonly at: number }>();
  return async (partnerId, note) => {
    const [sha256, at] = [sha256Hex(note), ports.clock.now().getTime()];
    const before = seen.get(partnerId);
    if (before?.sha256 === sha256 && at - before.at < LOOK_AGAIN_MS) return;
    await witnessOfPartner(ports, partnerId, note);
    seen.set(partnerId, { sha256, at });
  };
}

import type { Clock } from '../ports/clock.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Records } from '../ports/records.ts';
import { endingCertificates, WARN_DAYS } from './watch-certificates.ts';

export interface ReadinessPorts {
  readonly records: Pick<Records, 'outbox' | 'keys' | 'standing' | 'log'>;
  readonly queue: JobQueue;
  readonly clock: Clock;
  /** Resolves when the document store can take a document; rejects when it cannot. */
  readonly checkStorage: () => Promise<void>;
  readonly timestamps: () => TimestampHealth;
}

/** How asking the time-stamping authorities went, as this process saw it. */
export interface TimestampHealth {
  /** Authorities configured. */
  readonly authorities: number;
  /** Null: not yet. */
  readonly lastSuccessAt: Date | null;
  readonly lastFailureAt: Date | null;
}

export type PartState = 'up' | 'degraded' | 'down' | 'off';

export interface Readiness {
  /** Whether requests should be sent here. The queue and the time-stamping authority may fail without harm to what is accepted. */
  readonly ready: boolean;
  readonly degraded: boolean;
  readonly parts: {
    readonly database: PartState;
    readonly documents: PartState;
    readonly queue: PartState;
    readonly timestamps: PartState;
    /** Degraded: a certificate of a key in use ends within a week, or has ended. */
    readonly certificates: PartState;
    /** Degraded: somebody holds a checkpoint that our log does not lead to, or no time-stamp came for it for ten minutes. */
    readonly evidence: PartState;
  };
  /** Restored, or held by an operator: requests are answered and kept, nothing is sent. */
  readonly held: boolean;
  readonly incarnation: number | null;
  /** When a time-stamping authority last answered; null: not yet. */
  readonly lastTimestampAt: string | null;
  /** When the next certificate of a key in use ends, if that is within 60 days. */
  readonly nextCertificateEndAt: string | null;
}

/**
 * Whether this process can take requests: database and document store must answer; without the queue deliveries go on, slower, and
 * without a time-stamping authority level B-T is refused.
 */
export async function checkReadiness({ records, queue, clock, checkStorage, timestamps }: ReadinessPorts): Promise<Readiness> {
  const [database, documents] = await Promise.all([stateOf(records.outbox.depth(clock.now())), stateOf(checkStorage())]);
  const ending = database === 'up' ? await endingCertificates({ records, clock }).catch(() => []) : []; // down is told by the database's own part
  const standing = database === 'up' ? await records.standing.read().catch(() => null) : null;
  const evidence = database === 'up' ? await evidenceState({ records, clock }, timestamps().authorities > 0).catch(() => 'up' as const) : 'up';
  const isLastWarning = (ending[0]?.daysLeft ?? Infinity) <= WARN_DAYS[2];
  const parts = { database, documents, queue: queue.healthy() ? 'up' : 'degraded', timestamps: timestampState(timestamps()), certificates: isLastWarning ? 'degraded' : 'up', evidence } as const;
  return {
    ready: database === 'up' && documents === 'up',
    degraded: parts.queue === 'degraded' || parts.timestamps === 'degraded' || parts.certificates === 'degraded' || parts.evidence === 'degraded' || standing?.hold != null,
    held: standing?.hold != null,
    incarnation: standing?.incarnation ?? null,
    parts,
    lastTimestampAt: timestamps().lastSuccessAt?.toISOString() ?? null,
    nextCertificateEndAt: ending[0]?.notAfter.toISOString() ?? null,
  };
}

/** Down is the answer; why is logged where it happened. */
function stateOf(work: Promise<unknown>): Promise<'up' | 'down'> {
  return work.then(
    () => 'up',
    () => 'down',
  );
}

const UNTIMED_MS = 10 * 60_000;

async function evidenceState({ records, clock }: Pick<ReadinessPorts, 'records' | 'clock'>, isStamped: boolean): Promise<PartState> {
  const [conflicts, since] = await Promise.all([records.log.openConflicts(), records.log.untimedSince()]);
  if (conflicts.length > 0) return 'degraded';
  return isStamped && since !== null && clock.now().getTime() - since.getTime() >= UNTIMED_MS ? 'degraded' : 'up';
}

function timestampState({ authorities, lastSuccessAt, lastFailureAt }: TimestampHealth): PartState {
  if (authorities === 0) return 'off';
  return lastFailureAt !== null && (lastSuccessAt === null || lastFailureAt > lastSuccessAt) ? 'degraded' : 'up';
}

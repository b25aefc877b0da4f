import type { AlarmLimits, Condition } from '../domain/alarm.ts';
import { shownCode } from '../domain/carrier-code.ts';
import type { AlarmFacts, ReadAlarmFacts } from '../ports/alarm-facts.ts';
import type { Clock } from '../ports/clock.ts';
import { MOST_PIN_FAILURES, type PinGuard } from '../ports/pin-guard.ts';
import type { Records } from '../ports/records.ts';
import { endingCertificates, WARN_DAYS } from './watch-certificates.ts';

export interface ConditionPorts {
  readonly records: Pick<Records, 'keys' | 'log'>;
  readonly readAlarmFacts: ReadAlarmFacts;
  readonly pinGuard: Pick<PinGuard, 'failures'>;
  /** Whether an authority is configured that could give time-stamps. */
  readonly stampsEvidence: boolean;
  /** Free share of the data folder's disk, 0 to 100. */
  readonly freePercent: () => Promise<number>;
  readonly clock: Clock;
}

const UNKNOWN_STATUSES_FOR_MS = 7 * 24 * 3_600_000;
const DISK_CRITICAL_PERCENT = 3;
const [, CERTIFICATE_LATE_DAYS, CERTIFICATE_LAST_DAYS] = WARN_DAYS;

/** Everything that a person should hear of, as it stands now. Decides nothing and tells nobody. @throws DATABASE_UNAVAILABLE */
export async function findConditions(ports: ConditionPorts, limits: AlarmLimits): Promise<readonly Condition[]> {
  const now = ports.clock.now();
  const before = (ms: number): Date => new Date(now.getTime() - ms);
  const [facts, evidence, certificates, pins, freePercent] = await Promise.all([
    ports.readAlarmFacts(now, { lanesBefore: before(limits.laneAgeMs), statusesAfter: before(UNKNOWN_STATUSES_FOR_MS) }),
    evidenceConditions(ports, now),
    endingCertificates(ports),
    ports.pinGuard.failures(),
    ports.freePercent(),
  ]);
  return [
    ...exchangeConditions(facts, limits),
    ...postConditions(facts),
    ...evidence,
    ...(facts.oldestDueAt !== null && facts.oldestDueAt <= before(limits.silentMs) ? [atOnce('workers.silent', 'critical', 'workers', { dueSince: facts.oldestDueAt.toISOString() })] : []),
    ...certificates.filter(({ daysLeft }) => daysLeft <= CERTIFICATE_LATE_DAYS).map(({ keyId, notAfter, daysLeft }) => atOnce('certificate.ending', daysLeft <= CERTIFICATE_LAST_DAYS ? 'critical' : 'warning', keyId, { notAfter: notAfter.toISOString(), daysLeft })),
    ...pins.filter(({ failures }) => failures >= MOST_PIN_FAILURES).map(({ token, failures }) => atOnce('key.stopped', 'critical', token, { failures })),
    ...(freePercent < limits.diskFreePercent ? [atOnce('disk.low', freePercent < DISK_CRITICAL_PERCENT ? 'critical' : 'warning', 'data-folder', { freePercent: Math.floor(freePercent) })] : []),
  ];
}

function exchangeConditions({ parked, unreachable, oldLanes }: AlarmFacts, { unreachableMs }: AlarmLimits): readonly Condition[] {
  return [
    ...parked.filter(({ kind }) => kind === 'message').map(({ target, count, oldestAt }) => atOnce('delivery.parked', 'warning', target, { count, oldestAt: oldestAt.toISOString() })),
    ...unreachable.map(({ partnerId, failures, gone, waiting }): Condition => ({ kind: 'partner.unreachable', severity: gone ? 'critical' : 'warning', subject: partnerId, figures: { failures, gone: gone ? 'yes' : 'no', waiting }, forMs: gone ? 0 : unreachableMs })),
    ...oldLanes.map(({ target, count, oldestAt }) => atOnce('lane.old', 'warning', target, { count, oldestAt: oldestAt.toISOString() })),
  ];
}

/** A checkpoint waits a few seconds for its token; an authority that is away for minutes is news, for hours it stops deliveries. */
const UNTIMED_FOR_MS = 10 * 60_000;
const UNTIMED_CRITICAL_MS = 4 * 3_600_000;
/** What was left to `renewLog` for two months and did not help. */
const AGEING_MS = 30 * 24 * 3_600_000;

async function evidenceConditions({ records, stampsEvidence }: ConditionPorts, now: Date): Promise<readonly Condition[]> {
  const [conflicts, untimedSince, newest] = await Promise.all([records.log.openConflicts(), records.log.untimedSince(), records.log.newestTimestamp()]);
  const untimedMs = untimedSince === null || !stampsEvidence ? 0 : now.getTime() - untimedSince.getTime();
  return [
    ...conflicts.map(({ witness, reason, ownSize, foundAt }) => atOnce('log.forked', 'critical', witness, { reason, ownSize, foundAt: foundAt.toISOString() })),
    ...(untimedSince !== null && untimedMs >= UNTIMED_FOR_MS ? [atOnce('evidence.untimed', untimedMs >= UNTIMED_CRITICAL_MS ? 'critical' : 'warning', 'log', { since: untimedSince.toISOString() })] : []),
    ...(newest !== null && newest.certificateNotAfter.getTime() - now.getTime() < AGEING_MS ? [atOnce('evidence.ageing', 'warning', newest.authority, { notAfter: newest.certificateNotAfter.toISOString() })] : []),
  ];
}

function postConditions({ parked, unknownStatuses }: AlarmFacts): readonly Condition[] {
  return [
    ...parked.filter(({ kind }) => kind === 'postal').map(({ target, count, oldestAt }) => atOnce('post.undecided', 'critical', target, { count, oldestAt: oldestAt.toISOString() })),
    ...unknownStatuses.map(({ carrier, codes, count }) => atOnce('post.unknown-status', 'warning', carrier, { codes: codes.map(shownCode).join(', '), count })),
  ];
}

function atOnce(kind: Condition['kind'], severity: Condition['severity'], subject: string, figures: Condition['figures']): Condition {
  return { kind, severity, subject, figures, forMs: 0 };
}

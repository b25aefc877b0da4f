/** What an operator has to be told of. Each kind has words and a next step in `formats/alarms/words.ts`. */
export const ALARM_KINDS = [
  'delivery.parked',
  'partner.unreachable',
  'lane.old',
  'workers.silent',
  'certificate.ending',
  'key.stopped',
  'disk.low',
  'post.undecided',
  'post.unknown-status',
  'log.forked',
  'evidence.untimed',
  'evidence.ageing',
] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

export const ALARM_SEVERITIES = ['warning', 'critical'] as const;
export type AlarmSeverity = (typeof ALARM_SEVERITIES)[number];

/** How something stands at one look. */
export interface Condition {
  readonly kind: AlarmKind;
  readonly severity: AlarmSeverity;
  /** Id of the partner, key, carrier or part concerned: with the kind it says which alarm it is. Never a person, never a dossier. */
  readonly subject: string;
  /** Counts, codes and times (ISO 8601) for the words. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** How long it has to last before it is an alarm; 0: at once. */
  readonly forMs: number;
}

export interface Alarm extends Omit<Condition, 'forMs'> {
  readonly id: string;
  /** When it was first seen. */
  readonly since: Date;
  /** Null: seen, and not yet for long enough. */
  readonly raisedAt: Date | null;
  /** When people were last told of it. */
  readonly toldAt: Date | null;
  readonly resolvedAt: Date | null;
  /** Somebody knows: no reminders any more. */
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
}

export const ALARM_EVENTS = ['raised', 'worse', 'reminder', 'resolved'] as const;
export type AlarmEvent = (typeof ALARM_EVENTS)[number];

export interface AlarmLimits {
  /** A partner that cannot be reached for so long. */
  readonly unreachableMs: number;
  /** The oldest message that could go and did not. */
  readonly laneAgeMs: number;
  /** Work that is due and nobody takes. */
  readonly silentMs: number;
  /** Free share of the data folder's disk, in percent. */
  readonly diskFreePercent: number;
  /** An alarm that nobody acknowledged is told again after so long. */
  readonly remindMs: number;
}

export const DEFAULT_ALARM_LIMITS: AlarmLimits = { unreachableMs: 15 * 60_000, laneAgeMs: 24 * 3_600_000, silentMs: 60_000, diskFreePercent: 10, remindMs: 12 * 3_600_000 };

export interface AlarmNews {
  readonly event: AlarmEvent;
  readonly alarm: Alarm;
}

export interface AlarmStep {
  /** Alarms as they stand now, those that changed. */
  readonly changed: readonly Alarm[];
  /** Ids of those that went away before they were raised. */
  readonly forgotten: readonly string[];
  /** What people are told. */
  readonly news: readonly AlarmNews[];
}

/**
 * From the alarms that are open and what is seen now to the alarms that follow: each is told once when it is raised or gets worse, again
 * after `remindMs` until somebody acknowledges it, and once when it is over.
 * @param newId makes the id of an alarm
 */
export function stepAlarms(open: readonly Alarm[], found: readonly Condition[], now: Date, { remindMs }: Pick<AlarmLimits, 'remindMs'>, newId: () => string): AlarmStep {
  const changed: Alarm[] = [];
  const news: AlarmNews[] = [];
  const tell = (event: AlarmEvent, alarm: Alarm): void => {
    changed.push(alarm);
    news.push({ event, alarm });
  };
  const openByName = new Map(open.map((alarm) => [nameOf(alarm), alarm]));
  for (const condition of new Map(found.map((one) => [nameOf(one), one])).values()) {
    const { forMs, ...seen } = condition;
    const before = openByName.get(nameOf(condition)) ?? newAlarm(seen, newId(), now);
    const alarm: Alarm = { ...before, ...seen };
    if (alarm.raisedAt === null) {
      if (now.getTime() - alarm.since.getTime() >= forMs) tell('raised', { ...alarm, raisedAt: now, toldAt: now });
      else changed.push(alarm);
    } else if (before.severity === 'warning' && alarm.severity === 'critical') tell('worse', { ...alarm, toldAt: now, acknowledgedAt: null, acknowledgedBy: null });
    else if (alarm.acknowledgedAt === null && now.getTime() - (alarm.toldAt ?? alarm.raisedAt).getTime() >= remindMs) tell('reminder', { ...alarm, toldAt: now });
    else changed.push(alarm);
  }
  const stillThere = new Set(found.map(nameOf));
  const gone = open.filter((alarm) => !stillThere.has(nameOf(alarm)));
  for (const alarm of gone) if (alarm.raisedAt !== null) tell('resolved', { ...alarm, resolvedAt: now, toldAt: now });
  return { changed, forgotten: gone.filter(({ raisedAt }) => raisedAt === null).map(({ id }) => id), news };
}

function newAlarm(seen: Omit<Condition, 'forMs'>, id: string, now: Date): Alarm {
  return { ...seen, id, since: now, raisedAt: null, toldAt: null, resolvedAt: null, acknowledgedAt: null, acknowledgedBy: null };
}

function nameOf({ kind, subject }: Pick<Condition, 'kind' | 'subject'>): string {
  return `${kind} ${subject}`;
}

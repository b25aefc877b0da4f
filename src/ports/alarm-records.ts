import type { Alarm } from '../domain/alarm.ts';

/** How people are told. */
export const ALARM_CHANNELS = ['webhook', 'mail'] as const;
export type AlarmChannelName = (typeof ALARM_CHANNELS)[number];

/** One piece of news for one channel; its payload never changes, however often it is tried. */
export interface AlarmNotice {
  /** The same at every try: receivers know a repetition by it. */
  readonly id: string;
  readonly alarmId: string;
  readonly channel: AlarmChannelName;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
}

export interface LeasedNotice extends AlarmNotice {
  /** Tries, this one included. */
  readonly tries: number;
}

export interface WaitingNotices {
  readonly channel: AlarmChannelName;
  readonly count: number;
  readonly oldestAt: Date;
  /** What the last try came to; null: there was none. */
  readonly lastFailure: string | null;
}

export interface AlarmRecords {
  /** Alarms that are not over, locked against other processes until the transaction ends. */
  lockOpen(): Promise<readonly Alarm[]>;
  save(alarm: Alarm): Promise<void>;
  forget(id: string): Promise<void>;
  find(id: string): Promise<Alarm | null>;
  /** Raised ones, the newest first; `all`: those that are over, too. */
  list(which: 'open' | 'all', limit: number): Promise<readonly Alarm[]>;
  /** False: there is no such open alarm, or somebody acknowledged it before. */
  acknowledge(id: string, by: string, at: Date): Promise<boolean>;

  addNotice(notice: AlarmNotice): Promise<void>;
  /** Due notices of these channels, each alarm's oldest first, nobody else's until `until`. */
  leaseNotices(channels: readonly AlarmChannelName[], now: Date, until: Date, limit: number): Promise<readonly LeasedNotice[]>;
  noticeSent(id: string, at: Date): Promise<void>;
  /** To be tried again at `nextAt`. */
  noticeFailed(id: string, reason: string, nextAt: Date): Promise<void>;
  /** What has not been told yet, by channel. */
  waitingNotices(): Promise<readonly WaitingNotices[]>;
}

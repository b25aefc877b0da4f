import { statfs } from 'node:fs/promises';
import type { Dispatcher } from 'undici';
import { createAlarmMail } from '../../connectors/mail-smtp/index.ts';
import { createAlarmWebhook } from '../../connectors/partner-rest/index.ts';
import type { Config } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import type { AlarmChannel } from '../ports/alarm-channel.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { alarmFacts } from '../store/alarm-facts.ts';
import { leadership } from '../store/leadership.ts';
import { tellAlarms } from '../usecases/tell-alarms.ts';
import { watchAlarms } from '../usecases/watch-alarms.ts';
import { readAlarmLimits } from './alarm-settings.ts';
import type { Store } from './open-store.ts';
import { rememberPushKeys } from './push-keys.ts';
import { takeTurns } from './turns.ts';

export interface AlarmParts {
  readonly config: Config;
  readonly store: Pick<Store, 'records' | 'sealing' | 'pinGuard' | 'database'>;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

const LOOK_EVERY_MS = 15_000;
const TELL_EVERY_MS = 5_000;

/** The ways to people that are configured. @throws CONFIG_INVALID naming what is missing */
export function alarmChannels({ config, store, dispatcher, clock, chance }: Omit<AlarmParts, 'log'>): readonly AlarmChannel[] {
  const { LIENTHONG_ALARM_WEBHOOK_URL: url, LIENTHONG_ALARM_WEBHOOK_SECRET: secret = null, LIENTHONG_ALARM_SMTP_URL: smtpUrl, LIENTHONG_ALARM_MAIL_FROM: from, LIENTHONG_ALARM_MAIL_TO: to } = config;
  const webhook = url === undefined ? [] : [createAlarmWebhook({ url, secret, pushKeys: rememberPushKeys({ ...store, clock, chance }), dispatcher, clock })];
  if (smtpUrl === undefined) return webhook;
  if (from === undefined || to.length === 0) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_ALARM_SMTP_URL needs LIENTHONG_ALARM_MAIL_FROM and LIENTHONG_ALARM_MAIL_TO');
  return [...webhook, createAlarmMail({ url: smtpUrl, from, to })];
}

/**
 * Looks for alarms and tells them, in whichever process leads: every role does, since somebody has to say that the workers are silent.
 * @throws CONFIG_INVALID
 */
export function startAlarms(parts: AlarmParts): { stop(): Promise<void> } {
  const { config, store, log } = parts;
  const channels = alarmChannels(parts);
  const limits = readAlarmLimits(config.LIENTHONG_ALARMS_FILE);
  const ports = { ...parts, records: store.records, pinGuard: store.pinGuard, stampsEvidence: config.LIENTHONG_TSA_URLS.length > 0, readAlarmFacts: alarmFacts(store.database.db), freePercent: () => freePercent(config.dataDir), channels };
  const leader = leadership(store.database.pool, 'alarms', log);
  const asLeader = (work: (stop: AbortSignal) => Promise<{ readonly more: boolean }>) => async (stop: AbortSignal) => ((await leader.isLeader()) ? work(stop) : { more: false });
  const stopping = new AbortController();
  const look = async (): Promise<{ readonly more: false }> => {
    await watchAlarms(ports, limits, channels.map(({ name }) => name));
    return { more: false };
  };
  const taken = [
    takeTurns(parts, { event: 'alarm.look-failed', everyMs: LOOK_EVERY_MS, turn: asLeader(look) }, stopping.signal),
    // Apart, so that a receiver that hangs keeps nobody from looking. Each notice is leased: any process may tell.
    takeTurns(parts, { event: 'alarm.telling-failed', everyMs: TELL_EVERY_MS, turn: (stop) => tellAlarms(ports, stop) }, stopping.signal),
  ];
  return {
    async stop() {
      stopping.abort();
      await Promise.all(taken);
      await leader.resign();
    },
  };
}

async function freePercent(folder: string): Promise<number> {
  const { bavail, blocks } = await statfs(folder);
  return blocks === 0 ? 100 : (100 * bavail) / blocks;
}

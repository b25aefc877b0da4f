import type { Dispatcher } from 'undici';
import type { AlarmChannel } from '../../src/ports/alarm-channel.ts';
import type { Clock } from '../../src/ports/clock.ts';
import { call } from './client.ts';
import { readUrl } from './read-url.ts';
import { buildEvent, readWebhookSecret, type PushKey } from './request.ts';

export interface AlarmWebhookSettings {
  readonly url: string;
  /** `whsec_…`; null: signed by the gateway's own keys alone. */
  readonly secret: string | null;
  /** The gateway's own keys that sign now. */
  readonly pushKeys: () => Promise<readonly PushKey[]>;
  /** As for partners; stays the caller's to close. */
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Default 20,000. */
  readonly totalTimeoutMs?: number;
}

const MOST_ANSWER_BYTES = 64 * 1024;

/** Alarms as events of Standard Webhooks 1.0.0, signed like the pushes to partners. @throws CONFIG_INVALID when the secret or URL cannot be used */
export function createAlarmWebhook({ url, secret, pushKeys, dispatcher, clock, totalTimeoutMs = 20_000 }: AlarmWebhookSettings): AlarmChannel {
  const target = readUrl(url);
  const secrets = secret === null ? [] : readWebhookSecret(secret);
  return {
    name: 'webhook',
    async send({ id, payload }, signal) {
      const request = buildEvent(target, { secrets, ed25519: await pushKeys() }, { id, payload }, clock.now());
      const result = await call(request, { dispatcher, totalTimeoutMs, maxAnswerBytes: MOST_ANSWER_BYTES }, signal);
      if (!result.answered) return { sent: false, reason: result.forbidden?.message ?? `The receiver gave no answer: ${result.reason}` };
      const { status } = result.answer;
      return status >= 200 && status < 300 ? { sent: true } : { sent: false, reason: `The receiver answered ${status}` };
    },
  };
}

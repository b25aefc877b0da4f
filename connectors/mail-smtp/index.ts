import { createTransport } from 'nodemailer';
import { GatewayError } from '../../src/domain/errors.ts';
import type { AlarmChannel } from '../../src/ports/alarm-channel.ts';
import { buildMail } from './message.ts';

export interface MailSettings {
  /** `smtps://user:password@host:465` or `smtp://…:587`, which goes over to TLS where the server offers it; `?requireTLS=true` insists. A secret. */
  readonly url: string;
  readonly from: string;
  readonly to: readonly string[];
  /** Default 20,000, for each step of the dialogue. */
  readonly timeoutMs?: number;
}

/** Alarms as mail over SMTP (RFC 5321), one connection a mail. @throws CONFIG_INVALID */
export function createAlarmMail({ url, from, to, timeoutMs = 20_000 }: MailSettings): AlarmChannel {
  if (!URL.canParse(url) || !/^smtps?:\/\//.test(url)) throw new GatewayError('CONFIG_INVALID', 'LIENTHONG_ALARM_SMTP_URL is smtp://host:587 or smtps://host:465, with user and password where needed');
  const transport = createTransport({ url, connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs, disableFileAccess: true, disableUrlAccess: true });
  return {
    name: 'mail',
    async send(notice, signal) {
      try {
        const { subject, text, messageId, references, headers } = buildMail(notice);
        const sending = transport.sendMail({ from, to: [...to], subject, text, messageId, references, headers: { ...headers }, date: notice.createdAt });
        return await Promise.race([sending.then(() => ({ sent: true }) as const), cutShort(signal)]);
      } catch (error) {
        return { sent: false, reason: `The mail server did not take it: ${reasonOf(error)}` };
      }
    },
  };
}

/** nodemailer's dialogue cannot be ended from outside; its time-outs end it. The mail may go all the same, under the same Message-ID. */
function cutShort(signal: AbortSignal): Promise<{ readonly sent: false; readonly reason: string }> {
  return new Promise((resolve) => {
    const end = (): void => resolve({ sent: false, reason: 'cut short by the gateway' });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

/** Codes and numbers only: the server's texts may repeat addresses and credentials. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
  const reply = 'responseCode' in error && typeof error.responseCode === 'number' ? `, SMTP ${error.responseCode}` : '';
  return `${code}${reply}`;
}

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | null;
  readonly headers: string;
  /** Undone quoted-printable and base64. */
  readonly text: string;
}

export interface SmtpReceiver {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Refuses every mail from now on (SMTP 451), or takes them again. */
  refuse(on: boolean): void;
  close(): Promise<void>;
}

/** A mail server over a real socket that wants a login and keeps what it is given. */
export async function startSmtpReceiver({ user, password }: { readonly user: string; readonly password: string }): Promise<SmtpReceiver> {
  const mails: ReceivedMail[] = [];
  let refusing = false;
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: (given, _session, callback) => (given.username === user && given.password === password ? callback(null, { user }) : callback(new Error('no'))),
    onData(stream, session, callback) {
      const chunks: Uint8Array[] = [];
      stream.on('data', (chunk: Uint8Array) => void chunks.push(chunk));
      stream.on('end', () => {
        if (refusing) return callback(Object.assign(new Error('later'), { responseCode: 451 }));
        mails.push(readMail(Buffer.concat(chunks).toString('utf8'), session));
        return callback();
      });
    },
  });
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  const { port } = server.server.address() as AddressInfo;
  return { port, mails, refuse: (on) => void (refusing = on), close: () => new Promise((resolve) => server.close(() => resolve())) };
}

function readMail(raw: string, { envelope: { mailFrom, rcptTo }, user }: SMTPServerSession): ReceivedMail {
  const [headers = '', ...body] = raw.split('\r\n\r\n');
  return {
    from: mailFrom === false ? '' : mailFrom.address,
    to: rcptTo.map(({ address }) => address),
    user: typeof user === 'string' ? user : null,
    headers,
    text: decoded(headers, body.join('\r\n\r\n')),
  };
}

/** @see RFC 2045 §6.7, §6.8 */
function decoded(headers: string, body: string): string {
  if (/content-transfer-encoding: base64/i.test(headers)) return Buffer.from(body, 'base64').toString('utf8');
  const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

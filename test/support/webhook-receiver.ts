import { createHmac, createPublicKey, timingSafeEqual, verify, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ReceivedEvent {
  readonly id: string;
  readonly body: { readonly type: string; readonly data: Readonly<Record<string, unknown>> };
  readonly raw: string;
  /** Which of the signatures hold. */
  readonly signatures: readonly ('v1' | 'v1a')[];
}

export interface WebhookReceiver {
  readonly url: string;
  readonly port: number;
  readonly events: readonly ReceivedEvent[];
  /** Status of every answer from now on. */
  answer(status: number): void;
  close(): Promise<void>;
}

/** A receiver of Standard Webhooks 1.0.0 with its own check of signatures. */
export async function startWebhookReceiver(options: { readonly secret: string; readonly publicKeys: () => Promise<readonly JsonWebKey[]>; readonly port?: number }): Promise<WebhookReceiver> {
  const events: ReceivedEvent[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    void (async () => {
      const raw = await text(request);
      const header = (name: string): string => String(request.headers[name]);
      const content = Buffer.from(`${header('webhook-id')}.${header('webhook-timestamp')}.${raw}`);
      const given = header('webhook-signature').split(' ').map((one) => one.split(',') as [string, string]);
      const expected = createHmac('sha256', Buffer.from(options.secret.slice('whsec_'.length), 'base64')).update(content).digest();
      const keys = (await options.publicKeys()).map((key) => createPublicKey({ key, format: 'jwk' }));
      const signatures = given.flatMap(([kind, value]): ('v1' | 'v1a')[] => {
        const bytes = Buffer.from(value, 'base64');
        if (kind === 'v1' && bytes.length === expected.length && timingSafeEqual(bytes, expected)) return ['v1'];
        return kind === 'v1a' && keys.some((key) => verify(null, content, key, bytes)) ? ['v1a'] : [];
      });
      events.push({ id: header('webhook-id'), body: JSON.parse(raw) as ReceivedEvent['body'], raw, signatures });
      response.writeHead(status).end();
    })().catch(() => request.socket.destroy());
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/alarms`,
    port,
    events,
    answer: (next) => void (status = next),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

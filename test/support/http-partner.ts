import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A partner's system over a real socket: checks Standard Webhooks signatures by its own code, applies effects, answers receipts, and fails as told. */

export interface PushedMessage {
  readonly webhookId: string;
  readonly idempotencyKey: string | undefined;
  readonly messageId: string;
  readonly dossierCode: string;
  readonly manifestSha256: string;
  readonly raw: string;
  readonly headers: IncomingMessage['headers'];
}

/** What to do with one push. Effects and answers are apart: a lost answer is `{ apply: true, answer: 'hang' }`. */
export interface Reaction {
  readonly apply: boolean;
  /** Milliseconds until the effect shows; the answer does not wait for it. */
  readonly applyAfterMs?: number;
  readonly answer: 'receipt' | 'reset' | 'hang' | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };
  readonly answerAfterMs?: number;
}

export const RECEIPT: Reaction = { apply: true, answer: 'receipt' };

export interface HttpPartnerOptions {
  readonly secret: string;
  /** Recognises a delivery it has, and answers its receipt again without a second effect. */
  readonly deduplicates: boolean;
  readonly react?: (message: PushedMessage, attempt: number) => Reaction;
  readonly port?: number;
  /** For histories. */
  readonly onEvent?: (kind: 'push' | 'effect' | 'lookup', deliveryId: string, message: PushedMessage | null) => void;
}

export interface HttpPartner {
  readonly url: string;
  readonly port: number;
  /** Effects in the order in which they took place, repeats included. */
  readonly effects: readonly PushedMessage[];
  /** Every push that came, whatever became of it. */
  readonly pushes: readonly PushedMessage[];
  readonly lookups: readonly string[];
  /** Pushes whose signature was wrong. */
  readonly unsigned: number;
  setReaction(react: (message: PushedMessage, attempt: number) => Reaction): void;
  setSecret(secret: string): void;
  close(): Promise<void>;
}

export async function startHttpPartner(options: HttpPartnerOptions): Promise<HttpPartner> {
  const effects: PushedMessage[] = [];
  const pushes: PushedMessage[] = [];
  const lookups: string[] = [];
  const applied = new Set<string>();
  const attempts = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let unsigned = 0;
  let { secret } = options;
  let react = options.react ?? (() => RECEIPT);

  const later = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  };
  const apply = (message: PushedMessage): void => {
    if (options.deduplicates && applied.has(message.webhookId)) return;
    applied.add(message.webhookId);
    effects.push(message);
    options.onEvent?.('effect', message.webhookId, message);
  };
  const receive = (message: PushedMessage, request: IncomingMessage, response: ServerResponse): void => {
    pushes.push(message);
    options.onEvent?.('push', message.webhookId, message);
    const attempt = (attempts.get(message.webhookId) ?? 0) + 1;
    attempts.set(message.webhookId, attempt);
    const reaction = react(message, attempt);
    if (reaction.apply && reaction.applyAfterMs === undefined) apply(message);
    else if (reaction.apply) later(reaction.applyAfterMs ?? 0, () => apply(message));
    const reply = (): void => answer(reaction, message, request, response);
    if (reaction.answerAfterMs === undefined) reply();
    else later(reaction.answerAfterMs, reply);
  };

  const server = createServer((request, response) => {
    readAll(request).then(
      (raw) => {
        if (!isSigned(request, raw, secret)) {
          unsigned += 1;
          response.writeHead(401).end();
        } else if (request.method === 'GET') {
          const id = (request.url ?? '').split('/').at(-1) ?? '';
          lookups.push(id);
          options.onEvent?.('lookup', id, null);
          const found = pushes.find((push) => push.webhookId === id && applied.has(id));
          if (found === undefined) response.writeHead(404).end();
          else answer(RECEIPT, found, request, response);
        } else receive(pushedMessage(request, raw), request, response);
      },
      () => request.socket.destroy(),
    );
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    effects,
    pushes,
    lookups,
    get unsigned() {
      return unsigned;
    },
    setReaction: (next) => void (react = next),
    setSecret: (next) => void (secret = next),
    async close() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer({ answer: kind }: Reaction, message: PushedMessage, request: IncomingMessage, response: ServerResponse): void {
  if (kind === 'hang') return;
  if (kind === 'reset') return void request.socket.resetAndDestroy();
  if (kind === 'receipt') {
    const body = JSON.stringify({ messageId: message.messageId, manifestSha256: message.manifestSha256, reference: `ref-${message.webhookId.slice(0, 8)}` });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
    return;
  }
  response.writeHead(kind.status, kind.headers).end(kind.body ?? '');
}

async function readAll(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function pushedMessage(request: IncomingMessage, raw: string): PushedMessage {
  const { data } = JSON.parse(raw) as { data: { messageId: string; dossierCode: string; manifestSha256: string } };
  const header = (name: string): string | undefined => (typeof request.headers[name] === 'string' ? request.headers[name] : undefined);
  return { webhookId: header('webhook-id') ?? '', idempotencyKey: header('idempotency-key'), messageId: data.messageId, dossierCode: data.dossierCode, manifestSha256: data.manifestSha256, raw, headers: request.headers };
}

/** Standard Webhooks 1.0.0, written apart from the gateway's own: any of the signatures given, within five minutes. */
function isSigned(request: IncomingMessage, raw: string, secret: string): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures } = request.headers;
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return false;
  const mac = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'));
  const expected = Buffer.from(mac.update(`${String(id)}.${String(timestamp)}.${raw}`).digest('base64'));
  return String(signatures)
    .split(' ')
    .map((signature) => Buffer.from(signature.replace(/^v1,/, '')))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected));
}

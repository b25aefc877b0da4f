import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, GatewayProblem, receiptFor, WebhookRefused, type GatewayAccess, type GatewayClient, type MessageEnvelope } from '../../client/index.ts';
import { choosePayload } from '../../src/usecases/administer-partners.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

/** `lienthong/client` against the gateway, over good and bad lines. */

const MB = 1024 * 1024;
let gateway: TestGateway;
let proxy: CuttingProxy;
let land: TestPartner;
let desk: TestPartner;
let client: GatewayClient;
let folder: string;

const access = (change: Partial<GatewayAccess> = {}): GatewayAccess => ({ url: proxy.url, apiKey: land.token, timeoutMs: 20_000, ...change });

beforeAll(async () => {
  gateway = await startTestGateway({ maxDocumentBytes: 50 * MB });
  proxy = await startCuttingProxy(gateway.url);
  folder = await mkdtemp(join(tmpdir(), 'lienthong-client-'));
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  desk = await gateway.addPartner('desk', { agencies: ['H57.02'] });
  client = createClient(access());
});
afterAll(async () => {
  await proxy.close();
  await gateway.close();
  await rm(folder, { recursive: true, force: true });
});

const opening = { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
const send = async (to: string, note: string) => client.sendMessage((await client.openDossier(opening)).code, { type: 'dossier.progress', from: 'H57.12', to: [to], body: { note } });

describe('a call', () => {
  it('whose answer is lost is made again under its key, and done once', async () => {
    const before = (await client.api.GET('/v1/dossiers')).data?.dossiers.length ?? 0;
    const cuts = proxy.cuts;
    proxy.cut('down', 1);
    const opened = await client.openDossier(opening);
    expect(proxy.cuts).toBe(cuts + 1);
    const { data } = await client.api.GET('/v1/dossiers', { params: { query: { limit: 100 } } });
    expect(data?.dossiers.map(({ code }) => code)).toContain(opened.code);
    expect(data?.dossiers).toHaveLength(before + 1);
  });

  it('is the same deed under the same key, also in another process', async () => {
    const first = await client.openDossier(opening, 'filing-1');
    expect((await createClient(access()).openDossier(opening, 'filing-1')).code).toBe(first.code);
    await expect(client.openDossier({ ...opening, title: 'Khác' }, 'filing-1')).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED', status: 422 });
  });

  it('that is refused throws the problem, with what is wrong and where', async () => {
    const { code } = await client.openDossier(opening);
    const refused = await client.sendMessage(code, { type: 'dossier.refuse', to: ['H57.02'], body: { reason: ' ' } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(GatewayProblem);
    expect(refused).toMatchObject({ code: 'REQUEST_INVALID', retryable: false, problem: { errors: [{ pointer: '/body/reason' }] } });
    await expect(client.readDossier('H57.12-261124-9999')).rejects.toMatchObject({ code: 'DOSSIER_NOT_FOUND' });
    await expect(createClient(access({ apiKey: () => Promise.resolve('lt_x_wrong') })).listKeys()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(createClient(access({ language: 'vi' })).readMessage('01936e5a-0000-7000-8000-00000000000b')).rejects.toMatchObject({ problem: { title: 'Không có thông điệp này' } });
  });
});

describe('when the gateway, or a proxy before it, says "later"', () => {
  const busy = async (answers: readonly { readonly status: number; readonly retryAfter?: string }[], run: (busyClient: (change?: Partial<GatewayAccess>) => GatewayClient, calls: readonly string[]) => Promise<void>): Promise<void> => {
    const calls: string[] = [];
    const server: Server = createServer((request, response) => {
      const answer = answers[calls.length] ?? { status: 200 };
      calls.push(`${request.method} ${request.headers['idempotency-key'] === undefined ? 'no key' : 'key'}`);
      request.resume().on('end', () => response.writeHead(answer.status, { 'content-type': 'application/json', ...(answer.retryAfter !== undefined && { 'retry-after': answer.retryAfter }) }).end('{"keys":[]}'));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await run((change) => createClient(access({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ...change })), calls);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  };

  it('waits as long as Retry-After asks, in seconds or as a date', async () => {
    await busy([{ status: 503, retryAfter: '1' }, { status: 429, retryAfter: new Date(Date.now() + 2_500).toUTCString() }], async (make, calls) => {
      const began = performance.now();
      expect(await make().listKeys()).toEqual([]);
      expect(performance.now() - began).toBeGreaterThan(990);
      expect(calls).toHaveLength(3);
    });
  });

  it('does not wait longer than it was told, and says for how long it would have been', async () => {
    await busy([{ status: 503, retryAfter: '3600' }], async (make, calls) => {
      await expect(make().listKeys()).rejects.toMatchObject({ status: 503, retryable: true, retryAfterMs: 3_600_000 });
      expect(calls).toHaveLength(1);
    });
  });

  it('gives up after its attempts, and repeats nothing that has no key', async () => {
    const down = Array.from({ length: 9 }, () => ({ status: 502 }));
    await busy(down, async (make, calls) => {
      await expect(make({ attempts: 2 }).orderPost({} as never)).rejects.toMatchObject({ status: 502 });
      expect(calls).toEqual(['POST key', 'POST key']);
      await expect(make().api.POST('/v1/messages/{id}/replay', { params: { path: { id: 'x' } } })).rejects.toMatchObject({ status: 502 });
      expect(calls).toHaveLength(3);
    });
  });

  it('stops at once when it is told to', async () => {
    await busy([{ status: 503, retryAfter: '30' }], async (make) => {
      await expect(make({ signal: AbortSignal.timeout(200) }).listKeys()).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
});

describe('the inbox', () => {
  it('gives each message as it comes, in the order of its dossier, until it is stopped', async () => {
    const stop = new AbortController();
    const reader = createClient(access({ apiKey: desk.token }));
    const first = await send('H57.02', 'một');
    await client.sendMessage(first.dossierCode, { type: 'dossier.fee', from: 'H57.12', to: ['H57.02'], body: { amountVnd: 750_000 } });
    const seen: (string | number | undefined)[] = [];
    for await (const { message, acknowledge } of reader.inbox({ waitSeconds: 5, signal: stop.signal })) {
      if (message.type === 'dossier.progress') seen.push(message.body.note);
      if (message.type === 'dossier.fee' && message.schemaVersion !== 2) seen.push(message.body.amountVnd);
      await acknowledge(`MC-${seen.length}`);
      if (seen.length === 2) setTimeout(() => stop.abort(), 100);
    }
    expect(seen).toEqual(['một', 750_000]);
    expect((await client.readMessage(first.messageId)).receipts).toMatchObject([{ partnerId: 'desk', reference: 'MC-1' }]);
  });
});

describe('webhooks', () => {
  it.each(['full', 'thin'] as const)('are checked by secret and key, fetched when thin, and receipted (%s)', async (form) => {
    const received: MessageEnvelope[] = [];
    const refused: string[] = [];
    let receiver: ReturnType<GatewayClient['webhooks']> | undefined;
    const server = createServer((request, response) => {
      void buffer(request).then(async (body) => {
        const message = await receiver?.receive({ headers: request.headers, body });
        if (message !== undefined) received.push(message);
        response.writeHead(200, { 'content-type': 'application/json' }).end(message === undefined ? '{}' : JSON.stringify(receiptFor(message, 'MC-7')));
      }).catch((error: unknown) => {
        refused.push(String(error));
        response.writeHead(error instanceof WebhookRefused ? error.status : 500).end();
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
      const portal = await gateway.addPartner(`portal-${form}`, { agencies: [form === 'full' ? 'H57.31' : 'H57.32'], pushUrl: url });
      await choosePayload({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) }, 'operator:test', portal.id, form);
      receiver = createClient(access({ apiKey: portal.token })).webhooks(portal.webhookSecret ?? '');
      expect((await fetch(url, { method: 'POST', body: '{"data":{}}', headers: { 'webhook-id': 'x', 'webhook-timestamp': String(Math.floor(Date.now() / 1_000)), 'webhook-signature': 'v1,AAAA' } })).status).toBe(401);
      const { messageId } = await send(form === 'full' ? 'H57.31' : 'H57.32', 'đẩy');
      const sent = await eventually(() => client.readMessage(messageId), ({ deliveries }) => deliveries[0]?.state === 'delivered');
      expect(sent.receipts).toMatchObject([{ reference: 'MC-7' }]);
      expect(received).toMatchObject([{ messageId, type: 'dossier.progress', body: { note: 'đẩy' } }]);
      expect(refused).toHaveLength(1);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('a large document', () => {
  const bytes = randomBytes(18 * MB);
  const paper = async (): Promise<Blob> => {
    const path = join(folder, 'paper.pdf');
    await writeFile(path, bytes);
    return openAsBlob(path, { type: 'application/pdf' });
  };

  it('goes on where the line broke, and after a crash where it was, and comes back whole over a line that breaks', async () => {
    const blob = await paper();
    const stop = new AbortController();
    let path = '';
    const cuts = proxy.cuts;
    proxy.cut('up', 3 * MB);
    const stopped = client.uploadDocument({ blob, name: 'Giấy chứng nhận.pdf', signal: stop.signal, onBegun: (begun) => void (path = begun), onProgress: (sentBytes) => (sentBytes > 4 * MB ? stop.abort() : undefined) });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(proxy.cuts).toBe(cuts + 1);

    const progress: number[] = [];
    const { documentId } = await createClient(access()).uploadDocument({ blob, name: 'Giấy chứng nhận.pdf', resume: path, onProgress: (sentBytes) => void progress.push(sentBytes) });
    expect(progress[0]).toBeGreaterThan(4 * MB);
    expect(progress.at(-1)).toBe(bytes.length);

    proxy.cut('down', 5 * MB);
    const download = await client.downloadDocument(documentId);
    expect(download).toMatchObject({ name: 'Giấy chứng nhận.pdf', mediaType: 'application/pdf', sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    expect((await buffer(download.stream)).equals(bytes)).toBe(true);
    expect(proxy.cuts).toBe(cuts + 2);
  });

  it('that changed while it was sent is refused whole', async () => {
    const path = join(folder, 'changing.pdf');
    await writeFile(path, bytes.subarray(0, 9 * MB));
    const real = await openAsBlob(path);
    const changing = { size: real.size, type: '', stream: () => real.stream(), slice: (start: number, end: number) => new Blob([new Uint8Array(Math.min(end, real.size) - start)]) } as unknown as Blob;
    await expect(client.uploadDocument({ blob: changing, name: 'a.pdf' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('that is unknown is a problem, not a stream', async () => {
    await expect(client.downloadDocument('01936e5a-0000-7000-8000-00000000000a')).rejects.toMatchObject({ code: 'DOCUMENT_NOT_FOUND' });
  });
});

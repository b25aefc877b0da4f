import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InboxPage } from '../../src/formats/api/messages.ts';
import { eventually } from '../support/eventually.ts';
import { ask, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

/** `GET /v1/inbox` that waits (RFC 7240 §4.3). */

let gateway: TestGateway;
let sender: TestPartner;
let reader: TestPartner;
let other: TestPartner;

beforeAll(async () => {
  gateway = await startTestGateway();
  sender = await gateway.addPartner('sender', { agencies: ['H57.01'] });
  reader = await gateway.addPartner('reader', { agencies: ['H57.02'] });
  other = await gateway.addPartner('other', { agencies: ['H57.03'] });
});
afterAll(() => gateway.close());

async function send(to = 'H57.02'): Promise<string> {
  const json = { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
  const { body } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: sender.token, json });
  const sent = await ask<{ messageId: string }>(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: sender.token, json: { type: 'dossier.progress', to: [to] } });
  return sent.body.messageId;
}

const read = (query: string, by = reader, headers: Readonly<Record<string, string>> = {}, signal?: AbortSignal): Promise<Answer<InboxPage>> =>
  ask<InboxPage>(gateway.url, `/v1/inbox?${query}`, { token: by.token, headers, ...(signal !== undefined && { signal }) });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const isOver = async (asked: Promise<unknown>): Promise<boolean> => Promise.race([asked.then(() => true), pause(300).then(() => false)]);

describe('a reader that waits', () => {
  it('is answered when something comes for it, and not for what comes for others', async () => {
    const start = Date.now();
    const waiting = read('waitSeconds=40');
    await pause(200);
    await send('H57.03');
    expect(await isOver(waiting)).toBe(false);
    const messageId = await send();
    const { body } = await waiting;
    expect(body.entries.map(({ message }) => message.messageId)).toEqual([messageId]);
    expect(Date.now() - start).toBeLessThan(20_000); // far from the end of the wait
    expect((await read('waitSeconds=40&after=0')).body.entries).toHaveLength(1); // what is there is not waited for
  });

  it('may say so by preference, gets what was applied, and an empty page when nothing came', async () => {
    const { status, headers, body } = await read('after=1000000', reader, { prefer: 'respond-async, wait=1' });
    expect([status, headers.get('preference-applied'), body]).toEqual([200, 'wait=1', { entries: [], nextAfter: 1_000_000 }]);
    expect((await read('waitSeconds=61')).status).toBe(422);
  });

  it('sees what was sent again after a receipt of the message before it in the dossier', async () => {
    for (const { message } of (await read('after=0')).body.entries) {
      await ask(gateway.url, `/v1/inbox/${message.messageId}/receipt`, { token: reader.token, json: { messageId: message.messageId, manifestSha256: message.manifestSha256 } });
    }
    const json = { agencyCode: 'H57.01', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
    const { body } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: sender.token, json });
    for (let count = 0; count < 2; count += 1) await ask(gateway.url, `/v1/dossiers/${body.code}/messages`, { token: sender.token, json: { type: 'dossier.progress', to: ['H57.02'] } });
    const [first] = (await read('waitSeconds=20')).body.entries;
    const next = read(`waitSeconds=20&after=${first?.position ?? 0}`);
    await pause(100);
    const receipt = { messageId: first?.message.messageId, manifestSha256: first?.message.manifestSha256 };
    expect((await ask(gateway.url, `/v1/inbox/${first?.message.messageId ?? ''}/receipt`, { token: reader.token, json: receipt })).status).toBe(200);
    expect((await next).body.entries).toHaveLength(1);
  });
});

describe('many readers that wait', () => {
  it('hold no connection to the database, are limited in number, and make room when they go away', async () => {
    const gone = new AbortController();
    const { pool } = gateway.fresh.handle;
    const busy = (): number => pool.totalCount - pool.idleCount;
    const before = busy(); // the leader's, and the one that listens
    const answered: (number | string)[] = [];
    const waiting = Array.from({ length: 17 }, () => read('waitSeconds=30&after=1000000', other, {}, gone.signal).then(({ status }) => answered.push(status), () => answered.push('gone')));
    await eventually(() => answered.length, (count) => count === 1);
    expect(answered).toEqual([429]);
    await eventually(busy, (count) => count <= before);
    gone.abort();
    await Promise.all(waiting);
    expect(answered.slice(1)).toEqual(Array.from({ length: 16 }, () => 'gone'));
    await eventually(() => read('waitSeconds=1&after=1000000', other).then(({ status }) => status), (status) => status === 200);
  });

  it('are answered when the connection that listens breaks: they look again', async () => {
    const waiting = read('waitSeconds=40&after=1000000', other);
    await pause(200);
    await gateway.fresh.handle.pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' AND datname = current_database()`);
    expect(await isOver(waiting)).toBe(false);
    const again = read('waitSeconds=40', other);
    await send('H57.03');
    expect((await again).body.entries.length).toBeGreaterThan(0);
  });

  it('are answered at once when the gateway stops', async () => {
    const stopping = await startTestGateway();
    const partner = await stopping.addPartner('reader', { agencies: ['H57.02'] });
    const waiting = ask<InboxPage>(stopping.url, '/v1/inbox?waitSeconds=50', { token: partner.token });
    await pause(500);
    await stopping.close();
    expect(await waiting).toMatchObject({ status: 200, body: { entries: [], nextAfter: 0 } });
  });
});

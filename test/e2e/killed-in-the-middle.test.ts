import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { promisify } from 'node:util';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, askRaw } from '../support/gateway-http.ts';
import { servedGateway, stop, type Served, type ServedGateway } from '../support/served-gateway.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

/** kill -9 in the middle of requests, and what their senders find afterwards. */

const MB = 1024 * 1024;
let gateway: ServedGateway;
let running: Served;
let token: string;

beforeAll(async () => {
  gateway = await servedGateway();
  running = await gateway.serve();
  await cli('partners', 'add', 'land', '--name', 'Land', '--pull');
  await cli('routes', 'set', 'H57.12', 'land');
  token = (JSON.parse(await cli('api-keys', 'add', 'land', '--scopes', 'documents:write,documents:read,dossiers:write,dossiers:read', '--json')) as { token: string }).token;
}, 60_000);
afterAll(() => gateway.remove(), 60_000);

async function cli(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(PROJECT_ROOT, 'dist', 'src', 'cli.js'), ...args, '--data', gateway.data], { env: { PATH: process.env['PATH'] ?? '' } });
  return stdout;
}

async function killAndServe(): Promise<void> {
  await stop(running.child, 'SIGKILL');
  running = await gateway.serve();
}

describe('a gateway that is killed', () => {
  it('in the middle of an upload keeps what it acknowledged, and the upload goes on from there', { timeout: 90_000 }, async () => {
    const bytes = randomBytes(30 * MB);
    const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
    const tus = { 'tus-resumable': '1.0.0' };
    const begun = await askRaw(running.url, '/v1/uploads', { token, method: 'POST', headers: { ...tus, 'upload-length': String(bytes.length), 'repr-digest': digest } });
    const path = begun.headers.get('location') ?? '';
    const offset = async (): Promise<number> => Number((await askRaw(running.url, path, { token, method: 'HEAD', headers: tus })).headers.get('upload-offset'));
    const piece = { ...tus, 'content-type': 'application/offset+octet-stream' };
    const sending = httpRequest(running.url + path, { method: 'PATCH', headers: { ...piece, authorization: `Bearer ${token}`, 'upload-offset': '0', 'content-length': String(bytes.length) } });
    sending.on('error', () => undefined);
    sending.write(bytes.subarray(0, 20 * MB));
    await expect.poll(offset, { timeout: 20_000, interval: 100 }).toBeGreaterThanOrEqual(8 * MB);
    await killAndServe();
    const kept = await offset();
    expect(kept).toBeGreaterThanOrEqual(8 * MB);
    const rest = await askRaw(running.url, path, { token, method: 'PATCH', headers: { ...piece, 'upload-offset': String(kept) }, body: bytes.subarray(kept) });
    expect(rest.status).toBe(204);
    const document = await askRaw(running.url, `/v1/documents/${rest.headers.get('document-id') ?? ''}`, { token });
    expect(document.headers.get('repr-digest')).toBe(digest);
    expect(createHash('sha256').update(Buffer.from(await document.arrayBuffer())).digest('base64')).toBe(digest.slice(9, -1));
  });

  it('in the middle of POSTs leaves no Idempotency-Key stuck: the same request again is done once', { timeout: 90_000 }, async () => {
    const json = { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
    const keys = Array.from({ length: 60 }, (_, index) => `open-${index}`);
    const open = (key: string): Promise<{ status: number; code: string }> => ask<{ code: string }>(running.url, '/v1/dossiers', { token, json, headers: { 'idempotency-key': key } }).then(({ status, body }) => ({ status, code: body.code }));
    const first = keys.map((key) => open(key).catch(() => null));
    await Promise.race(first);
    await killAndServe();
    const answered = await Promise.all(first);
    const again = await Promise.all(keys.map(open));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set([201]));
    for (const [index, answer] of answered.entries()) if (answer?.status === 201) expect(again[index]?.code).toBe(answer.code);
    const { body } = await ask<{ dossiers: unknown[] }>(running.url, '/v1/dossiers?limit=100', { token });
    expect(body.dossiers).toHaveLength(keys.length);
    expect((await ask(running.url, '/v1/dossiers', { token, json: { ...json, title: 'Khác' }, headers: { 'idempotency-key': 'open-0' } })).body).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });
});

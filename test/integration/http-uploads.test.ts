import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Upload } from 'tus-js-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetUploads } from '../../src/usecases/resumable-upload.ts';
import { openUploadFolder } from '../../src/store/upload-folder.ts';
import type { UploadView } from '../../src/formats/api/uploads.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type Ask, type TestGateway, type TestPartner } from '../support/gateway-http.ts';

/** Uploads that are taken up again: tus 1.0.0, also by its own client. */

const MB = 1024 * 1024;
const QUOTA = 80 * MB;
let gateway: TestGateway;
let land: TestPartner;
let stranger: TestPartner;
const bytes = randomBytes(20 * MB);
const digest = `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;

beforeAll(async () => {
  gateway = await startTestGateway({ maxDocumentBytes: 50 * MB, settings: { LIENTHONG_UPLOAD_QUOTA_BYTES: String(QUOTA) } });
  land = await gateway.addPartner('land');
  stranger = await gateway.addPartner('stranger');
});
afterAll(() => gateway.close());

const TUS = { 'tus-resumable': '1.0.0' };
const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' };
const call = (path: string, { headers, ...rest }: Ask): Promise<Response> => askRaw(gateway.url, path, { token: land.token, ...rest, headers: { ...TUS, ...headers } });
const begin = async (headers: Readonly<Record<string, string>> = {}, length = bytes.length): Promise<Response> => call('/v1/uploads', { method: 'POST', headers: { 'upload-length': String(length), ...headers } });
const begun = async (headers: Readonly<Record<string, string>> = {}, length = bytes.length): Promise<string> => (await begin(headers, length)).headers.get('location') ?? '';
const bring = (path: string, offset: number, piece: Uint8Array): Promise<Response> => call(path, { method: 'PATCH', headers: { ...PIECE, 'upload-offset': String(offset) }, body: Buffer.from(piece) });
const offsetOf = async (path: string): Promise<number> => Number((await call(path, { method: 'HEAD' })).headers.get('upload-offset'));
const pieces = (): Promise<readonly string[]> => readdir(join(gateway.documentsPath, 'uploads'));

/** Sends the first `count` bytes of what it announces, and cuts the connection. */
async function breakOff(path: string, offset: number, count: number): Promise<void> {
  const sending = httpRequest(gateway.url + path, { method: 'PATCH', headers: { ...PIECE, authorization: `Bearer ${land.token}`, 'upload-offset': String(offset), 'content-length': String(bytes.length - offset) } });
  sending.on('error', () => undefined);
  await new Promise<void>((resolve) => sending.write(bytes.subarray(offset, offset + count), () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 100));
  sending.destroy();
}

describe('an upload whose connection breaks', () => {
  it('goes on where it was, and is the same document in the end (tus 1.0.0, Repr-Digest)', async () => {
    const path = await begun({ 'repr-digest': digest, 'upload-metadata': `filename ${Buffer.from('Giấy chứng nhận.pdf').toString('base64')},filetype ${Buffer.from('application/pdf').toString('base64')}` });
    await breakOff(path, 0, 3 * MB);
    const first = await eventually(() => offsetOf(path), (offset) => offset >= 3 * MB);
    await breakOff(path, first, 10 * MB);
    const second = await eventually(() => offsetOf(path), (offset) => offset >= first + 10 * MB);
    expect((await bring(path, first, bytes.subarray(first))).status).toBe(409); // not where it is any more
    const last = await bring(path, second, bytes.subarray(second));
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, String(bytes.length)]);

    const { body } = await ask<UploadView>(gateway.url, path, { token: land.token });
    expect(body).toMatchObject({ receivedBytes: bytes.length, name: 'Giấy chứng nhận.pdf', mediaType: 'application/pdf', documentId: last.headers.get('document-id') });
    const document = await askRaw(gateway.url, `/v1/documents/${body.documentId ?? ''}`, { token: land.token });
    expect(Buffer.from(await document.arrayBuffer()).equals(bytes)).toBe(true);
    expect(document.headers.get('repr-digest')).toBe(digest);
    expect(await pieces()).toEqual([]);
    expect((await bring(path, bytes.length, bytes)).status).toBe(409);
  });

  it('is taken over by a later request, whatever the one before still sends', async () => {
    const path = await begun();
    const stale = httpRequest(gateway.url + path, { method: 'PATCH', headers: { ...PIECE, authorization: `Bearer ${land.token}`, 'upload-offset': '0', 'content-length': String(bytes.length) } });
    const refused = new Promise<number>((resolve) => stale.on('response', (response) => resolve(response.statusCode ?? 0)).on('error', () => resolve(0)));
    stale.write(Buffer.alloc(MB)); // not the document's bytes
    await eventually(pieces, (names) => names.length > 0);
    expect((await bring(path, 0, bytes)).status).toBe(204);
    stale.end(Buffer.alloc(bytes.length - MB));
    expect([0, 409]).toContain(await refused);
    const { body } = await ask<UploadView>(gateway.url, path, { token: land.token });
    const document = await askRaw(gateway.url, `/v1/documents/${body.documentId ?? ''}`, { token: land.token });
    expect(document.headers.get('repr-digest')).toBe(digest);
  });

  it('is finished when asked for, should the gateway have died at the very end', async () => {
    const path = await begun();
    const id = path.split('/').at(-1) ?? '';
    const epoch = (await gateway.fresh.records.uploads.beginPiece(id, 0)) ?? 0;
    const folder = await openUploadFolder(join(gateway.documentsPath, 'uploads'));
    await folder.write({ uploadId: id, epoch }, Readable.from([bytes]), async (size) => void (await gateway.fresh.records.uploads.checkpoint(id, epoch, size)));
    const found = await Promise.all([1, 2, 3].map(() => ask<UploadView>(gateway.url, path, { token: land.token })));
    expect(new Set(found.map(({ body }) => body.documentId)).size).toBe(1);
    expect(found[0]?.body.documentId).not.toBeNull();
  });
});

describe('another’s client', () => {
  it('uploads in pieces and finds the document (tus-js-client)', async () => {
    const location = await new Promise<string>((resolve, reject) => {
      const upload = new Upload(Readable.from([bytes]), {
        endpoint: `${gateway.url}/v1/uploads`,
        uploadSize: bytes.length,
        chunkSize: 6 * MB,
        retryDelays: null,
        metadata: { filename: 'Ảnh.bin', filetype: 'application/octet-stream' },
        headers: { authorization: `Bearer ${land.token}`, 'repr-digest': digest },
        onSuccess: () => resolve(upload.url ?? ''),
        onError: reject,
      });
      upload.start();
    });
    const { body } = await ask<UploadView>('', location, { token: land.token });
    expect(body).toMatchObject({ name: 'Ảnh.bin', receivedBytes: bytes.length });
    expect(body.documentId).not.toBeNull();
  });
});

describe('an upload that is refused', () => {
  it.each([
    ['of no length', { headers: {} }, 422],
    ['of nothing', { headers: { 'upload-length': '0' } }, 422],
    ['above the cap of documents', { headers: { 'upload-length': String(51 * MB) } }, 413],
    ['of another version of tus', { headers: { 'upload-length': '1', 'tus-resumable': '0.2.2' } }, 412],
    ['with a path for a name', { headers: { 'upload-length': '1', 'upload-metadata': `filename ${Buffer.from('../../etc/passwd').toString('base64')}` } }, 422],
  ])('%s says why, and leaves nothing', async (_, { headers }, status) => {
    expect((await call('/v1/uploads', { method: 'POST', headers })).status).toBe(status);
  });

  it('is given up when the digest is another than announced', async () => {
    const path = await begun({ 'repr-digest': digest }, 5);
    const answer = await bring(path, 0, Buffer.from('khác'.slice(0, 4)));
    expect(answer.status).toBe(422);
    expect((await call(path, { method: 'HEAD' })).status).toBe(404);
    expect((await pieces()).filter((name) => name.startsWith(path.split('/').at(-1) ?? '-'))).toEqual([]);
  });

  it('takes no byte more than it announced', async () => {
    const path = await begun({}, 10);
    expect((await bring(path, 0, Buffer.alloc(11))).status).toBe(413);
    expect(await offsetOf(path)).toBe(0);
    await call(path, { method: 'DELETE' });
  });

  it('is limited in sum; what is deleted makes room, and leaves nothing', async () => {
    const paths = [await begun({}, 40 * MB), await begun({}, 40 * MB)];
    expect((await begin({}, MB)).status).toBe(429);
    await breakOff(paths[0] ?? '', 0, MB);
    for (const path of paths) expect((await call(path, { method: 'DELETE' })).status).toBe(204);
    await eventually(pieces, (names) => names.length === 0);
    expect((await begin({}, 1)).status).toBe(201);
  });

  it('belongs to others: to them it does not exist', async () => {
    const path = await begun({}, 10);
    for (const method of ['HEAD', 'PATCH', 'DELETE']) {
      const answer = await askRaw(gateway.url, path, { token: stranger.token, method, headers: { ...PIECE, 'upload-offset': '0' }, ...(method === 'PATCH' && { body: Buffer.alloc(1) }) });
      expect([method, answer.status]).toEqual([method, 404]);
    }
  });
});

describe('an upload whose time is over', () => {
  it('does not exist any more, and its bytes go; so do those that a crash left without a record', async () => {
    const path = await begun();
    await breakOff(path, 0, MB);
    await eventually(() => offsetOf(path), (offset) => offset > 0);
    const uploads = await openUploadFolder(join(gateway.documentsPath, 'uploads'));
    await uploads.write({ uploadId: '01936e5a-0000-7000-8000-00000000000d', epoch: 1 }, Readable.from([Buffer.alloc(10)]), () => Promise.resolve());
    const ports = { records: gateway.fresh.records, uploads, clock: systemClock };
    await forgetUploads(ports);
    expect(await pieces()).toHaveLength(1);
    await forgetUploads({ ...ports, clock: frozenClock(new Date(Date.now() + 25 * 3_600_000)) });
    expect(await pieces()).toEqual([]);
    expect((await call(path, { method: 'HEAD' })).status).toBe(404);
  });
});

describe('a download that broke off', () => {
  it('goes on by range while the document is the same, and begins again when it is not (RFC 9110 §13.1.5)', async () => {
    const { body } = await ask<{ id: string; sha256: string }>(gateway.url, '/v1/documents', { token: land.token, body: bytes.subarray(0, 1_000) });
    const part = (ifRange: string): Promise<Response> => askRaw(gateway.url, `/v1/documents/${body.id}`, { token: land.token, headers: { range: 'bytes=400-', 'if-range': ifRange } });
    const rest = await part(`"${body.sha256}"`);
    expect([rest.status, rest.headers.get('etag'), rest.headers.get('content-length')]).toEqual([206, `"${body.sha256}"`, '600']);
    expect(Buffer.from(await rest.arrayBuffer()).equals(bytes.subarray(400, 1_000))).toBe(true);
    expect((await part('"another"')).status).toBe(200);
    expect((await part(`W/"${body.sha256}"`)).status).toBe(200);
  });
});

import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf } from '../../certs/dev/identity.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { DocumentId, JobId, KeyId, PartnerId } from '../../src/domain/ids.ts';
import { ITEM_LEASE_MS } from '../../src/domain/job.ts';
import type { JobItemView, JobProgress, JobView } from '../../src/formats/api/jobs.ts';
import type { ClaimedItem } from '../../src/ports/job-records.ts';
import { addSigningKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { after, partnerOf, T0 } from '../support/ledger.ts';
import { pdfsigVerdicts, samplePdf } from '../support/pdf.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';
import { requireTool } from '../support/tools.ts';

let authorities: SandboxPki;
let gateway: TestGateway;
let land: TestPartner;
let stranger: TestPartner;
const chance = systemChance(systemClock);

beforeAll(async () => {
  authorities = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  gateway = await startTestGateway({ tsaUrls: [`${authorities.url}/tsa`] });
  land = await gateway.addPartner('land-registry');
  stranger = await gateway.addPartner('stranger');
  const { officer } = authorities.pki;
  const ports = { ...gateway.fresh, clock: systemClock, chance };
  await addSigningKey(ports, 'operator:test', { id: 'officer' as KeyId, purpose: 'document', scheme: schemeOf(officer.privateKey), privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer, picturePng: null });
  await grantKey(ports, 'operator:test', land.id, 'officer' as KeyId);
});
afterEach(() => {
  authorities.faults.tsa = null;
});
afterAll(async () => {
  await gateway.close();
  await authorities.close();
});

async function upload(body: Uint8Array | string, name = 'Quyết định.pdf'): Promise<string> {
  const headers = { 'content-type': 'application/pdf', 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}` };
  return (await ask<{ id: string }>(gateway.url, '/v1/documents', { token: land.token, body: typeof body === 'string' ? body : new Uint8Array(body), headers })).body.id;
}

const order = async (documents: readonly string[], options: Readonly<Record<string, unknown>> = {}, key?: string) =>
  ask<JobView>(gateway.url, '/v1/signature-batches', { token: land.token, json: { documents, options: { keyId: 'officer', ...options } }, headers: key === undefined ? {} : { 'idempotency-key': key } });
const read = async (id: string): Promise<JobView> => (await ask<JobView>(gateway.url, `/v1/jobs/${id}`, { token: land.token })).body;
const ended = (id: string): Promise<JobView> =>
  expect.poll(() => read(id), { timeout: 25_000, interval: 100 }).not.toMatchObject({ state: 'running' }).then(() => read(id));
/** What the evidence says of the uses of the key for a document. */
const uses = async (documentId: string): Promise<readonly string[]> => {
  const { rows } = await gateway.fresh.handle.pool.query<{ result: string }>('SELECT e.result FROM signature_evidence AS e JOIN document AS d ON d.sha256 = e.input_sha256 WHERE d.id = $1 ORDER BY e.at', [documentId]);
  return rows.map(({ result }) => result);
};

interface Told {
  readonly id: number;
  readonly name: string;
  readonly data: JobItemView & JobProgress;
}

/** The whole stream, which ends by itself. */
async function events(id: string, lastEventId?: number): Promise<readonly Told[]> {
  const response = await askRaw(gateway.url, `/v1/jobs/${id}/events`, { token: land.token, headers: lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) } });
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  const stream = await response.text();
  return [...stream.matchAll(/id: (\d+)\nevent: (\w+)\ndata: (.+)\n\n/g)].map(([, number, name, data]) => ({ id: Number(number), name: name ?? '', data: JSON.parse(data ?? '') as Told['data'] }));
}

describe('POST /v1/signature-batches', () => {
  it.skipIf(!requireTool('pdfsig'))('signs each document, tells of each as it ends, and names the one that cannot be signed', async () => {
    const pdfs = await Promise.all(['a.pdf', 'b.pdf', 'c.pdf'].map(async (name) => upload(await samplePdf(), name)));
    const broken = await upload('not a PDF at all', 'hỏng.pdf');
    const answer = await order([...pdfs, broken], { level: 'B-T' });
    expect(answer).toMatchObject({ status: 202, body: { state: 'running', total: 4, waiting: 4 } });
    expect(answer.headers.get('location')).toBe(`/v1/jobs/${answer.body.id}`);
    const told = await events(answer.body.id);
    expect(told.filter(({ name }) => name === 'item').map(({ data }) => data.name).sort()).toEqual(['a.pdf', 'b.pdf', 'c.pdf', 'hỏng.pdf']);
    expect(told.at(-1)).toMatchObject({ name: 'end', data: { state: 'done', signed: 3, failed: 1 } });
    const job = await read(answer.body.id);
    expect(job.items[3]).toMatchObject({ state: 'failed', attempts: 1, signedDocumentId: null, problem: { code: 'PDF_NOT_PDF' } });
    for (const item of job.items.slice(0, 3)) {
      const signed = await askRaw(gateway.url, `/v1/documents/${item.signedDocumentId}`, { token: land.token });
      expect(pdfsigVerdicts(Buffer.from(await signed.arrayBuffer()))).toEqual([{ valid: true, wholeDocument: true }]);
    }
  });

  it('takes a broken connection up again after the last event seen', async () => {
    const { body } = await order([await upload('x'), await upload('y')]);
    const all = await events(body.id);
    const [first, second] = all.filter(({ name }) => name === 'item');
    const rest = await events(body.id, first?.id);
    expect(rest.filter(({ name }) => name === 'item')).toEqual([second]);
    expect(rest.at(-1)?.name).toBe('end');
  });

  it('takes the same order once (Idempotency-Key)', async () => {
    const documents = [await upload('z')];
    const [first, again] = [await order(documents, {}, 'batch-1'), await order(documents, {}, 'batch-1')];
    expect(again.body.id).toBe(first.body.id);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
  });

  it.each([
    ['a key that was not granted', async () => ({ documents: [await upload('1')], options: { keyId: 'seal' } }), 403, 'KEY_NOT_GRANTED'],
    ['a document that is not there', async () => ({ documents: ['0190a3c0-0000-7000-8000-000000000001'], options: { keyId: 'officer' } }), 404, 'DOCUMENT_NOT_FOUND'],
    ['a document given twice', async () => upload('2').then((id) => ({ documents: [id, id], options: { keyId: 'officer' } })), 422, 'REQUEST_INVALID'],
    ['no document', () => Promise.resolve({ documents: [], options: { keyId: 'officer' } }), 422, 'REQUEST_INVALID'],
  ])('refuses %s', async (_name, body, status, code) => {
    const answer = await ask(gateway.url, '/v1/signature-batches', { token: land.token, json: await body() });
    expect(answer).toMatchObject({ status, body: { code } });
  });

  it('keeps a job from everybody else', async () => {
    const { body } = await order([await upload('3')]);
    for (const path of [`/v1/jobs/${body.id}`, `/v1/jobs/${body.id}/events`]) {
      expect(await ask(gateway.url, path, { token: stranger.token })).toMatchObject({ status: 404, body: { code: 'JOB_NOT_FOUND' } });
    }
    expect(await ask(gateway.url, `/v1/jobs/${body.id}/cancel`, { token: stranger.token, method: 'POST' })).toMatchObject({ status: 404 });
  });

  it('tries again by itself when the time-stamping authority is back, and counts both uses of the key', async () => {
    authorities.faults.tsa = { kind: 'status', status: 503 };
    const document = await upload(await samplePdf({ pages: 3 }));
    const { body } = await order([document], { level: 'B-T' });
    await expect.poll(() => read(body.id), { timeout: 15_000 }).toMatchObject({ items: [{ state: 'waiting', attempts: 1, problem: { code: 'TSA_UNAVAILABLE' } }] });
    authorities.faults.tsa = null;
    expect(await ended(body.id)).toMatchObject({ signed: 1, items: [{ attempts: 2, problem: null }] });
    expect(await uses(document)).toEqual(['failed', 'signed']);
  });

  it('cancels what waits, and tries again what is asked to be', async () => {
    authorities.faults.tsa = { kind: 'status', status: 503 };
    const { body } = await order([await upload(await samplePdf())], { level: 'B-T' });
    await expect.poll(() => read(body.id), { timeout: 15_000 }).toMatchObject({ items: [{ state: 'waiting', attempts: 1 }] });
    const cancelled = await ask<JobView>(gateway.url, `/v1/jobs/${body.id}/cancel`, { token: land.token, method: 'POST' });
    expect(cancelled.body).toMatchObject({ state: 'cancelled', cancelled: 1 });
    authorities.faults.tsa = null;
    const retried = await ask<JobView>(gateway.url, `/v1/jobs/${body.id}/retry`, { token: land.token, method: 'POST' });
    expect(retried.body).toMatchObject({ state: 'running', cancelled: 0 });
    expect(await ended(body.id)).toMatchObject({ state: 'done', signed: 1 });
  });
});

describe('POST /v1/signatures with Prefer: respond-async', () => {
  it('answers at once with a job, and the job signs the document (RFC 7240 §4.1)', async () => {
    const form = new FormData();
    form.set('options', JSON.stringify({ keyId: 'officer', level: 'B-T' }));
    form.set('document', new Blob([new Uint8Array(await samplePdf())], { type: 'application/pdf' }), 'Quyết định.pdf');
    const response = await askRaw(gateway.url, '/v1/signatures', { token: land.token, body: form, headers: { prefer: 'wait=5, respond-async' } });
    expect(response.status).toBe(202);
    expect(response.headers.get('preference-applied')).toBe('respond-async');
    const job = await ended(((await response.json()) as JobView).id);
    expect(job).toMatchObject({ signed: 1, items: [{ name: 'Quyết định.pdf', state: 'signed' }] });
    const signed = await askRaw(gateway.url, `/v1/documents/${job.items[0]?.signedDocumentId}`, { token: land.token });
    expect((await text(signed.body as never)).startsWith('%PDF')).toBe(true);
  });
});

describe('the record of jobs', () => {
  let fresh: FreshRecords;
  beforeAll(async () => {
    fresh = await freshRecords();
    await fresh.records.partners.add(partnerOf('land'));
  });
  afterAll(() => fresh.close());

  async function newJob(count: number): Promise<JobId> {
    const id = chance.uuid() as JobId;
    const documentIds = Array.from({ length: count }, () => chance.uuid() as DocumentId);
    for (const documentId of documentIds) await fresh.records.documents.add({ id: documentId, partnerId: 'land' as PartnerId, sha256: 'ab'.repeat(32) as never, sizeBytes: 1, mediaType: 'application/pdf', name: 'a.pdf', createdAt: T0 });
    await fresh.records.jobs.add({ id, partnerId: 'land' as PartnerId, options: { keyId: 'officer' }, documentIds, createdAt: T0 });
    return id;
  }

  async function claim(owner: string, now = T0): Promise<ClaimedItem> {
    const item = await fresh.records.jobs.claim(owner, now, after(ITEM_LEASE_MS, now));
    if (item === null) throw new Error('nothing to claim');
    return item;
  }

  it('gives a document of a dead process to another, says that the first use has no known end, and lets only the newer one settle it', async () => {
    const id = await newJob(1);
    const dead = await claim('a');
    expect(await fresh.records.jobs.claim('b', after(ITEM_LEASE_MS - 1), after(2 * ITEM_LEASE_MS))).toBeNull();
    const taken = await claim('b', after(ITEM_LEASE_MS));
    expect(taken).toMatchObject({ jobId: id, attempts: 2, unknownOutcomes: 1, afterUnknown: true });
    expect(await fresh.records.jobs.end(dead, { state: 'failed', problem: { code: 'INTERNAL', detail: 'late' } }, T0)).toBe(false);
    expect(await fresh.records.jobs.end(taken, { state: 'failed', problem: { code: 'INTERNAL', detail: 'x' } }, T0)).toBe(true);
    expect(await fresh.records.jobs.find(id, 'land' as PartnerId)).toMatchObject({ state: 'done', eventSeq: 1 });
  });

  it('lets jobs take turns: a short one does not wait for a long one that came before it', async () => {
    const [long, short] = [await newJob(3), await newJob(1)];
    const order = [await claim('a'), await claim('a'), await claim('a'), await claim('a')].map(({ jobId }) => jobId);
    expect(order.indexOf(short)).toBeLessThanOrEqual(1);
    expect(order.filter((jobId) => jobId === long)).toHaveLength(3);
  });

  it('keeps a lease alive while its process lives', async () => {
    const id = await newJob(1);
    expect((await claim('c')).jobId).toBe(id);
    await fresh.records.jobs.renew('c', after(10 * ITEM_LEASE_MS));
    const other = await fresh.records.jobs.claim('d', after(ITEM_LEASE_MS), after(2 * ITEM_LEASE_MS));
    expect(other?.jobId).not.toBe(id);
  });
});

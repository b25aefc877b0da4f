import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import type { JobView } from '../../src/formats/api/jobs.ts';
import { runCli } from '../support/cli.ts';
import { ask, askRaw } from '../support/gateway-http.ts';
import { samplePdf } from '../support/pdf.ts';
import { servedGateway, stop, type ServedGateway } from '../support/served-gateway.ts';

/** A batch of signatures over HTTP, through a gateway that is killed in the middle of it. */

const DOCUMENTS = 40;

let gateway: ServedGateway;
let token: string;

beforeAll(async () => {
  gateway = await servedGateway();
});
afterAll(() => gateway.remove());

async function administer(...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await runCli([...args, '--data', gateway.data]);
  expect({ args, exitCode, stderr }).toEqual({ args, exitCode: 0, stderr: '' });
  return stdout;
}

async function addSigner(): Promise<void> {
  const files = await writeDevPki(await createDevPki({ now: new Date() }), join(gateway.dir, 'pki'));
  await administer('partners', 'add', 'land', '--name', 'Đất đai', '--pull');
  await administer('keys', 'add', 'officer', '--p12', files.p12.officer, '--passphrase-file', files.passphrase.officer);
  await administer('keys', 'grant', 'officer', 'land');
  token = (JSON.parse(await administer('api-keys', 'add', 'land', '--scopes', 'documents:write,documents:read,signatures:write', '--json')) as { token: string }).token;
}

const jobAt = async (url: string, id: string): Promise<JobView> => (await ask<JobView>(url, `/v1/jobs/${id}`, { token })).body;

describe('POST /v1/signature-batches', () => {
  it('signs every document once when the gateway is killed in the middle, and shows the uses of the key it does not know the end of', async () => {
    const first = await gateway.serve();
    await addSigner();
    const documents = await Promise.all(Array.from({ length: DOCUMENTS }, async () => (await ask<{ id: string }>(first.url, '/v1/documents', { token, body: new Uint8Array(await samplePdf()), headers: { 'content-type': 'application/pdf' } })).body.id));
    const { body } = await ask<JobView>(first.url, '/v1/signature-batches', { token, json: { documents, options: { keyId: 'officer' } } });
    await expect.poll(async () => (await jobAt(first.url, body.id)).signed, { timeout: 20_000, interval: 10 }).toBeGreaterThan(3);
    const before = await jobAt(first.url, body.id);
    await stop(first.child, 'SIGKILL');

    const again = await gateway.serve();
    await expect.poll(async () => (await jobAt(again.url, body.id)).state, { timeout: 40_000, interval: 200 }).toBe('done');
    const job = await jobAt(again.url, body.id);
    expect(job).toMatchObject({ signed: DOCUMENTS, failed: 0 });
    expect(new Set(job.items.map(({ signedDocumentId }) => signedDocumentId)).size).toBe(DOCUMENTS);
    // What was signed before stays the document it was.
    for (const { position, signedDocumentId } of before.items.filter(({ state }) => state === 'signed')) expect(job.items[position]?.signedDocumentId).toBe(signedDocumentId);
    for (const { attempts, unknownOutcomes } of job.items) expect(attempts).toBe(1 + unknownOutcomes);
    const response = await askRaw(again.url, `/v1/documents/${job.items.at(-1)?.signedDocumentId}`, { token });
    expect((await response.text()).match(/\/Type ?\/Sig\b/g)).toHaveLength(1);
    expect(await stop(again.child, 'SIGTERM')).toBe(0);
  }, 90_000);
});

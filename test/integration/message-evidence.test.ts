import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createSigner, httpbis } from 'http-message-signatures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MessageId } from '../../src/domain/ids.ts';
import { readManifest } from '../../src/formats/asic/manifest.ts';
import { eventually } from '../support/eventually.ts';
import { startEvidenceWorld, type EvidenceWorld } from '../support/evidence.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { requireTool } from '../support/tools.ts';
import { PROJECT_ROOT, requireVectors, vectorPath } from '../support/vectors.ts';
import { freshRecords } from '../support/records.ts';
import { openDocumentFolder } from '../../src/store/document-folder.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { addPartnerKey } from '../../src/usecases/administer-partner-keys.ts';
import { eraseDossier } from '../../src/usecases/erase-dossier.ts';
import type { DossierCode } from '../../src/domain/dossier.ts';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let folder: string;
let world: EvidenceWorld;
let gateway: TestGateway;
let portal: TestPartner;
let land: TestPartner;

beforeAll(async () => {
  world = await startEvidenceWorld();
  const fresh = await freshRecords();
  await world.certify(fresh); // before anything is signed
  folder = await mkdtemp(join(tmpdir(), 'lienthong-evidence-'));
  const anchor = join(folder, 'root.pem');
  await writeFile(anchor, pemOf(world.pki.root.identity.certificateDer));
  gateway = await startTestGateway({ beside: { fresh, documentsPath: join(folder, 'documents') }, trust: anchor });
  portal = await gateway.addPartner('one-stop', { agencies: ['H57.12.03'] });
  land = await gateway.addPartner('land-registry', { agencies: ['H57.12.04'] });
});
afterAll(async () => {
  await gateway.close();
  await gateway.fresh.close();
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const pemOf = (der: Uint8Array): string => `-----BEGIN CERTIFICATE-----\n${(Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`;

/** By a script that shares no code with us, and by unzip and openssl; manifests by the schema of the standard. */
async function checkedByOthers(container: Uint8Array): Promise<void> {
  if (!['python3', 'openssl', 'unzip', 'zipinfo', 'xmllint', 'xxd'].every(requireTool)) return;
  const work = await mkdtemp(join(tmpdir(), 'lienthong-evidence-'));
  const [file, anchors] = [join(work, 'e.asice'), join(work, 'root.pem')];
  await writeFile(file, container);
  await writeFile(anchors, pemOf(world.pki.root.identity.certificateDer));
  const run = promisify(execFile);
  try {
    expect((await run('python3', [join(PROJECT_ROOT, 'docs/evidence/verify.py'), file, '--trust', anchors, '--log-key', world.logKey])).stdout).toContain('VALID');
    expect((await run('bash', [join(PROJECT_ROOT, 'docs/evidence/by-hand.sh'), file, anchors])).stdout).toContain('VALID');
    await run('unzip', ['-q', file, 'META-INF/*.xml', '-d', work]);
    if (!requireVectors('schemas')) return;
    for (const manifest of (await readdir(join(work, 'META-INF'))).filter((name) => name.endsWith('.xml'))) {
      await run('xmllint', ['--noout', '--nonet', '--path', vectorPath('schemas'), '--schema', vectorPath('schemas', 'en_31916201v010101.xsd'), join(work, 'META-INF', manifest)]);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

interface Sent {
  readonly code: DossierCode;
  readonly messageId: MessageId;
  readonly manifestSha256: string;
  readonly decisionId: string;
}

type Acknowledge = (id: string, manifestSha256: string) => Promise<{ readonly status: number }>;
const acknowledgePlainly: Acknowledge = (messageId, manifestSha256) => ask(gateway.url, `/v1/inbox/${messageId}/receipt`, { token: land.token, json: { messageId, manifestSha256 } });

/** Handed in, delivered, taken in. */
async function handedOver(paper = '%PDF-1.7 giấy tờ mẫu', acknowledge: Acknowledge = acknowledgePlainly): Promise<Sent> {
  const { body: document } = await ask<{ id: string }>(gateway.url, '/v1/documents', { token: portal.token, body: paper, headers: { 'content-type': 'application/pdf', 'content-disposition': 'attachment; filename="don.pdf"' } });
  const { body: dossier } = await ask<{ code: DossierCode }>(gateway.url, '/v1/dossiers', { token: portal.token, json: { agencyCode: 'H57.12.03', procedure: { code: '1.004238.H57', name: 'Đăng ký' }, title: 'Hồ sơ mẫu' } });
  const sent = await ask<{ messageId: MessageId; manifestSha256: string }>(gateway.url, `/v1/dossiers/${dossier.code}/messages`, { token: portal.token, json: { type: 'dossier.submit', to: ['H57.12.04'], body: {}, documents: [{ documentId: document.id, role: 'application' }] } });
  expect(sent.status).toBe(202);
  const { messageId, manifestSha256 } = sent.body;
  await eventually(() => acknowledge(messageId, manifestSha256), ({ status }) => status === 200); // a worker may be offering it right now
  const accepted = await ask<{ messageId: string }>(gateway.url, `/v1/dossiers/${dossier.code}/messages`, { token: land.token, json: { type: 'dossier.accept', to: ['H57.12.03'], body: { receivedAt: new Date().toISOString() }, documents: [] } });
  expect(accepted.status).toBe(202);
  return { code: dossier.code, messageId, manifestSha256, decisionId: accepted.body.messageId };
}

/** A worker may be offering it right now. */
async function acknowledged({ token }: TestPartner, messageId: string | undefined, manifestSha256: string | undefined): Promise<void> {
  await eventually(() => ask(gateway.url, `/v1/inbox/${messageId}/receipt`, { token, json: { messageId, manifestSha256 } }), ({ status }) => status === 200);
}

async function exported(messageId: string, token = portal.token): Promise<Buffer> {
  const response = await askRaw(gateway.url, `/v1/messages/${messageId}/evidence`, { token });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/vnd.etsi.asic-e+zip']);
  return Buffer.from(await response.arrayBuffer());
}

describe('evidence of messages', () => {
  it('is signed when a message is accepted, delivered and taken in, each over the manifest’s digest', async () => {
    const { messageId, manifestSha256, decisionId } = await handedOver();
    const evidence = await gateway.fresh.records.evidence.ofMessage(messageId);
    expect(evidence.map(({ kind, name }) => [kind, name])).toEqual([['message', 'message'], ['delivered', 'delivered-land-registry'], ['taken-in', `taken-in-${decisionId}`]]);
    for (const { statement } of evidence.slice(1)) expect(JSON.parse(statement ?? '')).toMatchObject({ messageId, manifestSha256, recipient: 'land-registry' });
    const manifest = (await gateway.fresh.records.messages.manifest(messageId)) ?? '';
    const named = readManifest(evidence[0]?.manifestXml ?? new Uint8Array());
    expect(named.objects.map(({ name, isRoot }) => [name, isRoot])).toEqual([['manifest.json', true], ['body.json', false], ['parts/1.pdf', false]]);
    expect(Buffer.from(named.objects[0]?.digest ?? []).toString('hex')).toBe(createHash('sha256').update(manifest).digest('hex'));
  });

  it('is exported once a time-stamped checkpoint covers it, and verifies offline', async () => {
    const { messageId } = await handedOver();
    const early = await ask(gateway.url, `/v1/messages/${messageId}/evidence`, { token: portal.token });
    expect([early.status, early.body.code, early.headers.get('retry-after')]).toEqual([409, 'EVIDENCE_PENDING', '20']);
    await world.seal(gateway.fresh.records);
    const container = await exported(messageId);
    const report = await world.verify(container);
    expect(report.evidence?.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect([report.result, report.error, report.signatures.map(({ id, indication, subIndication }) => [id, indication, subIndication])]).toMatchObject(['TOTAL-PASSED', null, [['message', 'TOTAL-PASSED', null], ['delivered-land-registry', 'TOTAL-PASSED', null], [expect.stringContaining('taken-in-'), 'TOTAL-PASSED', null]]]);
    expect(report.evidence?.log.map(({ indication, keyPinned }) => [indication, keyPinned])).toEqual([['PASSED', true], ['PASSED', true], ['PASSED', true]]);
    expect(report.evidence?.objects.map(({ name, status }) => [name, status])).toEqual([['manifest.json', 'intact'], ['body.json', 'intact'], ['parts/1.pdf', 'intact']]);
    expect(report.evidence?.receipts.map(({ kind, signedBy }) => [kind, signedBy])).toEqual([['delivered', 'gateway'], ['taken-in', 'gateway']]);
    expect((await world.verify(container, { trusted: false })).result).toBe('INDETERMINATE');
    expect((await world.verify(container, { logKey: null })).evidence?.log.map(({ indication, keyPinned }) => [indication, keyPinned])).toEqual([['PASSED', false], ['PASSED', false], ['PASSED', false]]);
    await checkedByOthers(container);
  });

  it('shows a recipient its own receipts, and nothing to anybody else', async () => {
    const { messageId } = await handedOver();
    await world.seal(gateway.fresh.records);
    expect((await world.verify(await exported(messageId, land.token))).result).toBe('TOTAL-PASSED');
    const stranger = await gateway.addPartner('stranger');
    expect((await ask(gateway.url, `/v1/messages/${messageId}/evidence`, { token: stranger.token })).body.code).toBe('MESSAGE_NOT_FOUND');
  });

  it('holds the receipt that a recipient signed with a key of its own (RFC 9421)', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    await addPartnerKey({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) }, 'operator:test', { partnerId: land.id, keyId: 'own', pem: String(publicKey.export({ format: 'pem', type: 'spki' })), algorithm: 'ecdsa-p256-sha256' });
    const { messageId } = await handedOver(undefined, async (id, manifestSha256) => {
      const body = JSON.stringify({ messageId: id, manifestSha256, reference: 'R-1' });
      const url = `${gateway.url}/v1/inbox/${id}/receipt`;
      const unsigned = { method: 'POST', url, headers: { 'content-type': 'application/json', 'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:` } };
      const { headers } = await httpbis.signMessage({ key: { ...createSigner(privateKey, 'ecdsa-p256-sha256', 'own') }, fields: ['@method', '@target-uri', 'content-digest'], params: ['created', 'keyid', 'nonce'], paramValues: { created: new Date(), nonce: randomUUID(), keyid: 'own' } }, unsigned);
      return ask(gateway.url, `/v1/inbox/${id}/receipt`, { token: land.token, method: 'POST', body, headers });
    });
    await world.seal(gateway.fresh.records);
    const container = await exported(messageId);
    const report = await world.verify(container);
    expect([report.result, report.evidence?.receipts.map(({ kind, signedBy }) => [kind, signedBy])]).toEqual(['TOTAL-PASSED', [['delivered', 'recipient'], ['taken-in', 'gateway']]]);
    await checkedByOthers(container);
  });

  it('of erased content shows what was there, and by which rule it is gone', async () => {
    const { code, messageId } = await handedOver('%PDF-1.7 bị xóa');
    const [decision] = (await gateway.fresh.records.messages.ofDossier(code)).filter(({ type }) => type === 'dossier.accept');
    await acknowledged(portal, decision?.id, decision?.manifestSha256);
    const documents = await openDocumentFolder(gateway.documentsPath, { chance: systemChance(systemClock), clock: systemClock });
    await eraseDossier({ records: gateway.fresh.records, documents, clock: systemClock, chance: systemChance(systemClock), exchangeKey: gateway.fresh.exchangeKey }, 'operator:test', code, 'Điều 16 (mẫu)');
    await world.seal(gateway.fresh.records);
    const report = await world.verify(await exported(messageId));
    expect(report.result).toBe('TOTAL-PASSED');
    expect(report.evidence?.objects.map(({ name, status }) => [name, status])).toEqual([['manifest.json', 'intact'], ['body.json', 'erased'], ['parts/1.pdf', 'erased']]);
    expect(report.evidence?.receipts.find(({ kind }) => kind === 'erased')?.basis).toBe('1.004238.H57: Điều 16 (mẫu)');
  });

  it('of a message from before there was any says so', async () => {
    const { messageId } = await handedOver();
    await gateway.fresh.handle.pool.query('ALTER TABLE evidence DISABLE TRIGGER append_only');
    await gateway.fresh.handle.pool.query('DELETE FROM evidence WHERE message_id = $1', [messageId]);
    await gateway.fresh.handle.pool.query('ALTER TABLE evidence ENABLE TRIGGER append_only');
    expect((await ask(gateway.url, `/v1/messages/${messageId}/evidence`, { token: portal.token })).body).toMatchObject({ code: 'EVIDENCE_NOT_KEPT', status: 404 });
  });
});

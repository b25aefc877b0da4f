import { createHash, createPrivateKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, LogForked, type GatewayAccess } from '../../client/index.ts';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { MessageId } from '../../src/domain/ids.ts';
import { SCOPES } from '../../src/domain/partner.ts';
import type { ConsistencyProof, InclusionProof } from '../../src/formats/api/log.ts';
import { openCheckpoint, signCheckpoint } from '../../src/formats/transparency-log/checkpoint.ts';
import { leafHash, rootHash } from '../../src/formats/transparency-log/merkle-tree.ts';
import { readVerifierKey, verifierKeyOf, type NoteVerifier } from '../../src/formats/transparency-log/signed-note.ts';
import { nodesOfTiles } from '../../src/formats/transparency-log/tiles.ts';
import { isConsistent, isIncluded } from '../../src/formats/transparency-log/verify-proof.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { logWalk } from '../../src/store/log-walk.ts';
import { findConditions } from '../../src/usecases/find-conditions.ts';
import { DEFAULT_ALARM_LIMITS } from '../../src/domain/alarm.ts';
import { alarmFacts } from '../../src/store/alarm-facts.ts';
import { logKeyContext, noteVerifierOf } from '../../src/usecases/log-key.ts';
import { verifyLog } from '../../src/usecases/verify-log.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { ask, askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { opensslFolder } from '../support/openssl.ts';
import { requireTool } from '../support/tools.ts';

/** The evidence log as partners see it, over HTTP, with an authority that gives real time-stamps. */

const scopes = SCOPES.filter((scope) => scope !== 'admin');
let pki: SandboxPki;
let gateway: TestGateway;
let land: TestPartner;
let desk: TestPartner;
let stranger: TestPartner;
let verifier: NoteVerifier;

beforeAll(async () => {
  pki = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  gateway = await startTestGateway({ tsaUrls: [`${pki.url}/tsa`], evidence: true, settings: { LIENTHONG_LOG_EVERY_SECONDS: '1', LIENTHONG_LOG_NAME: 'gateway.test/log' } });
  land = await gateway.addPartner('land', { agencies: ['H57.12'], scopes });
  desk = await gateway.addPartner('desk', { agencies: ['H57.02'], scopes });
  stranger = await gateway.addPartner('stranger', { scopes });
  await send('đầu tiên');
  await eventually(() => gateway.fresh.records.log.newestTimed(), (timed) => timed !== null);
  const [key] = await gateway.fresh.records.log.keys();
  if (key === undefined) throw new Error('no key');
  verifier = readVerifierKey(verifierKeyOf(noteVerifierOf(key)));
});
afterAll(async () => {
  await gateway.close();
  await pki.close();
});

async function send(note: string): Promise<string> {
  const opened = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: land.token, json: { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' } });
  const sent = await ask<{ messageId: string }>(gateway.url, `/v1/dossiers/${opened.body.code}/messages`, { token: land.token, json: { type: 'dossier.progress', from: 'H57.12', to: ['H57.02'], body: { note } } });
  expect(sent.status).toBe(202);
  return sent.body.messageId;
}

const proofOf = (id: string, { token }: TestPartner, kind = 'message') => ask<InclusionProof>(gateway.url, `/v1/log/proof/inclusion?kind=${kind}&subject=${id}`, { token });
const proven = (id: string): Promise<{ readonly body: InclusionProof }> => eventually(() => proofOf(id, land), ({ status, body }) => status === 200 && body.timestamps.length > 0);
const newestNote = async (): Promise<string> => (await askRaw(gateway.url, '/v1/log/checkpoint')).text();
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const header = (note: string) => ({ 'log-checkpoint': Buffer.from(note).toString('base64') });

describe('a message', () => {
  it('has a proof that holds with nothing but the log’s key, for its sender and its recipient', async () => {
    const id = await send('có bằng chứng');
    const { body: proof } = await proven(id);
    const checkpoint = openCheckpoint(Buffer.from(proof.checkpoint), verifier);
    const [signed] = await gateway.fresh.records.evidence.ofMessage(id as MessageId);
    expect(createHash('sha256').update(signed?.cmsDer ?? '').digest('hex')).toBe(proof.recordSha256);
    const entry = createHash('sha256').update(bytes(proof.salt)).update(Buffer.from(proof.recordSha256, 'hex')).digest();
    const claim = { index: proof.index, size: proof.size, leafHash: leafHash(entry), root: checkpoint.root, path: proof.path.map(bytes) };
    expect(checkpoint.size).toBe(proof.size);
    expect(isIncluded(claim)).toBe(true);
    expect(isIncluded({ ...claim, leafHash: leafHash(Buffer.from(proof.recordSha256, 'hex')) })).toBe(false);
    expect((await proofOf(id, desk)).body.index).toBe(proof.index);
  });

  it.skipIf(!requireTool('openssl'))('stands under a time-stamp that openssl takes (RFC 3161)', async () => {
    const { body: proof } = await proven(await send('có dấu thời gian'));
    const folder = opensslFolder();
    try {
      folder.write('note', proof.checkpoint);
      folder.write('token', Buffer.from(proof.timestamps[0]?.token ?? '', 'base64'));
      folder.write('root.pem', pemOf('CERTIFICATE', pki.pki.root.identity.certificateDer));
      expect(folder.run('ts', '-verify', '-data', 'note', '-in', 'token', '-token_in', '-CAfile', 'root.pem').toString()).toContain('OK');
    } finally {
      folder.remove();
    }
  });

  it('has none for others, and what people did has none for partners', async () => {
    const id = await send('không phải của bạn');
    await proven(id);
    const [row] = await gateway.fresh.records.audit.of('partner:land', 1);
    expect(row?.action).toBeDefined();
    const audited = (await gateway.fresh.handle.pool.query<{ subject: string }>("SELECT subject FROM log_entry WHERE kind = 'audit' LIMIT 1")).rows[0]?.subject ?? '';
    for (const [partner, kind, subject] of [[stranger, 'message', id], [land, 'audit', audited], [desk, 'audit', audited], [land, 'message', 'none']] as const) {
      expect(await proofOf(subject, partner, kind)).toMatchObject({ status: 404, body: { code: 'LOG_PROOF_NOT_FOUND' } });
    }
    const operator = { ...land, token: await gateway.issueKey(land, SCOPES) };
    expect((await proofOf(audited, operator, 'audit')).status).toBe(200);
    expect((await ask(gateway.url, `/v1/log/proof/inclusion?subject=${id}`)).status).toBe(401);
  });
});

describe('the log', () => {
  it('shows that it only grew, and its tiles have the root', async () => {
    const before = openCheckpoint(Buffer.from(await newestNote()), verifier);
    await proven(await send('nữa'));
    const after = openCheckpoint(Buffer.from(await newestNote()), verifier);
    expect(after.size).toBeGreaterThan(before.size);
    const { body: grown } = await ask<ConsistencyProof>(gateway.url, `/v1/log/proof/consistency?from=${before.size}&to=${after.size}`);
    expect(isConsistent({ earlierSize: before.size, earlierRoot: before.root, size: after.size, root: after.root, path: grown.path.map(bytes) })).toBe(true);
    const tile = await askRaw(gateway.url, `/v1/log/tile/0/000.p/${after.size}`);
    const hashes = new Uint8Array(await tile.arrayBuffer());
    expect(hashes).toHaveLength(after.size * 32);
    expect(Buffer.from(rootHash(after.size, nodesOfTiles(() => hashes))).equals(after.root)).toBe(true);
    for (const path of ['/v1/log/tile/0/000', '/v1/log/tile/0/001', '/v1/log/tile/0/x000/000', `/v1/log/tile/1/000`, '/v1/log/proof/consistency?from=5&to=1000000']) expect((await ask(gateway.url, path)).body.code).toBe('LOG_PROOF_NOT_FOUND');
  });

  it('asks an authority once for a checkpoint', async () => {
    const count = async () => Number((await gateway.fresh.handle.pool.query<{ count: string }>('SELECT count(*) AS count FROM log_checkpoint')).rows[0]?.count);
    await proven(await send('một lần'));
    await eventually(() => gateway.fresh.records.log.untimedSince(), (since) => since === null);
    expect(pki.served.tsa).toBeLessThanOrEqual(await count());
  });

  it('goes with the inbox, and is checked by the client', async () => {
    await proven(await send('cho hộp thư'));
    const inbox = await askRaw(gateway.url, '/v1/inbox', { token: desk.token });
    await inbox.body?.cancel();
    let seen: string | null = null;
    const access: GatewayAccess = { url: gateway.url, apiKey: desk.token, lastCheckpoint: () => seen };
    const follower = createClient(access).followLog({ verifierKey: verifierKeyOf(verifier) });
    await follower.take(inbox.headers.get('log-checkpoint') ?? '');
    await proven(await send('lớn lên'));
    const newest = await follower.look();
    seen = follower.seen();
    expect(seen).toContain(`\n${newest.size}\n`);
    expect((await createClient(access).listKeys()).length).toBeGreaterThanOrEqual(0);
    const kept = createClient(access).followLog({ verifierKey: verifierKeyOf(verifier), seen: await signedOtherwise(newest.size + 50) });
    await expect(kept.look()).rejects.toThrow(LogForked);
    const forked = createClient(access).followLog({ verifierKey: verifierKeyOf(verifier), seen: await signedOtherwise(2) });
    await expect(forked.look()).rejects.toThrow(LogForked);
  });

  it('is whole, in every leaf, signature and time-stamp', async () => {
    await proven(await send('toàn bộ'));
    const report = await verifyLog({ records: gateway.fresh.records, walk: logWalk(gateway.fresh.handle.db), clock: systemClock }, { kept: [{ by: 'court', note: Buffer.from(await newestNote()) }], onProgress: () => undefined });
    expect(report.faults).toEqual([]);
    expect(report).toMatchObject({ ok: true, olderThanLog: 0, notRecomputed: 0 });
    expect(report.timestamps).toBeGreaterThan(0);
  });

  it('refuses a checkpoint under its own key that it does not lead to, and tells people', async () => {
    const good = await newestNote();
    expect((await ask(gateway.url, '/v1/keys', { token: desk.token, headers: header(good) })).status).toBe(200);
    expect((await gateway.fresh.records.log.witnessed()).map(({ partnerId }) => partnerId)).toEqual(['desk']);
    expect((await ask(gateway.url, '/v1/keys', { token: desk.token, headers: header('nothing') })).body.code).toBe('EVIDENCE_MALFORMED');
    expect((await ask(gateway.url, '/v1/keys', { token: desk.token, headers: header(good.replace(/\n(\d+)\n/, '\n1$1\n')) })).body.code).toBe('EVIDENCE_FORGED');
    for (const [size, reason] of [[3, 'fork'], [100_000, 'rewind']] as const) {
      expect(await ask(gateway.url, '/v1/keys', { token: stranger.token, headers: header(await signedOtherwise(size)) })).toMatchObject({ status: 409, body: { code: 'LOG_FORKED' } });
      expect((await gateway.fresh.records.log.openConflicts()).at(-1)).toMatchObject({ reason, witness: 'partner:stranger' });
    }
    const { records, handle, pinGuard } = gateway.fresh;
    const found = await findConditions({ records, readAlarmFacts: alarmFacts(handle.db), pinGuard, stampsEvidence: true, freePercent: () => Promise.resolve(50), clock: systemClock }, DEFAULT_ALARM_LIMITS);
    expect(found.filter(({ kind }) => kind === 'log.forked').map(({ subject, severity }) => [subject, severity])).toContainEqual(['partner:stranger', 'critical']);
    expect((await ask<{ parts: { evidence: string } }>(gateway.url, '/readyz')).body.parts.evidence).toBe('degraded');
    await records.log.settleConflicts('operator:test', new Date());
    expect((await ask(gateway.url, '/v1/keys', { token: stranger.token, headers: header(await signedOtherwise(3)) })).status).toBe(200);
  });
});

/** A checkpoint of another history, signed by the log's own key: what whoever has the key could make. */
async function signedOtherwise(size: number): Promise<string> {
  const [key] = await gateway.fresh.records.log.keys();
  if (key === undefined) throw new Error('no key');
  const privateKey = createPrivateKey({ key: Buffer.from(gateway.fresh.sealing.open(key.privateKeySealed, logKeyContext(key.id))), format: 'der', type: 'pkcs8' });
  return signCheckpoint({ size, root: createHash('sha256').update('another history').digest() }, { ...verifier, sign: (message) => sign(null, message, privateKey) });
}

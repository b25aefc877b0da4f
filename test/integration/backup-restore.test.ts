import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sha256Hex } from '../../src/domain/ids.ts';
import type { DocumentStore } from '../../src/ports/document-store.ts';
import { readArchive } from '../../src/store/backup/read-archive.ts';
import { restoreBackup } from '../../src/store/backup/restore-backup.ts';
import { openKeyFile, sealKeyFile } from '../../src/store/backup/sealed-key.ts';
import { TABLES } from '../../src/store/backup/tables.ts';
import { writeBackup } from '../../src/store/backup/write-backup.ts';
import { openDocumentFolder } from '../../src/store/document-folder.ts';
import { records as recordsOver } from '../../src/store/records/records.ts';
import { releaseStore } from '../../src/usecases/hold-store.ts';
import { reconcileRestored } from '../../src/usecases/reconcile-restored.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { dossierPartners } from '../../src/wiring/dossier-partners.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { eventually } from '../support/eventually.ts';
import { addPushPartner, startWorker, WEBHOOK_SECRET } from '../support/gateway-worker.ts';
import { startHttpPartner, type HttpPartner } from '../support/http-partner.ts';
import { dossierOf, newDocumentId, newPostalOrderId, partnerOf, sendMessage } from '../support/ledger.ts';
import { POSTAL_DETAIL } from '../support/postal.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** The whole drill: a store in every state, backed up while it works, lost, and brought back elsewhere. */

const chance = systemChance(systemClock);
const KINDS = ['key', 'lookup', 'upsert', 'unsafe'] as const;
const PER_KIND = 6;

let folder: string;
let lost: FreshRecords;
let back: FreshRecords;
let partners: Map<string, HttpPartner>;
let documents: DocumentStore;
let digest: Sha256Hex;
const content = randomBytes(700_000);
const file = (): string => join(folder, 'one.backup');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lienthong-backup-'));
  [lost, back] = [await freshRecords(), await freshRecords()];
  back = { ...back, sealing: lost.sealing, records: recordsOver(back.handle.db, lost.sealing) };
  partners = new Map(await Promise.all(KINDS.map(async (kind) => [kind, await startHttpPartner({ secret: WEBHOOK_SECRET, deduplicates: kind === 'key' })] as const)));
  await lost.records.partners.add(partnerOf('land', { mode: 'pull', url: null }));
  await lost.records.partners.add(partnerOf('puller', { mode: 'pull', url: null }));
  for (const kind of KINDS) await addPushPartner(lost, partnerOf(kind, { repeat: kind, url: partners.get(kind)?.url ?? '' }));
  documents = await openDocumentFolder(join(folder, 'documents'), { chance, clock: systemClock });
  ({ sha256: digest } = await documents.put((async function* () { yield content; })(), 1e6));
  await lost.records.documents.add({ id: newDocumentId(), partnerId: partnerOf('land').id, sha256: digest, sizeBytes: content.length, mediaType: 'application/pdf', name: 'Quyết định “số 1”\t\\.pdf', createdAt: new Date() });
});

afterAll(async () => {
  for (const partner of partners.values()) await partner.close();
  await lost.close();
  await back.close();
  await rm(folder, { recursive: true, force: true });
});

async function send(to: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const dossier = dossierOf('land');
    await lost.records.dossiers.add(dossier);
    await sendMessage(lost.records, dossier.code, 'land', to);
  }
}

async function statesOf(store: FreshRecords): Promise<Record<string, number>> {
  const { rows } = await store.handle.pool.query<{ key: string; count: string }>(`SELECT target || ' ' || state AS key, count(*) AS count FROM outbox GROUP BY 1`);
  return Object.fromEntries(rows.map(({ key, count }) => [key, Number(count)]));
}

describe('a backup', () => {
  it('holds every table of the schema that is not left out by decision', async () => {
    const { rows } = await lost.handle.pool.query<{ name: string }>(`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`);
    expect(rows.map(({ name }) => name).filter((name) => !['schema_migration', 'alarm', 'alarm_notice', 'upload', 'upload_piece'].includes(name)).sort()).toEqual([...TABLES].sort());
  });

  it('is taken beside a working gateway, is whole, and only its owner can read it', async () => {
    const dossier = dossierOf('land');
    await lost.records.dossiers.add(dossier);
    const order = { id: newPostalOrderId(), dossierCode: dossier.code, leg: 'DELIVER_RESULT' as const, revision: 1, carrier: 'post', orderNumber: 'LT1', requestedBy: partnerOf('land').id, detail: POSTAL_DETAIL, state: 'QUEUED' as const, stateReason: null, stateAt: new Date(), carrierText: null, trackingNumber: null, createdAt: new Date() };
    await lost.records.postal.add(order);
    for (const kind of KINDS) await send(kind, PER_KIND);
    await send('puller', 1);
    const writing = new AbortController();
    const load = (async () => {
      while (!writing.signal.aborted) await send('puller', 1);
    })();
    const manifest = await writeBackup({ target: lost.connection, documents, dataDir: folder, out: file(), at: new Date(), sealedKey: null, onProgress: () => undefined });
    writing.abort();
    await load;
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    expect(await readArchive(file(), {})).toEqual(manifest);
    expect(manifest.tables.find(({ name }) => name === 'outbox')?.rows).toBe(manifest.tables.find(({ name }) => name === 'message')?.rows); // one transaction each: a snapshot never sees half
    await expect(writeBackup({ target: lost.connection, documents, dataDir: folder, out: file(), at: new Date(), sealedKey: null, onProgress: () => undefined })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  it('that was cut or changed anywhere is refused', async () => {
    const bytes = await readFile(file());
    const other = join(folder, 'other.backup');
    // Between two entries tar has zeros that say nothing: every other byte counts.
    const counting = Array.from({ length: 60 }, (_, part) => Math.floor((part * bytes.length) / 60)).filter((at) => bytes[at] !== 0);
    expect(counting.length).toBeGreaterThan(20);
    for (const at of counting) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[at] ?? 0) ^ 0x20, at);
      await writeFile(other, changed);
      await expect(readArchive(other, {}), `byte ${at}`).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
    }
    await writeFile(other, bytes);
    await truncate(other, bytes.length - 10_000);
    await expect(readArchive(other, {})).rejects.toMatchObject({ code: 'BACKUP_DAMAGED' });
  });

  it('seals the master key under a passphrase, and another one does not open it', () => {
    const sealed = sealKeyFile(Buffer.from('key'), 'mật khẩu đủ dài', chance);
    expect(Buffer.from(openKeyFile(sealed, 'mật khẩu đủ dài'.normalize('NFD'))).toString()).toBe('key');
    expect(() => openKeyFile(sealed, 'mật khẩu khác hẳn')).toThrow('does not open');
    expect(() => sealKeyFile(Buffer.from('key'), 'short', chance)).toThrow('at least 12');
  });
});

describe('a restored store', () => {
  it('is held, in a life of its own, with everything that the backup had', async () => {
    // Between the backup and the loss everything is delivered.
    const worker = startWorker(lost);
    await eventually(() => statesOf(lost), (states) => KINDS.every((kind) => states[`${kind} delivered`] === PER_KIND), 30_000);
    await worker.stop();
    const manifest = await readArchive(file(), {});
    const elsewhere = await openDocumentFolder(join(folder, 'elsewhere'), { chance, clock: systemClock });
    const restored = await restoreBackup({ path: file(), manifest, target: back.connection, documents: elsewhere, dataDir: join(folder, 'elsewhere'), at: new Date(), actor: 'operator:test', onProgress: () => undefined });
    expect(restored.incarnation).toBeGreaterThan(1_700_000_000);
    const hash = createHash('sha256');
    for await (const chunk of await elsewhere.stream(digest)) hash.update(chunk);
    expect(hash.digest('hex')).toBe(digest);
    expect(await back.records.standing.read()).toMatchObject({ hold: { reason: 'restored' }, restored: { reconciledAt: null } });
    expect((await back.handle.pool.query('SELECT state FROM postal_order')).rows).toEqual([{ state: 'UNKNOWN' }]);
    expect((await back.handle.pool.query('SELECT name FROM document')).rows).toEqual([{ name: 'Quyết định “số 1”\t\\.pdf' }]);
    await expect(restoreBackup({ path: file(), manifest, target: back.connection, documents: elsewhere, dataDir: folder, at: new Date(), actor: 'operator:test', onProgress: () => undefined })).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('sends nothing before it is released, and cannot be released before recipients were asked', async () => {
    const before = [...partners.values()].map(({ pushes }) => pushes.length);
    const worker = startWorker(back);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    await worker.stop();
    expect([...partners.values()].map(({ pushes }) => pushes.length)).toEqual(before);
    await expect(releaseStore({ records: back.records, clock: systemClock }, { actor: 'operator:test', note: 'too early' }, false)).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
  });

  it('asks who can be asked, leaves to a person what tolerates no repetition, and then doubles nothing', async () => {
    const dispatcher = outboundAgent({ allow: ['127.0.0.1'] });
    const connectors = dossierPartners({ records: back.records, sealing: back.sealing, clock: systemClock, chance, dispatcher });
    const found = await reconcileRestored({ records: back.records, exchangeKey: back.exchangeKey, chance: systemChance(systemClock), partners: connectors, clock: systemClock, actor: 'operator:test', signal: new AbortController().signal, onProgress: () => undefined });
    await dispatcher.destroy();
    expect(found).toMatchObject({ adopted: PER_KIND, tasks: 2 * PER_KIND, unanswered: [] });
    await releaseStore({ records: back.records, clock: systemClock }, { actor: 'operator:test', note: 'drill' }, false);
    const worker = startWorker(back);
    const states = await eventually(() => statesOf(back), (now) => now['key delivered'] === PER_KIND, 30_000);
    await worker.stop();
    expect(states).toMatchObject({ 'key delivered': PER_KIND, 'lookup delivered': PER_KIND, 'upsert parked': PER_KIND, 'unsafe parked': PER_KIND });
    for (const kind of KINDS) expect(partners.get(kind)?.effects).toHaveLength(PER_KIND);
  });

  it('offers again what a pulling system has not acknowledged, at positions behind every cursor of before', async () => {
    await eventually(async () => (await statesOf(back))['puller offered'] ?? 0, (count) => count > 0).catch(() => 0);
    const worker = startWorker(back);
    await eventually(async () => (await statesOf(back))['puller pending'] ?? 0, (count) => count === 0, 30_000);
    await worker.stop();
    const entries = await back.records.messages.inbox(partnerOf('puller').id, 1_000_000_000_000, 10, new Date());
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ position }) => Number.isSafeInteger(position))).toBe(true);
  });
});

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartnerId } from '../../src/domain/ids.ts';
import type { Records } from '../../src/ports/records.ts';
import type { Sealing } from '../../src/ports/sealing.ts';
import { addMasterKey, dropOldMasterKeys } from '../../src/store/master-key-file.ts';
import { records } from '../../src/store/records/records.ts';
import { countStale, resealAll } from '../../src/store/reseal.ts';
import { openSealing } from '../../src/store/sealing.ts';
import { addPartner, webhookSecretContext } from '../../src/usecases/administer-partners.ts';
import { answerOnce } from '../../src/usecases/answer-once.ts';
import { signingWebhookKeys, webhookKeyContext } from '../../src/usecases/webhook-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { dossierOf, sendMessage } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** A new master key beside a running gateway. */

const chance = systemChance(systemClock);
let fresh: FreshRecords;
let folder: string;
let path: string;

beforeAll(async () => {
  fresh = await freshRecords();
  folder = await mkdtemp(join(tmpdir(), 'lienthong-master-'));
  path = join(folder, 'master.key');
});
afterAll(async () => {
  await fresh.close();
  await rm(folder, { recursive: true, force: true });
});

const open = (): Promise<Sealing> => openSealing(path, chance, { create: true, clock: systemClock });
const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

describe('a master key that is replaced', () => {
  it('leaves nothing under the old one, opens everything under the new one, and needs no restart', async () => {
    const { db } = fresh.handle;
    const running = await open(); // a gateway that goes on running
    const kept = records(db, running);
    const ports = { records: kept, sealing: running, clock: systemClock, chance };
    const id = 'land' as PartnerId;
    const { webhookSecret } = await addPartner(ports, 'operator:test', { id, name: 'Land', mode: 'push', url: 'https://a.example.vn', repeat: 'key' });
    const [key] = await signingWebhookKeys(ports);
    const dossier = dossierOf(id);
    await kept.dossiers.add(dossier);
    const { message } = await sendMessage(kept, dossier.code, id, id, new Date());
    const call = { caller: { partnerId: id, keyId: 'k', scopes: new Set<never>() }, idempotencyKey: 'once', traceparent: null };
    const request = { operation: 'POST /x', status: 200, input: {} };
    await answerOnce(ports, call, request, () => Promise.resolve('answer'));

    await addMasterKey(path, chance);
    const beside = await open(); // the command, another process
    expect(await countStale(db, beside)).toMatchObject({ 'partner.webhook_secret_sealed': 1, 'webhook_key.private_key_sealed': 1, 'dossier.applicant_sealed': 1, 'message.body_sealed': 1, 'idempotency.response_sealed': 1 });
    const counted: number[] = [];
    expect(await resealAll(db, beside, (count) => counted.push(count))).toBe(5);
    expect([counted.at(-1), total(await countStale(db, beside))]).toEqual([5, 0]);

    const readBy = async (sealing: Sealing): Promise<readonly unknown[]> => {
      const set: Records = records(db, sealing);
      const [secret = new Uint8Array()] = await set.partners.webhookSecretsSealed(id, new Date());
      const opened = new TextDecoder().decode(sealing.open(secret, webhookSecretContext(id)));
      const [webhookKey] = await set.webhookKeys.list(new Date());
      const once = await answerOnce({ ...ports, records: set, sealing }, call, request, () => Promise.resolve('again'));
      const isKey = sealing.open(webhookKey?.privateKeySealed ?? secret, webhookKeyContext(key?.id ?? '')).length > 32;
      return [opened, isKey, once.body, (await set.dossiers.find(dossier.code))?.applicant, (await set.messages.find(message.id))?.body];
    };
    const expected = [webhookSecret, true, 'answer', dossier.applicant, message.body];
    expect(await readBy(running)).toEqual(expected); // it had never seen the new key
    await expect(dropOldMasterKeys(path, chance, new Date())).rejects.toMatchObject({ code: 'STATE_CONFLICT' });
    await dropOldMasterKeys(path, chance, new Date(Date.now() + 61_000));
    expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(1);
    expect(await readBy(await open())).toEqual(expected);
  });

  it('reaches every column that holds a box', async () => {
    const { rows } = await fresh.handle.pool.query<{ place: string }>(`SELECT table_name || '.' || column_name AS place FROM information_schema.columns WHERE table_schema = 'public' AND column_name LIKE '%\\_sealed'`);
    expect(Object.keys(await countStale(fresh.handle.db, await open())).sort()).toEqual(rows.map(({ place }) => place).sort());
  });

  it('changes nothing else of what was said: a message refuses every other change', async () => {
    const { pool } = fresh.handle;
    await expect(pool.query(`UPDATE message SET type = 'dossier.refuse'`)).rejects.toThrow('append-only');
    await expect(pool.query(`UPDATE message SET body_sealed = body_sealed, manifest_sha256 = 'x'`)).rejects.toThrow('append-only');
    await expect(pool.query('DELETE FROM message')).rejects.toThrow('append-only');
    await expect(pool.query('TRUNCATE message CASCADE')).rejects.toThrow('append-only');
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandboxVnpostMy, type SandboxVnpostMy } from '../../sandbox/vnpost-my/start.ts';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { Caller } from '../../src/domain/partner.ts';
import { DEFAULT_POSTAL_RULES } from '../../src/domain/postal-rules.ts';
import { cancelPostalOrder } from '../../src/usecases/cancel-postal-order.ts';
import { holdStore } from '../../src/usecases/hold-store.ts';
import { eventually } from '../support/eventually.ts';
import { noQueue } from '../support/gateway-worker.ts';
import { postEngine, vnpostMyAt, type PostEngine } from '../support/postal-engine.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** Orders placed between a backup and the loss, asked for again by the system that remembers them (invariant 4). */

let sandbox: SandboxVnpostMy;
let lost: FreshRecords;
let back: FreshRecords;
let before: PostEngine;
let after: PostEngine;
/** The same store and carrier, when it could not be asked by number. */
let silent: PostEngine;

beforeAll(async () => {
  sandbox = await startSandboxVnpostMy({ stageMs: 3_600_000, repeat: 'booked-twice' });
  [lost, back] = await Promise.all([freshRecords(), freshRecords()]);
  const carrier = vnpostMyAt(sandbox.url, { webhookKeyPem: sandbox.webhookKeyPem });
  before = await postEngine(lost, [carrier]);
  after = await postEngine(back, [carrier]);
  silent = await postEngine(back, [{ ...carrier, lookup: 'feed-only', findOrder: null }]);
  await back.handle.pool.query(`UPDATE standing SET restored_at = now(), restored_from = now() - interval '1 hour', reconciled_at = now()`);
});
afterAll(async () => {
  await Promise.all([lost.close(), back.close()]);
  await sandbox.close();
});

/** In the backup, hence in both stores. */
async function dossierOfBefore(): Promise<DossierCode> {
  const code = await before.openDossier();
  const dossier = await lost.records.dossiers.find(code);
  if (dossier === null) throw new Error('no dossier');
  await back.records.dossiers.add(dossier);
  return code;
}

describe('an order for a dossier from before a restoration', () => {
  it('that was placed already is found by its number, and no second courier comes', async () => {
    const code = await dossierOfBefore();
    const worker = await before.startWorker();
    const placed = await before.whenIn(await before.order(code), 'ACCEPTED');
    await worker.stop();
    const again = await after.order(code);
    expect([again.state, again.orderNumber]).toEqual(['UNKNOWN', placed.orderNumber]);
    const restored = await after.startWorker();
    const adopted = await after.whenIn(again, 'ACCEPTED');
    await restored.stop();
    expect(adopted.trackingNumber).toBe(placed.trackingNumber);
    expect(sandbox.ledger.couriers(placed.orderNumber)).toBe(1);
  });

  it('that was never placed is placed once its carrier said twice that it does not have it', async () => {
    const order = await after.order(await dossierOfBefore());
    const worker = await after.startWorker();
    await after.whenIn(order, 'ACCEPTED');
    await worker.stop();
    expect(sandbox.ledger.couriers(order.orderNumber)).toBe(1);
  });

  it('whose carrier cannot be asked waits for a person, unsent', async () => {
    const order = await silent.order(await dossierOfBefore());
    const worker = await silent.startWorker();
    await eventually(() => silent.deliveryState(order), (state) => state === 'parked');
    await worker.stop();
    expect((await silent.read(order)).state).toBe('UNKNOWN');
    expect(sandbox.ledger.find(order.orderNumber)).toBeNull();
  });

  it('for a dossier opened since is placed as ever', async () => {
    const code = await after.openDossier();
    await back.handle.pool.query(`UPDATE dossier SET created_at = now() WHERE code = $1`, [code]);
    expect(await after.order(code)).toMatchObject({ state: 'QUEUED' });
  });
});

describe('while the store is held', () => {
  it('no carrier is called for a cancellation', async () => {
    const order = await after.order(await dossierOfBefore());
    const worker = await after.startWorker();
    await after.whenIn(order, 'ACCEPTED');
    await worker.stop();
    await holdStore({ records: back.records, clock: after.ports.clock }, { actor: 'operator:test', note: 'drill' });
    const caller: Caller = { keyId: 'test', partnerId: order.requestedBy, scopes: new Set() };
    const cancelling = cancelPostalOrder({ ...after.ports, rules: DEFAULT_POSTAL_RULES, queue: noQueue }, { caller, idempotencyKey: null, traceparent: null }, order.id, null);
    await expect(cancelling).rejects.toMatchObject({ code: 'STATE_CONFLICT', message: expect.stringContaining('held') as string });
    expect(sandbox.ledger.find(order.orderNumber)?.cancelledAt ?? null).toBeNull();
  });
});

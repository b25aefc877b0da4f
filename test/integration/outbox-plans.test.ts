import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import type { Attempt } from '../../src/ports/outbox.ts';
import { after, dossierOf, newDeliveryId, partnerOf, sendMessage, T0 } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

/** A ledger after some weeks: 100,000 deliveries done, a few hundred open. What workers ask many times a second must not read all of it. */

const FINISHED = 100_000;
let fresh: FreshRecords;

beforeAll(async () => {
  fresh = await freshRecords();
  for (const id of ['land', 'portal', 'puller']) await fresh.records.partners.add(partnerOf(id));
  const dossier = dossierOf('land');
  await fresh.records.dossiers.add(dossier);
  const { message } = await sendMessage(fresh.records, dossier.code, 'land', 'portal');
  const { pool } = fresh.handle;
  await pool.query(`INSERT INTO lane (id, last_seq) SELECT 'old-' || n, 4 FROM generate_series(1, ${FINISHED / 4}) AS n`);
  await pool.query(
    `INSERT INTO outbox (id, kind, lane_id, seq, target, message_id, state, next_at, created_at, finished_at, inbox_position)
     SELECT gen_random_uuid(), 'message', 'old-' || (1 + n / 4), 1 + n % 4, CASE n % 2 WHEN 0 THEN 'portal' ELSE 'puller' END, $1, 'delivered', $2, $2, $2, CASE n % 2 WHEN 0 THEN NULL ELSE n END
     FROM generate_series(0, ${FINISHED - 1}) AS n`,
    [message.id, T0],
  );
  await pool.query('ANALYZE');
}, 120_000);
afterAll(() => fresh.close());

/** Rows read from `outbox` by whole-table scans while `work` ran, as PostgreSQL counts them. */
async function rowsScanned(work: () => Promise<unknown>): Promise<number> {
  const before = await scanned();
  await work();
  return (await scanned()) - before;
}

async function scanned(): Promise<number> {
  const { pool } = fresh.handle;
  // Each session reports its counts when it is idle, at most once a second.
  await Promise.all(Array.from({ length: 20 }, () => pool.query('SELECT pg_stat_force_next_flush(), pg_sleep(0.02)')));
  const { rows } = await pool.query<{ rows: string }>(`SELECT seq_tup_read AS rows FROM pg_stat_user_tables WHERE relname = 'outbox'`);
  return Number(rows[0]?.rows ?? 0);
}

const done: Attempt = { startedAt: T0, finishedAt: T0, outcome: 'delivered', code: null, detail: null };

async function newDelivery(to = 'portal'): Promise<DeliveryId> {
  const dossier = dossierOf('land');
  await fresh.records.dossiers.add(dossier);
  return (await sendMessage(fresh.records, dossier.code, 'land', to)).deliveryId;
}

describe('with 100,000 finished deliveries', () => {
  it('counting sees a scan of the whole table, so that zero below means something', async () => {
    expect(await rowsScanned(() => fresh.handle.pool.query('SELECT count(created_at) FROM outbox WHERE attempts >= 0'))).toBeGreaterThanOrEqual(FINISHED);
  });

  it('one delivery from acceptance to the next of its lane reads no table from end to end', async () => {
    const deliverOne = async (): Promise<void> => {
      const id = await newDelivery();
      const held = await fresh.records.outbox.lease(id, 'a', T0, after(6_000));
      if (held === null) throw new Error('not leased');
      await fresh.records.outbox.renew(held, after(7_000));
      await fresh.records.outbox.settle(held, { state: 'delivered', proof: null }, done);
    };
    expect(await rowsScanned(deliverOne)).toBe(0);
    // A prepared statement may get a plan for any values from its sixth use on: it has to be as good.
    for (let use = 0; use < 8; use += 1) await deliverOne();
    expect(await rowsScanned(deliverOne)).toBe(0);
  });

  it.each([
    ['the sweep', () => fresh.records.outbox.sweep(after(60_000), after(50_000), 100)],
    ['leasing without a queue', () => fresh.records.outbox.leaseDue('a', after(60_000), after(66_000), 10)],
    ['the list of what is parked', () => fresh.records.outbox.parked('portal', 100)],
    ['the depth', () => fresh.records.outbox.depth(after(60_000))],
    ['finish and replay', async () => {
      const id = await newDelivery();
      await fresh.records.outbox.replay(id, T0);
      await fresh.records.outbox.finish(id, 'cancelled', T0);
    }],
    ['an inbox, read from its start', async () => {
      const id = await newDelivery('puller');
      const held = await fresh.records.outbox.lease(id, 'a', T0, after(6_000));
      if (held !== null) await fresh.records.outbox.settle(held, { state: 'offered' }, { ...done, outcome: 'offered' });
      const entries = await fresh.records.messages.inbox('puller' as PartnerId, 0, 10, T0);
      if (entries[0]?.deliveryId !== id) throw new Error('not offered');
    }],
    ['a message with its deliveries', () => fresh.records.messages.deliveries(newDeliveryId() as never)],
  ] as const)('%s reads no table from end to end', async (_, work) => {
    for (let count = 0; count < 5; count += 1) await newDelivery();
    expect(await rowsScanned(work)).toBe(0);
  });
});

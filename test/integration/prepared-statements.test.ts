import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PartnerId } from '../../src/domain/ids.ts';
import { after, dossierOf, partnerOf, sendMessage, T0 } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

let fresh: FreshRecords;
beforeAll(async () => {
  fresh = await freshRecords();
  await fresh.records.partners.add(partnerOf('land'));
  await fresh.records.partners.add(partnerOf('portal'));
});
afterAll(() => fresh.close());

async function deliverOne(): Promise<unknown> {
  const { records } = fresh;
  const dossier = dossierOf('land');
  await records.dossiers.add(dossier);
  const { message, deliveryId } = await sendMessage(records, dossier.code, 'land', 'portal');
  const held = await records.outbox.lease(deliveryId, 'a', T0, after(6_000));
  if (held === null) throw new Error('not leased');
  const settled = await records.outbox.settle(held, { state: 'delivered', proof: null }, { startedAt: T0, finishedAt: T0, outcome: 'delivered', code: null, detail: null });
  return [settled, (await records.messages.find(message.id))?.body, (await records.partners.recipient('portal' as PartnerId, T0))?.partner];
}

it('stay prepared, and go on when a newer version’s migration adds columns under them', async () => {
  const before = await deliverOne();
  const { rows } = await fresh.handle.pool.query<{ statement: string }>('SELECT statement FROM pg_prepared_statements');
  const kept = rows.map(({ statement }) => statement);
  for (const part of ['WITH head AS', 'WITH settled AS', 'FROM message AS m', 'left join "partner_state"']) expect(kept.some((statement) => statement.includes(part)), part).toBe(true);
  expect(kept.filter((statement) => statement.includes('*'))).toEqual([]);
  for (const table of ['partner', 'partner_state', 'message', 'outbox', 'lane', 'dossier']) await fresh.handle.pool.query(`ALTER TABLE ${table} ADD COLUMN from_a_newer_version text`);
  for (let use = 0; use < 7; use += 1) expect(await deliverOne()).toEqual(before);
});

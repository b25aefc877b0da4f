import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient, type GatewayClient } from '../../client/index.ts';
import { connectDatabase, type DatabaseHandle } from '../../src/store/database.ts';
import { migrate, migrationStatus, type Migration } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations/all.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { RECEIPT, startHttpPartner, type HttpPartner } from '../support/http-partner.ts';
import { keptLog, silentLog } from '../support/log.ts';
import { migrationFaults } from '../support/migration-rules.ts';

/** The next release's migrations, while this program accepts and delivers, and is started anew in the middle of it (ADR 7). */

const newest = MIGRATIONS.length;
const step = (number: number, name: string, statements: readonly string[], more: Partial<Migration> = {}): Migration => ({
  number: newest + number,
  name,
  ...more,
  up: async (db) => {
    for (const statement of statements) await sql.raw(statement).execute(db);
  },
});
const NEXT: readonly Migration[] = [
  step(1, 'region', ["ALTER TABLE outbox ADD COLUMN region text NOT NULL DEFAULT 'none'", 'ALTER TABLE message ADD COLUMN region text', 'CREATE TABLE region (id text PRIMARY KEY, partner_id text REFERENCES partner)', 'ALTER TABLE outbox ADD CONSTRAINT few CHECK (attempts < 100000) NOT VALID']),
  step(2, 'region-checked', ['ALTER TABLE outbox VALIDATE CONSTRAINT few']),
  step(3, 'region-index', ['DROP INDEX CONCURRENTLY IF EXISTS outbox_region', 'CREATE INDEX CONCURRENTLY outbox_region ON outbox (region, target)'], { isOnline: true }),
];
const CONTRACT = step(4, 'region-required', ['ALTER TABLE outbox ALTER COLUMN region DROP DEFAULT'], { contract: { needs: newest + 1, because: 'every program since migration 1 of the next release names the region' } });

let gateway: TestGateway;
let beside: TestGateway | null = null;
let desk: HttpPartner;
let client: GatewayClient;
let land: TestPartner;
let migrating: DatabaseHandle;

beforeAll(async () => {
  gateway = await startTestGateway();
  desk = await startHttpPartner({ secret: '', deduplicates: true });
  desk.setReaction(() => RECEIPT);
  land = await gateway.addPartner('land', { agencies: ['H57.12'] });
  desk.setSecret((await gateway.addPartner('desk', { agencies: ['H57.02'], pushUrl: desk.url })).webhookSecret ?? '');
  client = createClient({ url: gateway.url, apiKey: land.token, attempts: 1 });
  migrating = connectDatabase({ target: gateway.fresh.connection, applicationName: 'migrating', log: silentLog, maxConnections: 2 });
});
afterAll(async () => {
  await migrating.close();
  await beside?.close();
  await gateway.close();
  await desk.close();
});

const opening = { agencyCode: 'H57.12', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
const sent: string[] = [];
/** Sends until told to stop; every refusal ends the test. */
async function sendUntil(signal: AbortSignal, by: GatewayClient): Promise<void> {
  while (!signal.aborted) {
    const { code } = await by.openDossier(opening);
    sent.push((await by.sendMessage(code, { type: 'dossier.progress', from: 'H57.12', to: ['H57.02'] })).messageId);
  }
}
const arrived = (): number => new Set(desk.effects.map(({ messageId }) => messageId)).size;
/** On a busy machine it takes its time. */
const PATIENCE_MS = 60_000;
function moreArrive(): Promise<unknown> {
  const before = arrived();
  return eventually(() => arrived(), (count) => count > before + 5, PATIENCE_MS);
}
const forward = (migrations: readonly Migration[], log = silentLog): Promise<readonly number[]> => migrate(migrating.db, migrations, { clock: systemClock, log });

describe('migrations of the next release', () => {
  it('run while this one accepts and delivers, although somebody holds a table', async () => {
    for (const each of NEXT) expect(await migrationFaults(each)).toEqual([]);
    const stop = new AbortController();
    const load = Promise.all([sendUntil(stop.signal, client), sendUntil(stop.signal, client)]);
    try {
      await moreArrive();
      const reader = await gateway.fresh.handle.pool.connect(); // a backup, say: it only reads, and an ALTER TABLE would wait behind it
      await reader.query('BEGIN; SELECT count(*) FROM outbox');
      const applied = forward([...MIGRATIONS, ...NEXT]);
      await moreArrive(); // nobody waits behind the migration that waits
      await reader.query('COMMIT');
      reader.release();
      expect(await applied).toEqual([newest + 1, newest + 2, newest + 3]);
      await moreArrive();
    } finally {
      stop.abort();
      await load;
    }
    await eventually(() => arrived(), (count) => count === sent.length, PATIENCE_MS);
    expect(desk.effects).toHaveLength(sent.length);
  });

  it('let this one be started anew on their schema, which it tells', async () => {
    const log = keptLog();
    expect(await forward(MIGRATIONS, log)).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'warn', event: 'database.ahead', attributes: { known: newest, ahead: 3 } }]);
    expect(await migrationStatus(migrating.db, MIGRATIONS)).toEqual({ applied: newest + 3, ahead: 3, pending: [] });
    beside = await startTestGateway({ beside: gateway });
    const other = createClient({ url: beside.url, apiKey: land.token, attempts: 1 });
    const { code } = await other.openDossier(opening);
    const { messageId } = await other.sendMessage(code, { type: 'dossier.progress', from: 'H57.12', to: ['H57.02'] });
    await eventually(() => desk.effects.some((effect) => effect.messageId === messageId), Boolean, PATIENCE_MS);
  });

  it('that take something away keep it out, and say which program is needed', async () => {
    expect(await forward([...MIGRATIONS, ...NEXT, CONTRACT])).toEqual([newest + 4]);
    const message = new RegExp(`migration ${newest + 4} \\(region-required\\), which takes a program that knows migration ${newest + 1}; this one knows ${newest}: use the newer program`);
    await expect(forward(MIGRATIONS)).rejects.toMatchObject({ code: 'DATABASE_INCOMPATIBLE', message });
    await expect(migrationStatus(migrating.db, MIGRATIONS)).rejects.toMatchObject({ code: 'DATABASE_INCOMPATIBLE' });
    expect(await forward([...MIGRATIONS, ...NEXT])).toEqual([]);
  });
});

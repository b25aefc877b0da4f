import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import type { ExchangeKey } from '../../src/ports/exchange-key.ts';
import type { PinGuard } from '../../src/ports/pin-guard.ts';
import type { Records } from '../../src/ports/records.ts';
import type { Sealing } from '../../src/ports/sealing.ts';
import { connectDatabase, type DatabaseHandle } from '../../src/store/database.ts';
import type { PostgresConnection } from '../../src/store/embedded/connection.ts';
import { migrate } from '../../src/store/migrate.ts';
import { MIGRATIONS } from '../../src/store/migrations/all.ts';
import { pinGuard } from '../../src/store/records/pin-guard.ts';
import { records } from '../../src/store/records/records.ts';
import { openSealing } from '../../src/store/sealing.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { openExchangeKey } from '../../src/wiring/exchange-key.ts';
import { silentLog } from './log.ts';
import { freshDatabase } from './postgres.ts';

export interface FreshRecords {
  readonly records: Records;
  readonly handle: DatabaseHandle;
  readonly sealing: Sealing;
  readonly pinGuard: PinGuard;
  readonly exchangeKey: ExchangeKey;
  readonly connection: PostgresConnection;
  readonly masterKeyPath: string;
  /** Closes the connections, drops the database, removes the key. */
  close(): Promise<void>;
}

/** A migrated database of the suite's own on the test run's PostgreSQL, sealed under a key of its own. */
export async function freshRecords(): Promise<FreshRecords> {
  const database = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-records-'));
  const masterKeyPath = join(folder, 'master.key');
  const sealing = await openSealing(masterKeyPath, systemChance(systemClock), { create: true, clock: systemClock });
  const handle = connectDatabase({ target: database.connection, applicationName: 'records-test', log: silentLog, maxConnections: 20 });
  await migrate(handle.db, MIGRATIONS, { clock: systemClock, log: silentLog });
  const recorded = records(handle.db, sealing);
  const guard = pinGuard(handle.db, { clock: systemClock });
  const exchangeKey = openExchangeKey({ config: readConfig({ LIENTHONG_DATA: folder }), records: recorded, sealing, pinGuard: guard, clock: systemClock, chance: systemChance(systemClock), log: silentLog });
  return {
    records: recorded,
    handle,
    sealing,
    pinGuard: guard,
    exchangeKey,
    connection: database.connection,
    masterKeyPath,
    close: async () => {
      await exchangeKey.close();
      await handle.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

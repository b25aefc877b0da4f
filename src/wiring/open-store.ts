import { join } from 'node:path';
import type { Config } from '../config.ts';
import type { GatewayError } from '../domain/errors.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { ExchangeKey } from '../ports/exchange-key.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import type { Records } from '../ports/records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { PinGuard } from '../ports/pin-guard.ts';
import type { Log } from '../ports/telemetry.ts';
import type { UploadStore } from '../ports/upload-store.ts';
import { connectDatabase, type DatabaseHandle } from '../store/database.ts';
import { openDocumentFolder } from '../store/document-folder.ts';
import type { PostgresConnection } from '../store/embedded/connection.ts';
import { openDataFolder, type OpenDataFolder } from '../store/embedded/open.ts';
import { migrate, type Migration } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/all.ts';
import { pinGuard } from '../store/records/pin-guard.ts';
import { records } from '../store/records/records.ts';
import { openSealing } from '../store/sealing.ts';
import { openUploadFolder } from '../store/upload-folder.ts';
import { openExchangeKey } from './exchange-key.ts';

export interface StoreSettings {
  readonly config: Config;
  /** `serve` claims the data folder; `admin` works beside a running gateway, or starts the embedded server for its own time. */
  readonly mode: 'serve' | 'admin';
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly applicationName: string;
  readonly maxConnections?: number;
  readonly onLost?: (error: GatewayError) => void;
  /** Default: all. Fewer for a restoration, which brings back a store as it was before the later ones; null: the database is left as it is. */
  readonly migrations?: readonly Migration[] | null;
}

export interface Store {
  readonly records: Records;
  readonly documents: DocumentStore;
  readonly uploads: UploadStore;
  readonly sealing: Sealing;
  readonly pinGuard: PinGuard;
  /** By which evidence is signed. */
  readonly exchangeKey: ExchangeKey;
  readonly database: DatabaseHandle;
  readonly target: PostgresConnection | { readonly url: string };
  readonly embedded: boolean;
  close(): Promise<void>;
}

/**
 * Opens records, documents and sealing as the settings say, migrated to this program's schema.
 * @throws what `openDataFolder`, `openSealing` and `migrate` throw; nothing is left open then
 */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { config, chance, clock, log } = settings;
  const folder = config.DATABASE_URL === undefined ? await openDataFolder({ ...settings, dataDir: config.dataDir }) : null;
  const target = folder?.connection ?? { url: config.DATABASE_URL ?? '' };
  const database = connectDatabase({ target, applicationName: settings.applicationName, log, maxConnections: settings.maxConnections ?? 10 });
  try {
    if (settings.migrations !== null) await bringForward(target, settings.migrations ?? MIGRATIONS, settings);
    const sealing = await openSealing(masterKeyPath(config), chance, { create: config.MASTER_KEY_FILE === undefined, clock });
    const documents = await openDocumentFolder(join(config.dataDir, 'documents'), { chance, clock });
    const recorded = records(database.db, sealing);
    const guard = pinGuard(database.db, { clock });
    const exchangeKey = openExchangeKey({ config, records: recorded, sealing, pinGuard: guard, clock, chance, log });
    // A key device that is away keeps the rest from nothing: what has to be attested is refused until it is back.
    if (settings.mode === 'serve') await exchangeKey.signer().catch((error: unknown) => log.error('exchange-key.unavailable', error, {}));
    return {
      records: recorded,
      documents,
      uploads: await openUploadFolder(join(config.dataDir, 'documents', 'uploads')),
      sealing,
      pinGuard: guard,
      exchangeKey,
      database,
      target,
      embedded: folder !== null,
      close: async () => {
        await exchangeKey.close();
        await closeStore(database, folder);
      },
    };
  } catch (error) {
    await closeStore(database, folder);
    throw error;
  }
}

const DAY_MS = 24 * 3_600_000;

/** Over a connection of its own: on a large table a step takes longer than a request may. */
async function bringForward(target: Store['target'], migrations: readonly Migration[], { clock, log, applicationName }: StoreSettings): Promise<void> {
  const alone = connectDatabase({ target, applicationName: `${applicationName} migrate`, log, maxConnections: 1, statementTimeoutMs: DAY_MS });
  try {
    await migrate(alone.db, migrations, { clock, log });
  } finally {
    await alone.close();
  }
}

export function masterKeyPath({ MASTER_KEY_FILE, dataDir }: Pick<Config, 'MASTER_KEY_FILE' | 'dataDir'>): string {
  return MASTER_KEY_FILE ?? join(dataDir, 'master.key');
}

async function closeStore(database: DatabaseHandle, folder: OpenDataFolder | null): Promise<void> {
  await database.close();
  await folder?.stop();
}

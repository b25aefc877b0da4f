import pg from 'pg';
import { GatewayError } from '../../domain/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Log } from '../../ports/telemetry.ts';
import { findBinaries } from './binaries.ts';
import { createCluster } from './cluster.ts';
import { socketConnection, type PostgresConnection } from './connection.ts';
import { clusterOwner, giveTo, prepareDataFolder, prepareSocketDir, type DataFolder } from './folder.ts';
import { keepAwake } from './keep-awake.ts';
import { chooseLauncher, readHostFacts } from './launcher.ts';
import { isAbandoned, readPidFile, removePidFile } from './pid-file.ts';
import { spawnPostmaster, stopPostmaster, waitUntilReady, type PostgresSettings, type PostmasterChild, type StopPatience } from './postmaster.ts';

export interface StartOptions {
  /** The data folder; the database files lie in `postgres/` below it. */
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Further `postgres -c name=value`. */
  readonly settings?: PostgresSettings;
  readonly signal?: AbortSignal;
}

export interface EmbeddedPostgres {
  readonly connection: PostgresConnection;
  readonly server: PostmasterChild;
  /** Returns when the server's process is gone; calling it again is harmless. */
  stop(patience?: StopPatience): Promise<void>;
}

/**
 * Starts PostgreSQL on a data folder, making database files and the database `lienthong` when they are not there yet. Does not decide
 * who may use the folder: `openDataFolder` does.
 * @throws POSTGRES_UNSUPPORTED, POSTGRES_START_FAILED, STORAGE_FAILED, CANCELLED; nothing is left running then
 */
export async function startEmbeddedPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const folder = await prepareDataFolder(options.dataDir);
  const server = await keepAwake(() => startServer(folder, options));
  try {
    await ensureDatabase(folder.socketDir);
  } catch (error) {
    await stopPostmaster(server, options.clock);
    throw error;
  }
  options.log.info('postgres.started', { pid: server.pid, dataDir: folder.root });
  return { connection: socketConnection(folder.socketDir), server, stop: (patience) => stopPostmaster(server, options.clock, patience) };
}

async function startServer(folder: DataFolder, options: StartOptions): Promise<PostmasterChild> {
  const binaries = findBinaries();
  const launcher = chooseLauncher(readHostFacts(), await clusterOwner(folder.cluster));
  if ((await clusterOwner(folder.cluster)) === null) await createCluster(folder, binaries, launcher);
  if (launcher.owner !== null && (await clusterOwner(folder.cluster)) !== launcher.owner) await giveTo(launcher.owner, folder.cluster);
  await prepareSocketDir(folder.socketDir, launcher.owner);
  // PostgreSQL would refuse for ever when a new process has the number that a killed server left in postmaster.pid.
  if ((await readPidFile(folder.cluster)) !== null && (await isAbandoned(folder.cluster))) await removePidFile(folder.cluster);
  const server = spawnPostmaster(folder, binaries, launcher, options.settings ?? {}, options.log);
  try {
    await waitUntilReady(server, folder, options.clock, options.signal);
    return server;
  } catch (error) {
    await stopPostmaster(server, options.clock);
    throw error;
  }
}

async function ensureDatabase(socketDir: string): Promise<void> {
  const { database } = socketConnection(socketDir);
  const client = new pg.Client({ ...socketConnection(socketDir, 'postgres'), connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } catch (cause) {
    throw new GatewayError('POSTGRES_START_FAILED', 'PostgreSQL started but its database cannot be made', { cause });
  } finally {
    await client.end();
  }
}

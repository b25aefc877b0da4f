import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { acquire, type AcquireOptions, type Hold } from './acquire.ts';
import type { PostgresConnection } from './connection.ts';
import { prepareDataFolder, type DataFolder } from './folder.ts';
import { keepAwake } from './keep-awake.ts';
import { beginStop, stopPostmaster, STOP_PATIENCE } from './postmaster.ts';

export interface OpenOptions extends AcquireOptions {
  /** `serve`: PostgreSQL ended and could not be started again, or another gateway took the folder; this one has to end too. */
  readonly onLost?: (error: GatewayError) => void;
}

export interface OpenDataFolder {
  /** Stays the same when the server had to be started again. */
  readonly connection: PostgresConnection;
  /** Whether the server was running already: a gateway's, or left behind by a killed one. */
  readonly adopted: boolean;
  /** Stops the server if it is ours to stop, and returns when it is gone; may be called again. Close pools first: clients are waited for, then cut off. */
  stop(): Promise<void>;
}

const VISITORS_MS = 30_000; // other administration commands that joined the server this one had started

/**
 * Opens a data folder with its embedded PostgreSQL: starts the server, or takes over one that a killed gateway left running, or, for
 * an administration command, connects to the running gateway's. A gateway's server that ends by itself is started again.
 * @throws DATA_FOLDER_IN_USE for a second `serve`; POSTGRES_UNSUPPORTED, POSTGRES_START_FAILED, STORAGE_FAILED, DATABASE_UNAVAILABLE,
 *   CANCELLED
 */
export async function openDataFolder(options: OpenOptions): Promise<OpenDataFolder> {
  const folder = await prepareDataFolder(options.dataDir);
  const stopped = new AbortController();
  const again = { ...options, signal: stopped.signal };
  let hold = await keepAwake(() => acquire(folder, options));
  let recovery = Promise.resolve();

  const recover = async (): Promise<void> => {
    options.log.error('postgres.lost', new GatewayError('DATABASE_UNAVAILABLE', 'The embedded PostgreSQL ended by itself and is started again'));
    try {
      hold = await keepAwake(() => acquire(folder, again));
      watch(hold);
    } catch (error) {
      if (!stopped.signal.aborted) options.onLost?.(asGatewayError(error));
    }
  };
  const watch = ({ claims }: Hold): void => {
    claims?.onLost(() => {
      recovery = recover();
    });
  };
  if (options.mode === 'serve') watch(hold);

  const end = async (): Promise<void> => {
    stopped.abort();
    await recovery;
    await release(hold, folder, options);
  };
  let ending: Promise<void> | undefined;

  return {
    connection: hold.connection,
    adopted: hold.adopted,
    stop: () => (ending ??= end()),
  };
}

async function release({ claims, server }: Hold, { cluster }: DataFolder, { mode, clock, log }: AcquireOptions): Promise<void> {
  if (server !== null) await beginStop(server, cluster, clock);
  await claims?.close();
  if (server === null) return;
  await stopPostmaster(server, clock, mode === 'admin' ? { ...STOP_PATIENCE, smartMs: VISITORS_MS } : STOP_PATIENCE);
  log.info('postgres.stopped', { pid: server.pid });
}

function asGatewayError(error: unknown): GatewayError {
  return isGatewayError(error) ? error : new GatewayError('INTERNAL', 'The embedded PostgreSQL was lost', { cause: error });
}

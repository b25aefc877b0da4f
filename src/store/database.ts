import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import type { Log } from '../ports/telemetry.ts';
import { isConnectionFailure, mapConnectError, mapDatabaseError } from './database-error.ts';
import type { PostgresConnection } from './embedded/connection.ts';
import type { Database } from './schema.ts';
import { statementNames, type NameStatement } from './statement-names.ts';

export interface DatabaseSettings {
  /** The embedded server's socket, or a `postgres://` URL (`sslmode` and the like as libpq writes them). */
  readonly target: PostgresConnection | { readonly url: string };
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly log: Log;
  /** Default 10. */
  readonly maxConnections?: number;
  /** The server ends a statement after this. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** The connection is given up this much later, when not even that was answered. Default 5,000. */
  readonly answerGraceMs?: number;
  /** The server ends a transaction that does nothing for this long. Default 60,000. */
  readonly idleInTransactionTimeoutMs?: number;
  /** Default 10,000. */
  readonly connectTimeoutMs?: number;
}

export interface DatabaseHandle {
  readonly db: Kysely<Database>;
  /** The same connections for what Kysely cannot say (LISTEN, session locks). Errors are not mapped here. */
  readonly pool: pg.Pool;
  /** Waits for work under way, then closes every connection. */
  close(): Promise<void>;
}

/** Opens no connection by itself: the first query does, and throws DATABASE_UNAVAILABLE when there is no server. */
export function connectDatabase(settings: DatabaseSettings): DatabaseHandle {
  const pool = new pg.Pool(poolConfig(settings));
  keepErrorsHandled(pool, settings.log);
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: guardPool(pool) }) });
  return {
    db,
    pool,
    close: async () => {
      if (!pool.ending) await pool.end(); // not db.destroy(), which does nothing before the first query
    },
  };
}

function poolConfig(settings: DatabaseSettings): pg.PoolConfig {
  const { target, statementTimeoutMs = 30_000 } = settings;
  return {
    ...('url' in target ? { connectionString: target.url } : target),
    application_name: settings.applicationName,
    max: settings.maxConnections ?? 10,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + (settings.answerGraceMs ?? 5000),
    idle_in_transaction_session_timeout: settings.idleInTransactionTimeoutMs ?? 60_000,
    connectionTimeoutMillis: settings.connectTimeoutMs ?? 10_000,
    keepAlive: true,
    allowExitOnIdle: false,
  };
}

/** pg listens for errors of idle connections only; one that breaks between two statements of a transaction would end the process. */
function keepErrorsHandled(pool: pg.Pool, log: Log): void {
  const note = (error: Error): void => log.warn('database.connection-lost', { reason: error.message });
  pool.on('error', note);
  pool.on('connect', (client) => client.on('error', note));
}

/** The one place where errors of pg become ours, and where a connection that stopped answering is thrown away. */
function guardPool(pool: pg.Pool): PostgresPool {
  const nameOf = statementNames();
  return {
    connect: async () => {
      try {
        return guardClient(await pool.connect(), nameOf);
      } catch (error) {
        throw mapConnectError(error);
      }
    },
    end: () => pool.end(),
  };
}

function guardClient(client: pg.PoolClient, nameOf: NameStatement): PostgresPoolClient {
  let broken = false;
  const query = async (text: string, values: unknown[]): Promise<pg.QueryResult> => {
    try {
      const name = values.length > 0 ? nameOf(text) : undefined;
      return await client.query({ text, values, ...(name !== undefined && { name }) });
    } catch (error) {
      broken ||= isConnectionFailure(error);
      throw mapDatabaseError(error);
    }
  };
  // Kysely's client has a second form of `query`, for cursors; it is used only when a cursor class is configured, and none is.
  return { query: query as unknown as PostgresPoolClient['query'], release: (destroy) => client.release(broken || destroy === true) };
}

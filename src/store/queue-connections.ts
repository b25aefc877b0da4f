import pg from 'pg';
import type { DatabaseSettings } from './database.ts';

export interface QueueConnectionSettings {
  readonly max: number;
  /** Where the queue's tables lie. */
  readonly schema: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** Hears of connections that broke while nobody used them. */
  readonly onError: (error: unknown) => void;
}

/** Connections for a queue that lives beside the records and brings its own SQL. Opens none by itself: the first query does. */
export function queueConnections(target: DatabaseSettings['target']): (settings: QueueConnectionSettings) => pg.Pool {
  return ({ max, schema, applicationName, onError }) => {
    const pool = new pg.Pool({
      ...('url' in target ? { connectionString: target.url } : target),
      options: `-c search_path=${schema}`,
      application_name: applicationName,
      max,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      Client: HandledClient,
    });
    pool.on('error', onError);
    return pool;
  };
}

/**
 * Errors of a connection reach its queries; the event that repeats them ends the process when nobody listens, and BullMQ takes all
 * listeners away before it lets go of a connection.
 */
class HandledClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', ignore);
  }

  override removeAllListeners(event?: string | symbol): this {
    super.removeAllListeners(event);
    return this.on('error', ignore);
  }
}

function ignore(): void {
  // 'end' follows, and what waits for an answer is told
}

import pg from 'pg';
import { mapConnectError } from '../database-error.ts';
import type { PostgresConnection } from '../embedded/connection.ts';

export type BackupTarget = PostgresConnection | { readonly url: string };

/** One connection without the limits of requests: a table may take hours. */
export async function connectAlone(target: BackupTarget, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ ...('url' in target ? { connectionString: target.url } : target), application_name: applicationName, keepAlive: true, connectionTimeoutMillis: 10_000 });
  client.on('error', () => undefined); // whoever waits for an answer is told
  try {
    await client.connect();
    await client.query('SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = 0');
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw mapConnectError(error);
  }
}

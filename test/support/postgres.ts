import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import { inject } from 'vitest';
import type { PostgresConnection } from '../../src/store/embedded/connection.ts';

export interface FreshDatabase {
  readonly connection: PostgresConnection;
  /** Drops the database; throws when the suite left a connection open. */
  drop(): Promise<void>;
}

/** A new, empty database on the test run's PostgreSQL. Call in `beforeAll`, and `drop()` in `afterAll`. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = await serverConnection();
  const database = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, (client) => client.query(`CREATE DATABASE ${database}`));
  return { connection: { ...server, database }, drop: () => onServer(server, (client) => dropDatabase(client, database)) };
}

/** The test run's PostgreSQL itself, which is started if nobody asked before. */
export async function serverConnection(): Promise<PostgresConnection> {
  const socket = connect(inject('postgresBroker'));
  const answer = JSON.parse(await text(socket)) as { connection: PostgresConnection } | { error: string };
  if ('error' in answer) throw new Error(`The test run's PostgreSQL did not start: ${answer.error}`);
  return answer.connection;
}

async function onServer<T>(server: PostgresConnection, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function dropDatabase(client: pg.Client, database: string): Promise<void> {
  const leaks = await lastingConnections(client, database);
  await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
  if (leaks.length > 0) throw new Error(`The suite left ${leaks.length} connection(s) open: ${leaks.join(', ')}`);
}

/** A backend outlives its client's goodbye by a few milliseconds: only those still there after a second are leaks. */
async function lastingConnections(client: pg.Client, database: string): Promise<string[]> {
  for (let round = 0; ; round += 1) {
    const found = await client.query<{ application_name: string }>('SELECT application_name FROM pg_stat_activity WHERE datname = $1', [database]);
    if (found.rowCount === 0 || round === 20) return found.rows.map((row) => row.application_name);
    await client.query('SELECT pg_sleep(0.05)');
  }
}

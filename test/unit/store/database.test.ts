import { connect, createServer, type Server, type Socket } from 'node:net';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayError } from '../../../src/domain/errors.ts';
import { connectDatabase, type DatabaseHandle, type DatabaseSettings } from '../../../src/store/database.ts';
import { keptLog, silentLog } from '../../support/log.ts';
import { freshDatabase, type FreshDatabase } from '../../support/postgres.ts';

let fresh: FreshDatabase;
let handle: DatabaseHandle;

beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.drop());
afterEach(() => handle.close());

function open(settings: Partial<DatabaseSettings> = {}): DatabaseHandle {
  handle = connectDatabase({ target: fresh.connection, applicationName: 'lienthong test', log: silentLog, ...settings });
  return handle;
}

const select = (handle: DatabaseHandle, expression: string): Promise<unknown> =>
  sql<{ value: unknown }>`SELECT ${sql.raw(expression)} AS value`.execute(handle.db).then(({ rows }) => rows[0]?.value);

describe('connectDatabase', () => {
  it('hands bytes, instants and 64-bit numbers over without loss', async () => {
    const { db } = open();
    const at = new Date('2026-11-24T02:03:04.567Z');
    const bytes = new Uint8Array([0, 255, 92, 39]);
    const { rows } = await sql`SELECT ${bytes}::bytea AS bytes, ${at}::timestamptz AS at, 9007199254740993::bigint AS big, 'Nguyễn Thị Ổ' AS name`.execute(db);
    expect(rows).toEqual([{ bytes: Buffer.from(bytes), at, big: '9007199254740993', name: 'Nguyễn Thị Ổ' }]);
  });

  it('shows its name to the administrator of the database', async () => {
    expect(await select(open(), `current_setting('application_name')`)).toBe('lienthong test');
  });

  it('takes a postgres:// URL', async () => {
    const { host, user, database } = fresh.connection;
    const url = `postgres://${user}@/${database}?host=${encodeURIComponent(host)}`;
    expect(await select(open({ target: { url } }), 'current_database()')).toBe(database);
  });

  it('answers DATABASE_UNAVAILABLE, retryable, where no server listens', async () => {
    const error: unknown = await select(open({ target: { url: 'postgres://nobody@127.0.0.1:1/none' } }), '1').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'DATABASE_UNAVAILABLE', retryable: true });
    expect((error as GatewayError).message).not.toContain('nobody');
  });

  it('answers DATABASE_UNAVAILABLE where the database does not exist', async () => {
    await expect(select(open({ target: { ...fresh.connection, database: 'elsewhere' } }), '1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('ends a statement that takes too long, and keeps the connection', async () => {
    const database = open({ statementTimeoutMs: 100, maxConnections: 1 });
    const before = await select(database, 'pg_backend_pid()');
    await expect(select(database, 'pg_sleep(20)')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await select(database, 'pg_backend_pid()')).toBe(before);
  });

  it('leaves errors about the statement as PostgreSQL gave them', async () => {
    const { db } = open();
    await sql`CREATE TABLE one (id int PRIMARY KEY)`.execute(db);
    await sql`INSERT INTO one VALUES (1)`.execute(db);
    const error: unknown = await sql`INSERT INTO one VALUES (1)`.execute(db).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(pg.DatabaseError);
    expect(error).toMatchObject({ code: '23505', constraint: 'one_pkey' });
  });

  it('survives a connection that breaks between two statements of a transaction, and records nothing of it', async () => {
    const log = keptLog();
    const database = open({ log, maxConnections: 2 });
    await sql`CREATE TABLE two (id int)`.execute(database.db);
    const work = database.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`INSERT INTO two VALUES (1) RETURNING pg_backend_pid() AS pid`.execute(trx);
      await select(database, `pg_terminate_backend(${rows[0]?.pid}, 5000)`);
      await sql`INSERT INTO two VALUES (2)`.execute(trx);
    });
    await expect(work).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    expect(await select(database, '(SELECT count(*) FROM two)')).toBe('0');
    expect(log.lines.map(({ event }) => event)).toContain('database.connection-lost');
  });

  it('ends a transaction that does nothing for too long', async () => {
    const database = open({ idleInTransactionTimeoutMs: 50, maxConnections: 2 });
    const work = database.db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`SELECT pg_backend_pid() AS pid`.execute(trx);
      while ((await select(database, `(SELECT count(*) FROM pg_stat_activity WHERE pid = ${rows[0]?.pid})`)) !== '0') await select(database, 'pg_sleep(0.02)');
      await sql`SELECT 1`.execute(trx);
    });
    await expect(work).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });

  it('waits for work under way when closing, and may be closed twice', async () => {
    const database = open();
    const work = select(database, `pg_sleep(0.2) IS NOT NULL`);
    await select(database, '1');
    await Promise.all([database.close(), expect(work).resolves.toBe(true)]);
    await database.close();
  });
});

describe('connectDatabase behind a network that fails', () => {
  let network: Network;

  beforeAll(async () => {
    network = await startNetwork(`${fresh.connection.host}/.s.PGSQL.${fresh.connection.port}`);
  });
  afterAll(() => network.close());

  it('gives up a connection that no longer answers, and never uses it again', async () => {
    const url = `postgres://${fresh.connection.user}@127.0.0.1:${network.port}/${fresh.connection.database}`;
    const database = open({ target: { url }, maxConnections: 1, statementTimeoutMs: 200, connectTimeoutMs: 500, answerGraceMs: 200 });
    const before = await select(database, 'pg_backend_pid()');
    network.swallow(true);
    await expect(select(database, '1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
    await expect(select(database, '1')).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' }); // a new connection is not answered either
    network.swallow(false);
    expect(await select(database, 'pg_backend_pid()')).not.toBe(before);
  });
});

interface Network {
  readonly port: number;
  /** Bytes towards the server vanish, as behind a failed-over address. */
  swallow(on: boolean): void;
  close(): Promise<void>;
}

async function startNetwork(socketPath: string): Promise<Network> {
  let swallowing = false;
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(socketPath);
    near.on('data', (bytes) => void (swallowing || far.write(bytes)));
    far.on('data', (bytes) => void (swallowing || near.write(bytes)));
    for (const [one, other] of [[near, far], [far, near]] as const) {
      sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    swallow: (on) => void (swallowing = on),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

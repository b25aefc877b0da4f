import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import pg from 'pg';
import { startQueue, type StartedQueue } from '../../queues/start-queue.ts';
import type { DeliveryId } from '../../src/domain/ids.ts';
import type { DatabaseSettings } from '../../src/store/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/store/embedded/start.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from '../support/eventually.ts';
import { newDeliveryId } from '../support/ledger.ts';
import { keptLog, silentLog } from '../support/log.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { requireTool } from '../support/tools.ts';
import { queueConnections } from '../../src/store/queue-connections.ts';

interface Server {
  readonly postgres: DatabaseSettings['target'];
  readonly redisUrl: string | null;
  crash(): Promise<void>;
  restart(): Promise<void>;
  /** Throws away everything the queue remembers. */
  forget(): Promise<void>;
  /** Everything the queue keeps, as text. */
  contents(): Promise<string>;
  close(): Promise<void>;
}

/** ErrorResponse (PostgreSQL protocol 3.0, "Message Formats"). */
const STARTING_UP = ((): Buffer => {
  const fields = Buffer.from('SFATAL\0C57P03\0Mthe database system is starting up\0\0');
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
})();

const NOWHERE: Server['postgres'] = { url: 'postgres://nobody@127.0.0.1:9/none' };

async function postgresServer(): Promise<Server> {
  const dataDir = await mkdtemp(join(tmpdir(), 'lienthong-queue-'));
  const start = (): Promise<EmbeddedPostgres> => startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog, settings: { fsync: 'off' } });
  let server = await start();
  const { connection } = server;
  const query = async (sql: string): Promise<pg.QueryResult> => {
    const client = new pg.Client(connection);
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  return {
    postgres: connection,
    redisUrl: null,
    crash: () => server.stop({ smartMs: 0, fastMs: 0 }),
    restart: async () => void (server = await start()),
    forget: async () => void (await query('TRUNCATE bullmq.job CASCADE')),
    contents: async () => JSON.stringify((await query('SELECT * FROM bullmq.job')).rows),
    close: async () => {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function redisServer(): Promise<Server> {
  const redis: RedisServer = await startRedis();
  return {
    postgres: NOWHERE,
    redisUrl: redis.url,
    crash: () => redis.kill(),
    restart: () => redis.restart(),
    forget: async () => void (await redis.command('FLUSHALL')),
    contents: async () => {
      const keys = (await redis.command('--raw', 'KEYS', '*')).split('\n').filter((key) => /:[0-9a-f]{8}-/.test(key));
      return (await Promise.all(keys.map((key) => redis.command('--raw', 'HGETALL', key)))).join('\n');
    },
    close: () => redis.close(),
  };
}

describe('on PostgreSQL', () => {
  suite(postgresServer);
});
describe('on a PostgreSQL that is still starting up', () => {
  it('lets go of the process, and takes jobs once the server does', async () => {
    const server = await postgresServer();
    if (!('host' in server.postgres)) throw new Error('expected a socket folder');
    const door = await openDoor(join(server.postgres.host, `.s.PGSQL.${server.postgres.port}`));
    const queue = startQueue({ postgres: queueConnections({ ...server.postgres, host: '127.0.0.1', port: door.port }), redisUrl: null, clock: systemClock, log: silentLog });
    try {
      door.refuse('lienthong-worker');
      const seen: DeliveryId[] = [];
      queue.startConsumer(async ({ id }) => void seen.push(id), { concurrency: 2 });
      await eventually(() => door.refused(), (times) => times >= 2);
      door.refuse(null);
      const id = newDeliveryId();
      await eventually(() => queue.queue.healthy(), (is) => is);
      queue.queue.wake([{ id, target: 'land', wake: 1 }]);
      expect(await eventually(() => seen, (ids) => ids.includes(id))).toEqual([id]);
    } finally {
      await queue.close();
      await door.close();
      await server.close();
    }
  });
});
describe.skipIf(!requireTool('redis-server'))('on Redis (redis-server)', () => {
  suite(redisServer);
});

interface Door {
  readonly port: number;
  /** Answers connections of this application as a server does that is starting up (SQLSTATE 57P03); null: lets all in. */
  refuse(application: string | null): void;
  refused(): number;
  close(): Promise<void>;
}

/** Stands before a real server, as its own start-up does. */
async function openDoor(socketPath: string): Promise<Door> {
  let unwelcome: string | null = null;
  let refused = 0;
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (startup) => {
      if (unwelcome !== null && startup.includes(unwelcome)) {
        refused += 1;
        socket.end(STARTING_UP);
        return;
      }
      const inside = connect(socketPath);
      inside.on('error', () => socket.destroy());
      inside.write(startup);
      socket.pipe(inside).pipe(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    refuse: (application) => (unwelcome = application),
    refused: () => refused,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function suite(start: () => Promise<Server>): void {
  let server: Server;
  const started: StartedQueue[] = [];
  beforeAll(async () => {
    server = await start();
  });
  afterEach(async () => {
    for (const queue of started.splice(0)) await queue.close();
  });
  afterAll(() => server.close());

  const open = (log = silentLog): StartedQueue => {
    const queue = startQueue({ postgres: queueConnections(server.postgres), redisUrl: server.redisUrl, clock: systemClock, log });
    started.push(queue);
    return queue;
  };
  const healthy = (queue: StartedQueue, state = true): Promise<boolean> => eventually(() => queue.queue.healthy(), (is) => is === state);

  it('hands every wake-up to one of several consumers', async () => {
    const queue = open();
    const seen: DeliveryId[] = [];
    for (let count = 0; count < 2; count += 1) queue.startConsumer(async ({ id }) => void seen.push(id), { concurrency: 4 });
    await healthy(queue);
    const ids = Array.from({ length: 50 }, () => newDeliveryId());
    for (const id of ids) queue.queue.wake([{ id, target: 'land', wake: 0 }]);
    await eventually(() => seen.length, (length) => length === 50);
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  it('never swallows a wake-up with the next number, and keeps nothing once it is dealt with', async () => {
    const queue = open();
    const seen: DeliveryId[] = [];
    queue.startConsumer(async ({ id }) => void seen.push(id), { concurrency: 1 });
    await healthy(queue);
    const id = newDeliveryId();
    for (const wake of [1, 2, 3]) queue.queue.wake([{ id, target: 'land', wake }]);
    await eventually(() => seen.length, (length) => length === 3);
    expect(await eventually(() => server.contents(), (contents) => !contents.includes(id))).not.toContain(id);
  });

  it('keeps nothing of a wake-up whose handler failed, so that the same number is not swallowed either', async () => {
    const log = keptLog();
    const queue = open(log);
    let calls = 0;
    queue.startConsumer(
      () => {
        calls += 1;
        return Promise.reject(new Error('a fault of the handler'));
      },
      { concurrency: 1 },
    );
    await healthy(queue);
    const id = newDeliveryId();
    queue.queue.wake([{ id, target: 'land', wake: 7 }]);
    await eventually(() => calls, (count) => count === 1);
    await eventually(() => server.contents(), (contents) => !contents.includes(id));
    queue.queue.wake([{ id, target: 'land', wake: 7 }]);
    await eventually(() => calls, (count) => count === 2);
    expect(log.lines.some((line) => line.event === 'queue.handler')).toBe(true);
  });

  it('carries ids only', async () => {
    const queue = open();
    await healthy(queue);
    const id = newDeliveryId();
    queue.queue.wake([{ id, target: 'land', wake: 4 }]);
    const contents = await eventually(() => server.contents(), (text) => text.includes(id));
    expect(contents).toContain(`{"id":"${id}","wake":4}`.slice(1, -1).split(',')[0]);
    await server.forget();
  });

  it('waits for the jobs under way when it closes, and takes no more', async () => {
    const queue = open();
    const ended: DeliveryId[] = [];
    let begun = 0;
    const consumer = queue.startConsumer(
      async ({ id }) => {
        begun += 1;
        await systemClock.sleep(300);
        ended.push(id);
      },
      { concurrency: 2 },
    );
    await healthy(queue);
    queue.queue.wake(Array.from({ length: 6 }, () => ({ id: newDeliveryId(), target: 'land', wake: 0 })));
    await eventually(() => begun, (count) => count === 2);
    await consumer.close();
    expect(ended).toHaveLength(begun);
    expect(begun).toBeLessThan(6);
    await server.forget();
  });

  it('says so when the server is gone, never throws at the caller, and works again when it is back, with everything forgotten', async () => {
    const log = keptLog();
    const queue = open(log);
    const seen: DeliveryId[] = [];
    queue.startConsumer(async ({ id }) => void seen.push(id), { concurrency: 2 });
    await healthy(queue);
    await server.crash();
    queue.queue.wake([{ id: newDeliveryId(), target: 'land', wake: 0 }]);
    await healthy(queue, false);
    const lost = queue.failures();
    queue.queue.wake([{ id: newDeliveryId(), target: 'land', wake: 0 }]);
    await eventually(() => queue.failures(), (failures) => failures > lost);
    await server.restart();
    await healthy(queue);
    const id = newDeliveryId();
    queue.queue.wake([{ id, target: 'land', wake: 1 }]);
    await eventually(() => seen, (ids) => ids.includes(id));
    const lines = log.lines.filter((line) => line.level === 'error').length;
    expect(lines).toBeLessThan(15);
  });

  it('forgets everything while running, and goes on', async () => {
    const queue = open();
    const seen: DeliveryId[] = [];
    queue.startConsumer(async ({ id }) => void seen.push(id), { concurrency: 2 });
    await healthy(queue);
    await server.forget();
    const id = newDeliveryId();
    queue.queue.wake([{ id, target: 'land', wake: 1 }]);
    expect(await eventually(() => seen, (ids) => ids.includes(id))).toEqual([id]);
  });
}

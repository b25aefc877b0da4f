import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/store/embedded/start.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { silentLog } from '../support/log.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';

/** PostgreSQL, and Redis where it is the queue, owned by the harness: it may kill them. */
export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  readonly masterKeyFile: string;
  readonly folder: string;
  /** As after a power cut: nothing is written down, and the next start recovers. */
  restartDatabase(): Promise<void>;
  /** Killed without persistence, and back empty. */
  restartRedis(): Promise<void>;
  flushRedis(): Promise<void>;
  close(): Promise<void>;
}

export async function startServers(backend: 'pg' | 'redis'): Promise<Servers> {
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-chaos-'));
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir: join(folder, 'pg'), clock: systemClock, log: silentLog, settings: { max_connections: '200', shared_buffers: '128MB' } });
  let postgres = await start();
  const redis: RedisServer | null = backend === 'redis' ? await startRedis() : null;
  const { host, database, user } = postgres.connection;
  return {
    databaseUrl: `postgres://${user}@localhost/${database}?host=${encodeURIComponent(host)}`,
    redisUrl: redis?.url ?? null,
    masterKeyFile: join(folder, 'master.key'),
    folder,
    async restartDatabase() {
      await postgres.stop({ smartMs: 0, fastMs: 0 });
      postgres = await start();
    },
    restartRedis: async () => redis?.restart(),
    flushRedis: async () => void (await redis?.command('FLUSHALL')),
    async close() {
      await redis?.close();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

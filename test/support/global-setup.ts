import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import type { EmbeddedPostgres } from '../../src/store/embedded/start.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Whether `dist/` is what the sources say; the suites that run the program itself need it. */
    isBuilt: boolean;
    /** Unix socket on which the test run's one PostgreSQL is asked for; the embedded one, which starts at the first question, or that of TEST_DATABASE_URL. */
    postgresBroker: string;
  }
}

let folder: string | undefined;
let broker: Server | undefined;
let postgres: Promise<Pick<EmbeddedPostgres, 'connection' | 'stop'>> | undefined;

export async function setup(project: TestProject): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'lienthong-test-'));
  const path = join(folder, 'broker');
  broker = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    postgres ??= findPostgres(join(path, '..', 'data'));
    postgres.then(
      ({ connection }) => socket.end(JSON.stringify({ connection })),
      (error: unknown) => socket.end(JSON.stringify({ error: String(error) })),
    );
  });
  await new Promise<void>((resolve) => broker?.listen(path, resolve));
  project.provide('postgresBroker', path);
  project.provide('isBuilt', build());
}

/** Once a run: the program is tested as it is shipped. */
function build(): boolean {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  return spawnSync(process.execPath, [script, '--if-changed'], { stdio: 'inherit' }).status === 0;
}

export async function teardown(): Promise<void> {
  const server = broker;
  if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  await (await postgres)?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}

/** `postgres://user@host:port/database` of a superuser who needs no password. */
async function findPostgres(dataDir: string): Promise<Pick<EmbeddedPostgres, 'connection' | 'stop'>> {
  const given = process.env['TEST_DATABASE_URL'];
  if (given === undefined || given === '') return startPostgres(dataDir);
  const { hostname: host, port, username: user, pathname } = new URL(given);
  return { connection: { host, port: Number(port), user, database: pathname.slice(1), ssl: false }, stop: () => Promise.resolve() };
}

/** Loaded late: most runs never ask. Without fsync, since the data do not outlive the run. */
async function startPostgres(dataDir: string): Promise<EmbeddedPostgres> {
  const { startEmbeddedPostgres } = await import('../../src/store/embedded/start.ts');
  const { systemClock } = await import('../../src/wiring/clock.ts');
  const { silentLog } = await import('./log.ts');
  return startEmbeddedPostgres({ dataDir, clock: systemClock, log: silentLog, settings: { fsync: 'off', max_connections: '200' } });
}

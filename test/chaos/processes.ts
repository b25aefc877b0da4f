import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { QUARANTINE_MS, TIMEOUT_MS } from './partners.ts';
import type { Servers } from './servers.ts';

/** The gateway as it is installed: `lienthong serve` in processes of its own, two `api` and two `worker`. */
export interface Fleet {
  readonly apiUrls: readonly string[];
  /** SIGKILL; a new one takes its place at once. */
  kill(role: 'api' | 'worker', index: number): void;
  /** SIGTERM; when it has drained and ended, the next one takes over its port. Resolves when that is ready. @throws Error when it does not start */
  restart(role: 'api' | 'worker', index: number): Promise<Restart>;
  /** SIGSTOP for a while: the process does not notice that its leases ran out. */
  pause(index: number, ms: number): void;
  close(): Promise<void>;
}

export interface Restart {
  readonly drainMs: number;
  /** null: it did not end by itself. */
  readonly exitCode: number | null;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const PACE = {
  schedule: { delaysMs: [500, 1_000, 2_000, ...Array.from({ length: 40 }, () => 4_000)], jitter: 0.2 },
  breaker: { failures: 10, firstOpenMs: 1_000, longestOpenMs: 4_000 },
  timeoutMs: TIMEOUT_MS,
  quarantineMs: QUARANTINE_MS,
};

/** A worker in whose place stands one without a safeguard: its script, and what is taken away. */
export interface BrokenWorker {
  readonly script: string;
  readonly without: string;
}

/** `more`: further environment, or other than usual. */
export async function startFleet(servers: Servers, broken: BrokenWorker | null, logDir: string, more: Readonly<Record<string, string>> = {}): Promise<Fleet> {
  const ports = [await freePort(), await freePort()];
  const log = createWriteStream(join(logDir, 'gateway.log'));
  const environment = { ...gatewayEnvironment(servers), ...(broken === null ? {} : { CHAOS_BREAK: broken.without }), ...more };
  let closing = false;
  const children = new Map<string, ChildProcess>();
  const ready = new WeakMap<ChildProcess, Promise<void>>();
  const start = (role: 'api' | 'worker', index: number): void => {
    const child = spawn(process.execPath, commandOf(role, ports[index] ?? 0, broken), { cwd: ROOT, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    ready.set(child, whenStarted(child));
    child.once('exit', () => {
      if (!closing) start(role, index);
    });
    children.set(`${role}-${index}`, child);
  };
  for (const role of ['api', 'worker'] as const) for (const index of [0, 1]) start(role, index);
  await Promise.all(ports.map(whenListening));
  return {
    apiUrls: ports.map((port) => `http://127.0.0.1:${port}`),
    kill: (role, index) => void children.get(`${role}-${index}`)?.kill('SIGKILL'),
    async restart(role, index) {
      const name = `${role}-${index}`;
      const ending = children.get(name);
      if (ending === undefined) throw new Error(`There is no ${name}`);
      const began = Date.now();
      const ended = once(ending, 'exit') as Promise<[number | null]>;
      ending.kill('SIGTERM');
      const [exitCode] = await ended;
      const drainMs = Date.now() - began;
      const next = children.get(name);
      if (next === undefined || next === ending) throw new Error(`Nothing followed ${name}`);
      await ready.get(next);
      return { drainMs, exitCode };
    },
    pause(index, ms) {
      const child = children.get(`worker-${index}`);
      child?.kill('SIGSTOP');
      setTimeout(() => child?.kill('SIGCONT'), ms);
    },
    async close() {
      closing = true;
      await Promise.all(
        [...children.values()].map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          child.kill('SIGCONT');
          child.kill('SIGTERM');
          await once(child, 'exit');
        }),
      );
      log.end();
    },
  };
}

/** Everything there is to set, and nothing of this process's own. */
export function gatewayEnvironment(servers: Servers): Record<string, string | undefined> {
  const paceFile = join(servers.folder, 'delivery.json');
  writeFileSync(paceFile, JSON.stringify(PACE));
  return {
    PATH: process.env['PATH'],
    DATABASE_URL: servers.databaseUrl,
    ...(servers.redisUrl === null ? {} : { REDIS_URL: servers.redisUrl }),
    MASTER_KEY_FILE: servers.masterKeyFile,
    LIENTHONG_DATA: join(servers.folder, 'data'),
    LIENTHONG_DELIVERY_FILE: paceFile,
    LIENTHONG_DELIVERY_CONCURRENCY: '24',
    LIENTHONG_OUTBOUND_ALLOW: '127.0.0.1',
    LIENTHONG_LOG_LEVEL: 'warn',
  };
}

export function cliCommand(role: 'all' | 'api' | 'worker', port: number): string[] {
  return [join(ROOT, 'dist/src/cli.js'), 'serve', '--role', role, '--port', String(port)];
}

function commandOf(role: 'api' | 'worker', port: number, broken: BrokenWorker | null): string[] {
  if (role === 'worker' && broken !== null) return ['--import', 'tsx', join(ROOT, broken.script)];
  return cliCommand(role, port);
}

/** `serve` says one line when it is ready. */
export function whenStarted(child: ChildProcess): Promise<void> {
  const started = new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', () => reject(new Error('An instance of the gateway ended before it was ready: see gateway.log')));
  });
  started.catch(() => {}); // most are not waited for
  return started;
}

async function whenListening(port: number): Promise<void> {
  for (let tries = 0; tries < 1_200; tries += 1) {
    const isReady = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      (response) => response.ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The API on port ${port} does not start: see gateway.log`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

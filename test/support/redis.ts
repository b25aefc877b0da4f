import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** SIGKILL: nothing is saved. */
  kill(): Promise<void>;
  /** Starts again on the same port, empty. */
  restart(): Promise<void>;
  command(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** A redis-server of the suite's own, without persistence, on a free port. */
export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'lienthong-redis-'));
  let child = await launch(port, folder);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    restart: async () => {
      await kill();
      child = await launch(port, folder);
    },
    command: (...args) => redisCli(port, args),
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(port: number, folder: string): Promise<ChildProcess> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction', '--dir', folder];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
      if (said.includes('Ready to accept connections')) resolve();
    });
    child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)));
  });
  return child;
}

async function redisCli(port: number, args: readonly string[]): Promise<string> {
  const child = spawn('redis-cli', ['-p', String(port), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let answer = '';
  for await (const chunk of child.stdout) answer += String(chunk);
  return answer.trim();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** `redis-server --databases 1000`: twenty for each of vitest's workers, so that gateways that run at the same time never share a queue. */
const DATABASES = 1_000;
const DATABASES_A_WORKER = 20;
let given = 0;

/** The Redis that the whole run is to use, at a database of the caller's own; null: queues stay in PostgreSQL. */
export function testRunRedisUrl(): string | null {
  const url = process.env['TEST_REDIS_URL'];
  if (url === undefined || url === '') return null;
  const worker = Number(process.env['VITEST_POOL_ID'] ?? '1');
  return `${url}/${(worker * DATABASES_A_WORKER + (given++ % DATABASES_A_WORKER)) % DATABASES}`;
}

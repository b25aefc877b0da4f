import { once } from 'node:events';
import { createReadStream, mkdtempSync, openSync, rmSync, ftruncateSync, closeSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, Worker, createPostgresBackend } from 'bullmq';
import pg from 'pg';
import { Agent, request } from 'undici';
import { PARTNERS } from '../test/chaos/partners.ts';
import { startServers, type Servers } from '../test/chaos/servers.ts';
import { openOffice, type Office } from '../test/chaos/setup.ts';
import { hasTool } from '../test/support/tools.ts';
import { buildProgram, CONCURRENCY, cpuMsOf, memoryMbOf, startGateway, type Running } from './gateway.ts';
import type { Bench, CaseResult } from './measure.ts';

const MESSAGES = 3_000;
const SENDERS = 32;
const BIG_BYTES = 500 * 1024 * 1024;

/**
 * Messages from their 202 to the recipient's receipt, through one gateway process, with fsync on; beside bare BullMQ (a job added and
 * taken) and bare `INSERT … COMMIT` on the same servers in the same run. Then a document of 500 MB, up and down.
 */
export const exchangeBench: Bench = {
  name: 'exchange',
  run: async () => {
    buildProgram();
    const results: Record<string, CaseResult> = {};
    for (const backend of ['pg', 'redis'] as const) {
      if (backend === 'redis' && !hasTool('redis-server')) {
        console.error('exchange: the queue in Redis is passed over; it needs redis-server');
        continue;
      }
      Object.assign(results, await withServers(backend, (servers, office) => measure(backend, servers, office)));
    }
    return results;
  },
};

async function withServers<T>(backend: 'pg' | 'redis', work: (servers: Servers, office: Office) => Promise<T>): Promise<T> {
  const servers = await startServers(backend);
  try {
    const office = await openOffice(servers);
    try {
      return await work(servers, office);
    } finally {
      await office.close();
    }
  } finally {
    await servers.close();
  }
}

async function measure(backend: 'pg' | 'redis', servers: Servers, office: Office): Promise<Record<string, CaseResult>> {
  const partner = await startReceiver();
  const [{ id, agencyCode } = { id: '', agencyCode: '' }] = PARTNERS;
  await office.setUrl(id, `http://127.0.0.1:${(partner.address() as AddressInfo).port}/hook`);
  const dossiers = await office.openDossiers(MESSAGES + 200);
  const gateway = await startGateway(servers);
  try {
    await deliverAll(gateway, office, dossiers.slice(MESSAGES), agencyCode); // warm
    const cpu = cpuMsOf(gateway.pid);
    const seconds = await deliverAll(gateway, office, dossiers.slice(0, MESSAGES), agencyCode);
    const delivery: CaseResult = {
      opsPerSecond: MESSAGES / seconds,
      cpuPerOpMs: (cpuMsOf(gateway.pid) - cpu) / MESSAGES,
      peers: { 'bare BullMQ': { opsPerSecond: await bareQueue(servers) }, 'bare INSERT, COMMIT': { opsPerSecond: await bareInserts(servers) } },
    };
    const name = backend === 'pg' ? 'postgresql' : 'redis';
    return { [`delivered-${name}`]: delivery, ...(backend === 'pg' ? { 'document-500mb-up-and-down': await bigDocument(gateway, office) } : {}) };
  } finally {
    await gateway.close();
    partner.close();
    partner.closeAllConnections();
  }
}

/** A system that takes everything and says so. */
async function startReceiver(): Promise<Server> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { data } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { readonly data: { readonly messageId: string; readonly manifestSha256: string } };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ messageId: data.messageId, manifestSha256: data.manifestSha256 }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** @returns the seconds from the first call to the last receipt recorded */
async function deliverAll({ url }: Running, office: Office, dossiers: readonly string[], agencyCode: string): Promise<number> {
  const agent = new Agent({ connections: SENDERS });
  const headers = { authorization: `Bearer ${office.senderKey}`, 'content-type': 'application/json' };
  const body = JSON.stringify({ type: 'dossier.progress', to: [agencyCode], body: { n: 1 } });
  const queue = dossiers.values();
  const began = performance.now();
  const send = async (): Promise<void> => {
    for (const code of queue) {
      const answer = await request(`${url}/v1/dossiers/${code}/messages`, { method: 'POST', headers: { ...headers, 'idempotency-key': `bench-${code}` }, body, dispatcher: agent });
      if (answer.statusCode !== 202) throw new Error(`${answer.statusCode}: ${await answer.body.text()}`);
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
  while ((await office.countOpen()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  await agent.destroy();
  return (performance.now() - began) / 1_000;
}

/** Jobs added by as many callers as there are senders and taken by a worker that does nothing, per second. */
async function bareQueue(servers: Servers): Promise<number> {
  const options = servers.redisUrl === null ? { connection: { connectionString: servers.databaseUrl, schema: 'bullmq_bare', migrate: true, max: 8 } } : { connection: { url: servers.redisUrl, maxRetriesPerRequest: null } };
  const queue = servers.redisUrl === null ? new Queue('bare', options, createPostgresBackend) : new Queue('bare', options);
  await queue.waitUntilReady();
  let taken = 0;
  let allTaken = (): void => undefined;
  const end = new Promise<void>((resolve) => (allTaken = resolve));
  const take = async (): Promise<void> => {
    if ((taken += 1) === MESSAGES) allTaken();
  };
  const worker = servers.redisUrl === null ? new Worker('bare', take, { ...options, concurrency: CONCURRENCY }, createPostgresBackend) : new Worker('bare', take, { ...options, concurrency: CONCURRENCY });
  await worker.waitUntilReady();
  const began = performance.now();
  let added = 0;
  const add = async (): Promise<void> => {
    while (added < MESSAGES) await queue.add('bare', { id: (added += 1) }, { removeOnComplete: true });
  };
  await Promise.all(Array.from({ length: SENDERS }, add));
  await end;
  const perSecond = taken / ((performance.now() - began) / 1_000);
  await worker.close();
  await queue.close();
  return perSecond;
}

/** Transactions of one row, by as many connections as the gateway may use for acceptance. */
async function bareInserts(servers: Servers): Promise<number> {
  const pool = new pg.Pool({ connectionString: servers.databaseUrl, max: CONCURRENCY });
  await pool.query('CREATE TABLE IF NOT EXISTS bare (id bigint PRIMARY KEY, body text NOT NULL)');
  const body = 'x'.repeat(500);
  let next = 0;
  const began = performance.now();
  const insert = async (): Promise<void> => {
    while (next < MESSAGES) await pool.query('INSERT INTO bare VALUES ($1, $2)', [(next += 1), body]);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, insert));
  const perSecond = next / ((performance.now() - began) / 1_000);
  await pool.end();
  return perSecond;
}

/** One upload and one download of 500 MB; the memory that they added at the peak. */
async function bigDocument({ url, pid }: Running, office: Office): Promise<CaseResult> {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-bench-'));
  try {
    const path = join(folder, 'big');
    const descriptor = openSync(path, 'w');
    ftruncateSync(descriptor, BIG_BYTES);
    closeSync(descriptor);
    const authorization = `Bearer ${office.senderKey}`;
    const before = memoryMbOf(pid, 'VmRSS');
    const cpu = cpuMsOf(pid);
    const began = performance.now();
    const stored = await request(`${url}/v1/documents`, { method: 'POST', headers: { authorization, 'content-type': 'application/octet-stream', 'content-length': String(BIG_BYTES) }, body: createReadStream(path), headersTimeout: 600_000 });
    if (stored.statusCode !== 201) throw new Error(`${stored.statusCode}: ${await stored.body.text()}`);
    const { id } = (await stored.body.json()) as { readonly id: string };
    const read = await request(`${url}/v1/documents/${id}`, { headers: { authorization } });
    let bytes = 0;
    for await (const chunk of read.body as AsyncIterable<Buffer>) bytes += chunk.length;
    if (bytes !== BIG_BYTES) throw new Error(`${bytes} of ${BIG_BYTES} bytes came back`);
    const seconds = (performance.now() - began) / 1_000;
    return { opsPerSecond: 1 / seconds, cpuPerOpMs: cpuMsOf(pid) - cpu, peakRssMb: memoryMbOf(pid, 'VmHWM') - before };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

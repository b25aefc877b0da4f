import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import { startSandboxVnpost, type SandboxVnpost } from '../sandbox/vnpost/start.ts';
import { openPostOffice, type PostOffice } from '../test/chaos/post/office.ts';
import { startServers, type Servers } from '../test/chaos/servers.ts';
import { cpuMsOf, memoryMbOf, startGateway, type Running } from './gateway.ts';
import type { Bench, CaseResult } from './measure.ts';

const ORDERS = 1_000;
const CARRIER_MS = 50;
const EVENTS = Number(process.env['POST_BENCH_EVENTS'] ?? 10_000);
const EVENTS_PER_ORDER = 10;
const CARRIER = 'post-vnpost-hcc';

/**
 * Orders from their 202 to the carrier's acceptance on record, with a carrier that takes 50 ms to answer; then the feed of a busy
 * account from its first entry to the last on record, each told on to the dossier's parties, with the gateway's memory after a tenth of it
 * (stderr) and at its highest. `POST_BENCH_EVENTS=100000` is the long form.
 */
export const postBench: Bench = {
  name: 'post',
  run: async () => {
    const built = spawnSync(process.execPath, [fileURLToPath(new URL('../scripts/build.mjs', import.meta.url)), '--if-changed'], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (built.status !== 0) throw new Error('The gateway could not be built');
    return { [`ordered-carrier-${CARRIER_MS}ms`]: await withPost(orderAll), [`events-${EVENTS}`]: await withPost(readAll) };
  },
};

interface Post {
  readonly gateway: Running;
  readonly office: PostOffice;
  readonly sandbox: SandboxVnpost;
}

async function withPost(work: (post: Post) => Promise<CaseResult>): Promise<CaseResult> {
  const closing: (() => Promise<void>)[] = [];
  const open = async <T extends { close(): Promise<void> }>(opened: Promise<T>): Promise<T> => {
    const one = await opened;
    closing.push(() => one.close());
    return one;
  };
  try {
    const servers = await open(startServers('pg'));
    const office = await open(openPostOffice(servers));
    const sandbox = await open(startSandboxVnpost({ way: [] }));
    const gateway = await open(startGateway(servers, { LIENTHONG_POSTAL_FILE: accountsFile(servers, sandbox) }));
    return await work({ gateway, office, sandbox });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

function accountsFile({ folder }: Servers, { url, customer }: SandboxVnpost): string {
  const { consumerKey, secretKey, customerCode } = customer;
  writeFileSync(join(folder, 'secret'), secretKey);
  const path = join(folder, 'postal.json');
  writeFileSync(path, JSON.stringify({ accounts: [{ carrier: CARRIER, baseUrl: url, customerCode, consumerKey, secretKeyFile: 'secret', provinceCodes: { '46': 53, '48': 55 }, pollSeconds: 1 }] }));
  return path;
}

const party = (provinceCode: string): object => ({ name: 'Trần Văn Mẫu', phone: '0900000001', address: { line: '1 Đường Thử Nghiệm', provinceCode } });

async function orderAll({ gateway, office, sandbox }: Post): Promise<CaseResult> {
  sandbox.faults.post = { answer: 'right', effect: 'done', delayMs: CARRIER_MS };
  const dossiers = await office.openDossiers(ORDERS);
  const agent = new Agent({ connections: 32 });
  const queue = dossiers.values();
  const cpu = cpuMsOf(gateway.pid);
  const began = performance.now();
  const send = async (): Promise<void> => {
    for (const dossierCode of queue) {
      const body = JSON.stringify({ dossierCode, leg: 'DELIVER_RESULT', sender: party('46'), recipient: party('48'), contents: [{ title: 'Kết quả' }] });
      const { statusCode, body: answer } = await request(`${gateway.url}/v1/postal-orders`, { method: 'POST', body, dispatcher: agent, headers: { authorization: `Bearer ${office.apiKey}`, 'content-type': 'application/json', 'idempotency-key': dossierCode } });
      if (statusCode !== 202) throw new Error(await answer.text());
      await answer.dump();
    }
  };
  await Promise.all(Array.from({ length: 32 }, send));
  await until(async () => (await office.countOpen()) === 0);
  const seconds = (performance.now() - began) / 1_000;
  await agent.close();
  if (sandbox.calls.post !== ORDERS) throw new Error(`${sandbox.calls.post} calls for ${ORDERS} orders`);
  return { opsPerSecond: ORDERS / seconds, cpuPerOpMs: (cpuMsOf(gateway.pid) - cpu) / ORDERS };
}

/** Stage by stage through all orders, as a day's feed has them: hardly two events of one order on a page. */
async function readAll({ gateway, office, sandbox }: Post): Promise<CaseResult> {
  const orders = await office.placeAll(await office.openDossiers(EVENTS / EVENTS_PER_ORDER), CARRIER);
  for (let stage = 1; stage <= EVENTS_PER_ORDER; stage += 1) for (const OrderNumber of orders) sandbox.ledger.tell({ OrderNumber, StatusCode: stage === EVENTS_PER_ORDER ? 4 : 90 + stage });
  const cpu = cpuMsOf(gateway.pid);
  const began = performance.now();
  await until(async () => (await office.countEvents()) >= EVENTS / 10);
  const early = memoryMbOf(gateway.pid, 'VmRSS');
  await until(async () => (await office.countEvents()) === EVENTS);
  const seconds = (performance.now() - began) / 1_000;
  console.error(`post: ${early.toFixed(0)} MB after ${EVENTS / 10} events, ${memoryMbOf(gateway.pid, 'VmRSS').toFixed(0)} MB after ${EVENTS}`);
  return { opsPerSecond: EVENTS / seconds, cpuPerOpMs: (cpuMsOf(gateway.pid) - cpu) / EVENTS, peakRssMb: memoryMbOf(gateway.pid, 'VmHWM') };
}

async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await new Promise((resolve) => setTimeout(resolve, 100));
}

import { Agent, request } from 'undici';
import { createDevPki } from '../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf } from '../certs/dev/identity.ts';
import { readConfig } from '../src/config.ts';
import type { KeyId, PartnerId } from '../src/domain/ids.ts';
import { openSealing } from '../src/store/sealing.ts';
import { issueApiKey } from '../src/usecases/administer-api-keys.ts';
import { addSigningKey, grantKey } from '../src/usecases/administer-keys.ts';
import { addPartner } from '../src/usecases/administer-partners.ts';
import { systemChance } from '../src/wiring/chance.ts';
import { systemClock } from '../src/wiring/clock.ts';
import { openStore } from '../src/wiring/open-store.ts';
import { startServers, type Servers } from '../test/chaos/servers.ts';
import { silentLog } from '../test/support/log.ts';
import { buildProgram, cpuMsOf, memoryMbOf, startGateway, type Running } from './gateway.ts';
import type { CaseResult } from './measure.ts';
import { opensslSignsPerSecond } from './openssl-speed.ts';
import { samplePdfOf } from './samples.ts';

const CLIENTS = 16;
const WARM_UP_MS = 3_000;
const MEASURED_MS = 15_000;
const ACTOR = 'operator:bench';

/**
 * PAdES B-B of 100 KB through HTTP: sixteen clients, one gateway process, PostgreSQL with fsync on, the use of the key and the evidence committed
 * before the answer leaves.
 */
export async function signThroughHttp(): Promise<Record<string, CaseResult>> {
  buildProgram();
  const servers = await startServers('pg');
  try {
    const token = await openDesk(servers);
    const gateway = await startGateway(servers);
    try {
      return { 'http-pades-bb-100kb-rsa2048': await measure(gateway, token) };
    } finally {
      await gateway.close();
    }
  } finally {
    await servers.close();
  }
}

/** A partner with a key of the gateway's; returns its API key. */
async function openDesk(servers: Servers): Promise<string> {
  const chance = systemChance(systemClock);
  await openSealing(servers.masterKeyFile, chance, { create: true, clock: systemClock });
  const config = readConfig({ DATABASE_URL: servers.databaseUrl, MASTER_KEY_FILE: servers.masterKeyFile, LIENTHONG_DATA: `${servers.folder}/data` });
  const store = await openStore({ config, mode: 'admin', clock: systemClock, chance, log: silentLog, applicationName: 'bench-desk', maxConnections: 2 });
  try {
    const ports = { records: store.records, sealing: store.sealing, clock: systemClock, chance };
    const [partnerId, keyId] = ['bench' as PartnerId, 'officer' as KeyId];
    await addPartner(ports, ACTOR, { id: partnerId, name: 'Bench', mode: 'pull', url: null, repeat: 'key' });
    const { officer } = await createDevPki({ now: new Date() });
    await addSigningKey(ports, ACTOR, { id: keyId, purpose: 'document', scheme: schemeOf(officer.privateKey), privateKeyPkcs8Der: privateKeyDerOf(officer.privateKey), chainDer: officer.chainDer, picturePng: null });
    await grantKey(ports, ACTOR, partnerId, keyId);
    return (await issueApiKey(ports, ACTOR, { partnerId, label: 'bench', scopes: ['signatures:write'], expiresAt: null })).token;
  } finally {
    await store.close();
  }
}

async function measure(gateway: Running, token: string): Promise<CaseResult> {
  const body = multipart(samplePdfOf(100_000));
  const agent = new Agent({ connections: CLIENTS });
  const signFor = async (ms: number): Promise<number> => {
    const until = performance.now() + ms;
    let signed = 0;
    const client = async (): Promise<void> => {
      while (performance.now() < until) {
        const answer = await request(`${gateway.url}/v1/signatures`, { method: 'POST', dispatcher: agent, body: body.bytes, headers: { authorization: `Bearer ${token}`, 'content-type': body.type } });
        if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${await answer.body.text()}`);
        await answer.body.dump();
        signed += 1;
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    return signed;
  };
  await signFor(WARM_UP_MS);
  await lagP99Ms(gateway); // reading begins a new window
  const cpu = cpuMsOf(gateway.pid);
  const began = performance.now();
  const signed = await signFor(MEASURED_MS);
  const opsPerSecond = (signed / (performance.now() - began)) * 1_000;
  const cpuPerOpMs = (cpuMsOf(gateway.pid) - cpu) / signed;
  const eventLoopP99Ms = await lagP99Ms(gateway);
  await agent.destroy();
  const openssl = opensslSignsPerSecond('rsa2048');
  return { opsPerSecond, cpuPerOpMs, eventLoopP99Ms, peakRssMb: memoryMbOf(gateway.pid, 'VmHWM'), ...(openssl !== undefined && { ratioToOpenssl: opsPerSecond / openssl }) };
}

function multipart(pdf: Buffer): { readonly type: string; readonly bytes: Buffer } {
  const part = (head: string, data: Uint8Array | string): Buffer => Buffer.concat([Buffer.from(`--bench\r\nContent-Disposition: form-data; ${head}\r\n\r\n`), Buffer.from(data), Buffer.from('\r\n')]);
  return { type: 'multipart/form-data; boundary=bench', bytes: Buffer.concat([part('name="options"', JSON.stringify({ keyId: 'officer', level: 'B-B' })), part('name="document"; filename="a.pdf"', pdf), Buffer.from('--bench--\r\n')]) };
}

async function lagP99Ms({ url }: Running): Promise<number> {
  const page = await (await fetch(`${url}/metrics`)).text();
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)/m.exec(page)?.[1] ?? Number.NaN) * 1_000;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startQueue } from '../../queues/start-queue.ts';
import { readConfig } from '../../src/config.ts';
import type { AgencyCode } from '../../src/domain/agency-code.ts';
import type { PartnerId } from '../../src/domain/ids.ts';
import { SCOPES, type Scope } from '../../src/domain/partner.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { createApp } from '../../src/http/app.ts';
import { startHttpServer } from '../../src/http/server.ts';
import type { Log } from '../../src/ports/telemetry.ts';
import { openDocumentFolder } from '../../src/store/document-folder.ts';
import { openUploadFolder } from '../../src/store/upload-folder.ts';
import { inboxSignals } from '../../src/store/inbox-signals.ts';
import { issueApiKey } from '../../src/usecases/administer-api-keys.ts';
import { addPartner, setRoute } from '../../src/usecases/administer-partners.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { httpDependencies } from '../../src/wiring/http.ts';
import { openSigning } from '../../src/wiring/signing.ts';
import { openIsolation } from '../../src/wiring/isolation.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import type { RunningAccount } from '../../src/wiring/postal.ts';
import { openRevocationCollector } from '../../src/wiring/revocation.ts';
import { openTelemetry } from '../../src/wiring/telemetry.ts';
import { startJobs } from '../../src/usecases/sign-jobs.ts';
import { startWorker } from '../../src/wiring/worker.ts';
import { startEvidence } from '../../src/wiring/evidence.ts';
import { silentLog } from './log.ts';
import { testRunRedisUrl } from './redis.ts';
import { freshRecords, type FreshRecords } from './records.ts';
import { queueConnections } from '../../src/store/queue-connections.ts';

/** The gateway as `serve` wires it, with a real database, queue, document folder and worker, listening on a free port. */

export interface TestGatewayOptions {
  readonly tsaUrls?: readonly string[];
  readonly trust?: string;
  readonly maxDocumentBytes?: number;
  readonly documentTimeoutMs?: number;
  /** Name or file of the validation policy. */
  readonly policy?: string;
  /** Where revocation information may be fetched; default: this machine. */
  readonly outboundAllow?: readonly string[];
  readonly accounts?: (parts: { readonly dispatcher: ReturnType<typeof outboundAgent> }) => readonly RunningAccount[];
  readonly log?: Log;
  /** Another process over the same database and documents. */
  readonly beside?: Pick<TestGateway, 'fresh' | 'documentsPath'>;
  /** Whether the evidence log gets its checkpoints. Default: no. */
  readonly evidence?: boolean;
  /** Further settings, as in the environment. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface TestPartner {
  readonly id: PartnerId;
  readonly token: string;
  /** null for a partner that pulls. */
  readonly webhookSecret: string | null;
}

export interface NewTestPartner {
  readonly agencies?: readonly string[];
  readonly scopes?: readonly Scope[];
  readonly pushUrl?: string;
}

export interface TestGateway {
  readonly url: string;
  readonly fresh: FreshRecords;
  readonly documentsPath: string;
  /** Adds a partner that pulls, unless it has a URL, with an API key of all scopes, unless told which. */
  addPartner(id: string, options?: NewTestPartner): Promise<TestPartner>;
  /** A further key of a partner. */
  issueKey(partner: TestPartner, scopes: readonly Scope[]): Promise<string>;
  close(): Promise<void>;
}

const ACTOR = 'operator:test';
const VERSION = '0.0.0-test';
const chance = systemChance(systemClock);

export async function startTestGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const fresh = options.beside?.fresh ?? (await freshRecords());
  const dataDir = await mkdtemp(join(tmpdir(), 'lienthong-http-'));
  const documentsPath = options.beside?.documentsPath ?? join(dataDir, 'documents');
  const documents = await openDocumentFolder(documentsPath, { chance, clock: systemClock });
  const config = readConfig({
    LIENTHONG_DATA: dataDir,
    ...options.settings,
    ...(options.trust === undefined ? {} : { LIENTHONG_TRUST: options.trust }),
    ...(options.policy === undefined ? {} : { LIENTHONG_POLICY: options.policy }),
    ...(options.maxDocumentBytes === undefined ? {} : { LIENTHONG_MAX_DOCUMENT_BYTES: String(options.maxDocumentBytes) }),
    ...(options.documentTimeoutMs === undefined ? {} : { LIENTHONG_DOCUMENT_TIMEOUT_MS: String(options.documentTimeoutMs) }),
  });
  const log = options.log ?? silentLog;
  const dispatcher = outboundAgent({ allow: ['127.0.0.1'] });
  const timestampAuthorities = (options.tsaUrls ?? []).map((url) => createHttpTimestampAuthority({ url, totalTimeoutMs: 2_000 }));
  const uploads = await openUploadFolder(join(documentsPath, 'uploads'));
  const store = { ...fresh, documents, uploads, database: fresh.handle, target: fresh.connection, embedded: false };
  const queue = startQueue({ postgres: queueConnections(fresh.connection), redisUrl: testRunRedisUrl(), clock: systemClock, log });
  const parts = { config, store, accounts: options.accounts?.({ dispatcher }) ?? [], clock: systemClock, chance, log, dispatcher };
  let isDraining = (): boolean => false;
  const isolation = openIsolation();
  const revocation = openRevocationCollector({ allow: options.outboundAllow ?? ['127.0.0.1'], clock: systemClock, chance });
  const reading = { isolation, collector: revocation.collector };
  const telemetry = openTelemetry({ ...parts, queue: queue.queue, version: VERSION });
  const signing = await openSigning({ ...parts, ...reading, timestampAuthorities, metrics: telemetry.metrics });
  const worker = startWorker({ ...parts, queue, telemetry });
  const jobs = startJobs({ ...signing.ports, log }, { owner: chance.uuid(), concurrency: 4 });
  const evidence = options.evidence === true ? startEvidence({ ...parts, timestamps: signing.ports }) : null;
  const signals = inboxSignals(fresh.handle.pool, systemClock, log);
  const dependencies = await httpDependencies({ ...parts, ...reading, signing, queue: queue.queue, inboxSignals: signals, telemetry, version: VERSION }, () => isDraining());
  const server = await startHttpServer(
    (draining) => {
      isDraining = draining;
      return createApp(dependencies);
    },
    { host: '127.0.0.1', port: 0, drainMs: 5_000 },
  );
  const ports = { ...fresh, clock: systemClock, chance };
  return {
    url: server.url,
    fresh,
    documentsPath,
    async addPartner(id, { agencies = [], scopes = SCOPES, pushUrl } = {}) {
      const partnerId = id as PartnerId;
      const { webhookSecret } = await addPartner(ports, ACTOR, { id: partnerId, name: `System ${id}`, mode: pushUrl === undefined ? 'pull' : 'push', url: pushUrl ?? null, repeat: 'key' });
      for (const agencyCode of agencies) await setRoute(ports, ACTOR, { agencyCode: agencyCode as AgencyCode, partnerId });
      const { token } = await issueApiKey(ports, ACTOR, { partnerId, label: 'test', scopes, expiresAt: null });
      return { id: partnerId, token, webhookSecret };
    },
    issueKey: async ({ id }, scopes) => (await issueApiKey(ports, ACTOR, { partnerId: id, label: 'test', scopes, expiresAt: null })).token,
    async close() {
      await signals.close();
      await server.close();
      await jobs.stop(5_000);
      await evidence?.stop();
      await signing.close();
      await Promise.all([isolation.close(), revocation.close()]);
      await worker.stop(5_000);
      await queue.close();
      await telemetry.close();
      await Promise.all(timestampAuthorities.map((authority) => authority.close()));
      await dispatcher.destroy();
      if (options.beside === undefined) await fresh.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

export interface Ask {
  readonly token?: string | undefined;
  readonly method?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  readonly body?: RequestInit['body'];
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** One request whose answer is JSON. */
export async function ask<Body = Problem>(base: string, path: string, request: Ask = {}): Promise<Answer<Body>> {
  const response = await askRaw(base, path, request);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Body };
}

export function askRaw(base: string, path: string, { token, method, json, body, headers, signal }: Ask = {}): Promise<Response> {
  return fetch(`${base}${path}`, {
    method: method ?? (json === undefined && body === undefined ? 'GET' : 'POST'),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(signal === undefined ? {} : { signal }),
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  });
}

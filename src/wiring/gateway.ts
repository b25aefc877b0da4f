import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startQueue } from '../../queues/start-queue.ts';
import type { Config } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import { createApp } from '../http/app.ts';
import { metricsListener } from '../http/metrics-server.ts';
import { startHttpServer, type HttpServer } from '../http/server.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/telemetry.ts';
import { startDatabaseClock } from '../store/database-clock.ts';
import { inboxSignals, type RunningInboxSignals } from '../store/inbox-signals.ts';
import { startJobs } from '../usecases/sign-jobs.ts';
import { httpDependencies, type HttpParts } from './http.ts';
import { startAlarms } from './alarms.ts';
import { startEvidence } from './evidence.ts';
import { openIsolation } from './isolation.ts';
import { openStore } from './open-store.ts';
import { outboundAgent } from './outbound-http.ts';
import { readPostalAccounts } from './postal.ts';
import { openRevocationCollector } from './revocation.ts';
import { openSigning } from './signing.ts';
import { openTelemetry } from './telemetry.ts';
import { startWorker } from './worker.ts';
import { queueConnections } from '../store/queue-connections.ts';

export type Role = 'all' | 'api' | 'worker';

export interface GatewaySettings {
  readonly config: Config;
  readonly role: Role;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  readonly version: string;
  /** The embedded database was lost for good: this process has to end. */
  readonly onLost: (error: GatewayError) => void;
}

export interface Gateway {
  /** null for a worker. */
  readonly url: string | null;
  /** Drains in order: requests, attempts, queue, connections, database. Calling it again waits for the same end. */
  close(): Promise<void>;
}

const GRACE_MS = 20_000;
/** A system that calls every two seconds or more often meets no broken connection when an instance ends. */
const LINGER_MS = 2_000;
/** LISTEN, the leaders' locks and claims hold connections of their own. */
const SPARE_CONNECTIONS = 8;

/**
 * Puts the parts of one process together and starts them, in the order in which they need each other.
 * @throws CONFIG_INVALID for `api` or `worker` without DATABASE_URL; what the parts throw; whatever was started is closed again
 */
export async function startGateway(settings: GatewaySettings): Promise<Gateway> {
  const { config, role, log } = settings;
  if (role !== 'all' && config.DATABASE_URL === undefined) {
    throw new GatewayError('CONFIG_INVALID', `--role ${role} shares its records with other processes: set DATABASE_URL, or run one process with --role all`);
  }
  const closers: (() => Promise<void>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const dispatcher = outboundAgent({ allow: config.LIENTHONG_OUTBOUND_ALLOW });
    closers.push(() => dispatcher.destroy());
    const store = await openStore({ ...settings, mode: 'serve', applicationName: `lienthong-${role}`, maxConnections: config.LIENTHONG_DELIVERY_CONCURRENCY + config.LIENTHONG_JOB_CONCURRENCY + SPARE_CONNECTIONS });
    closers.push(() => store.close());
    const clock = await startDatabaseClock({ db: store.database.db, system: settings.clock, monotonicMs: () => performance.now(), log });
    closers.push(async () => clock.stop());
    const accounts = readPostalAccounts(config.LIENTHONG_POSTAL_FILE, clock, dispatcher);
    const queue = startQueue({ postgres: queueConnections(store.target), redisUrl: config.REDIS_URL ?? null, clock, log });
    closers.push(() => queue.close());
    const telemetry = openTelemetry({ ...settings, clock, store, queue: queue.queue });
    closers.push(() => telemetry.close());
    const isolation = openIsolation();
    closers.push(() => isolation.close());
    const revocation = openRevocationCollector({ allow: config.LIENTHONG_OUTBOUND_ALLOW, clock, chance: settings.chance });
    closers.push(() => revocation.close());
    const timestampAuthorities = config.LIENTHONG_TSA_URLS.map((url) => createHttpTimestampAuthority({ url, totalTimeoutMs: config.LIENTHONG_TSA_TIMEOUT_MS }));
    closers.push(async () => void (await Promise.all(timestampAuthorities.map((authority) => authority.close()))));
    const reading = { isolation, collector: revocation.collector };
    const signing = await openSigning({ ...settings, ...reading, metrics: telemetry.metrics, clock, store, timestampAuthorities, dispatcher });
    closers.push(() => signing.close());
    const parts = { ...settings, ...reading, clock, store, accounts, dispatcher, signing, telemetry, timestamps: signing.ports };
    if (role !== 'api') {
      const worker = startWorker({ ...parts, queue });
      closers.push(() => worker.stop(GRACE_MS));
      const jobs = startJobs({ ...signing.ports, log }, { owner: settings.chance.uuid(), concurrency: config.LIENTHONG_JOB_CONCURRENCY });
      closers.push(() => jobs.stop(GRACE_MS));
      const evidence = startEvidence(parts);
      closers.push(() => evidence.stop());
    }
    const alarms = startAlarms(parts);
    closers.push(() => alarms.stop());
    const server = role === 'worker' ? null : await startApi({ ...parts, queue: queue.queue, inboxSignals: inboxSignals(store.database.pool, clock, log) }, closers);
    if (config.LIENTHONG_METRICS_PORT !== undefined) {
      const { metricsPage } = telemetry;
      const metrics = await startHttpServer(() => metricsListener({ metricsPage, log }), { host: config.LIENTHONG_METRICS_HOST, port: config.LIENTHONG_METRICS_PORT, drainMs: 0 });
      log.info('metrics.listening', { url: `${metrics.url}/metrics` });
      closers.push(() => metrics.close());
    }
    let closing: Promise<void> | undefined;
    return { url: server?.url ?? null, close: () => (closing ??= closeAll()) };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function startApi(parts: HttpParts & { readonly inboxSignals: RunningInboxSignals }, closers: (() => Promise<void>)[]): Promise<HttpServer> {
  const { config } = parts;
  let draining = (): boolean => false;
  const dependencies = await httpDependencies(parts, () => draining());
  const server = await startHttpServer(
    (isDraining) => {
      draining = isDraining;
      return createApp(dependencies);
    },
    { host: config.LIENTHONG_HOST, port: config.LIENTHONG_PORT, lingerMs: LINGER_MS },
  );
  closers.push(() => server.close());
  closers.push(() => parts.inboxSignals.close()); // first: who waits for an inbox would hold up the drain
  return server;
}

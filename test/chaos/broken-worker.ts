import { createPostgresBackend, Queue } from 'bullmq';
import { readConfig, type Config } from '../../src/config.ts';
import { QUEUE } from '../../queues/jobs/deliver.ts';
import { startQueue, type StartedQueue } from '../../queues/start-queue.ts';
import type { DeliveryId } from '../../src/domain/ids.ts';
import type { Outbox } from '../../src/ports/outbox.ts';
import type { Records, RecordSet } from '../../src/ports/records.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { openStore, type Store } from '../../src/wiring/open-store.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { startWorker } from '../../src/wiring/worker.ts';
import { newDeliveryId } from '../support/ledger.ts';
import { BREAKS, type Break } from './options.ts';
import { queueConnections } from '../../src/store/queue-connections.ts';

/** A worker with one safeguard taken away (CHAOS_BREAK), wired like the real one: the count has to notice each. */

const { CHAOS_BREAK: named, ...environment } = process.env;
const without = BREAKS.find((name) => name === named) ?? (() => { throw new Error('CHAOS_BREAK names no safeguard'); })();
const config = readConfig(environment);
const chance = systemChance(systemClock);
const log = createLog({ level: config.LIENTHONG_LOG_LEVEL });
const store = await openStore({ config, mode: 'serve', clock: systemClock, chance, log, applicationName: 'chaos-broken', maxConnections: 30 });
const queue = startQueue({ postgres: queueConnections(store.target), redisUrl: config.REDIS_URL ?? null, clock: systemClock, log });
const dispatcher = outboundAgent({ allow: config.LIENTHONG_OUTBOUND_ALLOW });
const worker = startWorker({
  config,
  store: { ...store, records: brokenRecords(store.records, without, store) },
  queue: without === 'jobid' ? keepingIds(queue, config) : queue,
  accounts: [],
  dispatcher,
  clock: systemClock,
  chance,
  log,
});
process.once('SIGTERM', () => {
  void worker.stop(5_000).then(async () => {
    await queue.close();
    await store.close();
    process.exit(0);
  });
});

function brokenRecords(records: Records, what: Break, { database }: Store): Records {
  const broken = <Set extends RecordSet>(set: Set): Set => ({ ...set, outbox: brokenOutbox(set.outbox, what, database) });
  return { ...broken(records), transaction: (work) => records.transaction((trx) => work(broken(trx))) };
}

function brokenOutbox(outbox: Outbox, what: Break, { pool }: Store['database']): Outbox {
  switch (what) {
    case 'sweep':
      return { ...outbox, sweep: () => Promise.resolve([]) };
    case 'idempotency': // a new key for each attempt
      return { ...outbox, lease: async (...call) => renamed(await outbox.lease(...call)), leaseDue: async (...call) => (await outbox.leaseDue(...call)).map((lease) => renamed(lease)), renew: (lease, until) => outbox.renew(original(lease), until), settle: (lease, ...rest) => outbox.settle(original(lease), ...rest) };
    case 'fence': // whoever settles, settles
      return {
        ...outbox,
        async settle(lease, ...rest) {
          const { rows } = await pool.query<{ epoch: string }>(`UPDATE outbox SET state = 'leased' WHERE id = $1 RETURNING lease_epoch AS epoch`, [lease.id]);
          return outbox.settle({ ...lease, epoch: BigInt(rows[0]?.epoch ?? 0) }, ...rest);
        },
        renew: () => Promise.resolve(true),
      };
    case 'lane': // what stands before it in its lane does not matter
      return {
        ...outbox,
        async lease(id, ...rest) {
          await pool.query(`WITH free AS (INSERT INTO lane (id) VALUES ('free-' || $1::text) ON CONFLICT DO NOTHING RETURNING id) UPDATE outbox SET lane_id = free.id FROM free WHERE outbox.id = $1::uuid`, [id]);
          return outbox.lease(id, ...rest);
        },
      };
    case 'jobid':
      return outbox;
  }
}

const originals = new Map<string, DeliveryId>();

function renamed<T extends { readonly id: DeliveryId } | null>(lease: T): T {
  if (lease === null) return lease;
  const id = newDeliveryId();
  originals.set(id, lease.id);
  return { ...lease, id };
}

function original<T extends { readonly id: DeliveryId }>(lease: T): T {
  return { ...lease, id: originals.get(lease.id) ?? lease.id };
}

/** One job id for ever, and finished jobs stay: the second wake-up is ignored as a duplicate. */
function keepingIds(started: StartedQueue, { DATABASE_URL }: Config): StartedQueue {
  const bare = new Queue(QUEUE, { connection: { connectionString: DATABASE_URL ?? '', schema: 'bullmq' } }, createPostgresBackend);
  bare.on('error', () => {}); // servers are killed here
  return {
    ...started,
    queue: {
      healthy: () => true,
      backlog: () => Promise.resolve(0),
      wake: (deliveries) => void bare.addBulk(deliveries.map(({ id, wake }) => ({ name: 'deliver', data: { id, wake }, opts: { jobId: id, removeOnComplete: false, removeOnFail: false } }))).catch(() => null),
    },
  };
}

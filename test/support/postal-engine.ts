import { httpOnce } from '../../connectors/http-once/index.ts';
import { createVnpostHccCarrier, type VnpostHccSettings } from '../../connectors/post-vnpost-hcc/index.ts';
import { createVnpostMyCarrier, type VnpostMyCarrier, type VnpostMySettings } from '../../connectors/post-vnpost-my/index.ts';
import { startQueue } from '../../queues/start-queue.ts';
import { SANDBOX_CUSTOMER, SANDBOX_REFUSED } from '../../sandbox/vnpost/start.ts';
import { SANDBOX_MY_CUSTOMER } from '../../sandbox/vnpost-my/start.ts';
import type { DossierCode } from '../../src/domain/dossier.ts';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import { DEFAULT_ORDER_NUMBER, type PostalLeg, type PostalOrder, type PostalState } from '../../src/domain/postal-order.ts';
import type { RetrySchedule } from '../../src/domain/retry-schedule.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import type { PostalCarrier } from '../../src/ports/postal-carrier.ts';
import type { Records } from '../../src/ports/records.ts';
import type { Log } from '../../src/ports/telemetry.ts';
import { leadership } from '../../src/store/leadership.ts';
import type { DeliveryHandler, HeldLease } from '../../src/usecases/delivery-handler.ts';
import { followPost } from '../../src/usecases/follow-post.ts';
import { deliveryOf, orderPost } from '../../src/usecases/order-post.ts';
import { postalHandler, type PlacePostalPorts } from '../../src/usecases/place-postal-order.ts';
import { startDelivery } from '../../src/usecases/run-delivery.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { eventually } from './eventually.ts';
import { noQueue, QUICK } from './gateway-worker.ts';
import { dossierOf, newId, partnerOf } from './ledger.ts';
import { silentLog } from './log.ts';
import { POSTAL_DETAIL } from './postal.ts';
import type { FreshRecords } from './records.ts';
import { queueConnections } from '../../src/store/queue-connections.ts';

/** The post as a worker process wires it, on real records and a real queue, with carriers over real sockets. */

const chance = systemChance(systemClock);
const OWNER = 'portal' as PartnerId;

/** Connections are closed after each call: there is nothing to close at the end. */
const { exchange } = httpOnce();

export function vnpostAt(baseUrl: string, settings: Partial<VnpostHccSettings> = {}): PostalCarrier {
  return createVnpostHccCarrier({ baseUrl, exchange, ...SANDBOX_CUSTOMER, provinceCodes: { '46': 53, '48': 55 }, statuses: { rejected: [SANDBOX_REFUSED] }, clock: systemClock, timeoutMs: 400, ...settings });
}

export function vnpostMyAt(baseUrl: string, settings: Partial<VnpostMySettings> = {}): VnpostMyCarrier {
  return createVnpostMyCarrier({
    baseUrl,
    exchange,
    ...SANDBOX_MY_CUSTOMER,
    serviceCode: 'CTN007',
    provinces: { '46': { code: '53', name: 'Huế' }, '48': { code: '55', name: 'Đà Nẵng' } },
    communes: { '19777': { code: '530001', name: 'Phường Mẫu' }, '20000': { code: '550001', name: 'Xã Ví Dụ' } },
    clock: systemClock,
    timeoutMs: 400,
    ...settings,
  });
}

export interface PostEngineOptions {
  readonly schedule?: RetrySchedule;
  readonly quarantineMs?: number;
  readonly log?: Log;
}

export interface PostEngine {
  readonly handler: DeliveryHandler;
  readonly ports: PlacePostalPorts;
  openDossier(): Promise<DossierCode>;
  /** Records an order; nobody is woken. */
  order(code?: DossierCode, change?: { readonly leg?: PostalLeg; readonly revision?: number }): Promise<PostalOrder>;
  read(order: PostalOrder): Promise<PostalOrder>;
  whenIn(order: PostalOrder, state: PostalState, limitMs?: number): Promise<PostalOrder>;
  deliveryState(order: PostalOrder): Promise<string | undefined>;
  attempts(order: PostalOrder): Promise<readonly string[]>;
  /** A worker for this engine's orders, woken for what is due; or one on the real queue, with its sweep, for everybody's. */
  startWorker(options?: { readonly queue?: 'real' }): Promise<PostWorker>;
  /** A worker up to the point where it dies: after the mark, or after the answer; nothing is written down, and its lease is over. */
  dieAfter(order: PostalOrder, point: 'mark' | 'answer'): Promise<void>;
  /** One page of the feed, recorded; `records` to let the transaction fail. */
  poll(carrier?: PostalCarrier, records?: Records): Promise<{ readonly events: number; readonly more: boolean }>;
  /** The feed to its end. */
  pollAll(): Promise<number>;
  /** What the dossier's parties were told about the post, in order. */
  told(code: DossierCode): Promise<readonly string[]>;
  timeline(code: DossierCode): Promise<readonly string[]>;
}

export interface PostWorker {
  stop(graceMs?: number): Promise<void>;
}

/** An engine over `carriers`; the first is the one that orders go to. */
export async function postEngine(fresh: FreshRecords, carriers: readonly PostalCarrier[], options: PostEngineOptions = {}): Promise<PostEngine> {
  const { records } = fresh;
  const { schedule = QUICK, quarantineMs = 1_000, log = silentLog } = options;
  const accounts = carriers.map((carrier) => ({ carrier, orderNumberTemplate: DEFAULT_ORDER_NUMBER }));
  const { exchangeKey } = fresh;
  const ports: PlacePostalPorts = { records, exchangeKey, clock: systemClock, chance, accounts, schedule, quarantineMs };
  const handler = postalHandler(ports);
  const [main] = carriers;
  if (main === undefined) throw new Error('an engine needs a carrier');
  if ((await records.partners.find(OWNER)) === null) await records.partners.add(partnerOf(OWNER, { mode: 'pull', url: null }));
  const feedPorts = { records, exchangeKey, queue: noQueue, clock: systemClock, chance, log };

  const ordered = new Set<string>();

  const openDossier = async (): Promise<DossierCode> => {
    const dossier = dossierOf(OWNER);
    await records.dossiers.add(dossier);
    return dossier.code;
  };
  const read = async (order: PostalOrder): Promise<PostalOrder> => (await records.postal.find(order.id)) ?? order;
  const poll: PostEngine['poll'] = (carrier = main, by = records) => followPost({ ...feedPorts, records: by }, carrier);

  return {
    handler,
    ports,
    openDossier,
    async order(code, { leg = 'DELIVER_RESULT', revision = 1 } = {}) {
      const dossierCode = code ?? (await openDossier());
      const request = { dossierCode, leg, revision, carrier: main.carrier, requestedBy: OWNER, detail: POSTAL_DETAIL, at: systemClock.now() };
      const { order } = await records.transaction((tx) => orderPost(tx, accounts, chance, request));
      ordered.add(order.id);
      return order;
    },
    read,
    whenIn: (order, state, limitMs) => eventually(() => read(order), (now) => now.state === state, limitMs),
    deliveryState: async (order) => (await records.outbox.find(deliveryOf(order)))?.state,
    attempts: async (order) => (await fresh.handle.pool.query<{ outcome: string }>('SELECT outcome FROM delivery_attempt WHERE outbox_id = $1 ORDER BY number', [order.id])).rows.map((row) => row.outcome),
    async startWorker({ queue } = {}) {
      const started = queue === 'real' ? startQueue({ postgres: queueConnections(fresh.connection), redisUrl: null, clock: systemClock, log }) : null;
      const message: DeliveryHandler = { attempt: () => Promise.resolve({ settlement: { state: 'offered' }, attempt: { outcome: 'offered', code: null, detail: null } }), onParked: () => Promise.resolve() };
      const delivery = startDelivery(
        { records, queue: started?.queue ?? impatientQueue, clock: systemClock, chance, log, schedule, handlers: { message, postal: handler }, leadership: leadership(fresh.handle.pool, 'sweep', log) },
        { owner: `test-${newId()}`, concurrency: 8, concurrencyPerTarget: 8, sweeps: queue === 'real', sweepEveryMs: 100 },
      );
      const consumer = started?.startConsumer((wake) => delivery.wake(wake), { concurrency: 8 });
      const stopping = new AbortController();
      const waking = queue === 'real' ? Promise.resolve() : wakeDue(fresh, ordered, (wake) => delivery.wake(wake), stopping.signal);
      return {
        async stop(graceMs = 2_000) {
          stopping.abort();
          await waking;
          await consumer?.close();
          await delivery.stop(graceMs);
          await started?.close();
        },
      };
    },
    async dieAfter(order, point) {
      const now = systemClock.now();
      const lease = await records.outbox.lease(deliveryOf(order), `dying-${newId()}`, now, now);
      if (lease === null) throw new Error('nothing to lease');
      const died = new Error('the process is gone');
      const held: HeldLease = {
        lease,
        signal: new AbortController().signal,
        traceparent: null,
        beginSending() {
          if (point === 'mark') throw died;
        },
      };
      await handler.attempt(held).catch((error: unknown) => {
        if (error !== died) throw error;
      });
      await fresh.handle.pool.query('UPDATE outbox SET lease_until = now() WHERE id = $1', [order.id]);
    },
    poll,
    async pollAll() {
      let events = 0;
      for (let more = true; more; ) {
        const page = await poll();
        events += page.events;
        more = page.more;
      }
      return events;
    },
    async told(code) {
      const rows = await fresh.handle.pool.query<{ id: string }>(`SELECT id FROM message WHERE dossier_code = $1 AND type = 'dossier.progress' ORDER BY created_at, id`, [code]);
      const messages = await Promise.all(rows.rows.map(({ id }) => records.messages.find(id as Parameters<Records['messages']['find']>[0])));
      return messages.map((message) => (message?.body as { postal: { state: string } } | undefined)?.postal.state ?? 'no message');
    },
    timeline: async (code) => (await records.dossiers.events(code, 0, 200)).filter(({ kind }) => kind.startsWith('postal.')).map(({ kind }) => kind),
  };
}

/** Healthy, and silent: `wakeDue` does its work. */
const impatientQueue: JobQueue = { wake() {}, healthy: () => true, backlog: () => Promise.resolve(0) };

/** Wakes every order of `ordered` that is due, twenty times a second: where a real sweep lets eight seconds pass before it believes that a wake-up was lost. */
async function wakeDue(fresh: FreshRecords, ordered: ReadonlySet<string>, wake: (wake: { readonly id: DeliveryId; readonly target: string }) => Promise<void>, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const due = await fresh.handle.pool.query<{ id: DeliveryId; target: string }>(
      `SELECT id, target FROM outbox WHERE id = ANY ($1) AND next_at <= now() AND (state = 'pending' OR (state = 'leased' AND lease_until <= now()))`,
      [[...ordered]],
    );
    for (const each of due.rows) void wake(each);
    await systemClock.sleep(50, stop).catch(() => undefined); // stopped: the loop's condition ends it
  }
}

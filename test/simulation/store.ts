import type { Dossier, DossierEvent } from '../../src/domain/dossier.ts';
import { GatewayError } from '../../src/domain/errors.ts';
import type { DeliveryId, PartnerId } from '../../src/domain/ids.ts';
import { FINISHED_STATES, type Delivery, type DeliveryState, type Message, type Receipt } from '../../src/domain/message.ts';
import type { Partner } from '../../src/domain/partner.ts';
import { NO_LIMITS, openForMs, type PartnerLimits } from '../../src/domain/partner-limits.ts';
import type { AuditEntry } from '../../src/ports/audit-records.ts';
import type { DossierRecords } from '../../src/ports/dossier-records.ts';
import type { MessageRecords } from '../../src/ports/message-records.ts';
import type { Attempt, DeliveryError, Lease, NewDelivery, Outbox, Settlement, TargetFilter, Wake } from '../../src/ports/outbox.ts';
import type { PartnerStates } from '../../src/ports/partner-states.ts';
import type { RecordSet } from '../../src/ports/records.ts';

/**
 * The records that delivery uses, in memory, by the contract of the ports; `test/integration/records-outbox.test.ts` holds this and
 * PostgreSQL to the same rules. Changes of a transaction that fails are undone.
 */

export interface OutboxRow extends Omit<NewDelivery, 'expiresAt'> {
  readonly seq: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly scheduleFrom: number;
  readonly nextAt: Date;
  readonly wake: number;
  readonly wokenAt: Date | null;
  readonly leaseOwner: string | null;
  readonly leasedAt: Date | null;
  readonly leaseUntil: Date | null;
  readonly epoch: bigint;
  readonly unknownSince: Date | null;
  readonly parkedReason: string | null;
  readonly lastError: DeliveryError | null;
  readonly expiresAt: Date | null;
  readonly finishedAt: Date | null;
}

/** Safeguards that can be taken away, to see that the checks notice. */
export type Break = 'fence' | 'lane' | 'sweep' | 'jobid' | 'idempotency';

export interface StoreOptions {
  readonly without?: Break | undefined;
  /** Called on every change of a delivery's state. */
  readonly onChange?: (before: OutboxRow | undefined, after: OutboxRow) => void;
}

interface PartnerStateRow {
  readonly tokens?: number;
  readonly tokensAt?: Date;
  readonly failures: number;
  readonly openUntil: Date | null;
  readonly probeUntil: Date | null;
}

export interface MemoryStore {
  readonly records: RecordSet;
  readonly outbox: ReadonlyMap<string, OutboxRow>;
  readonly receipts: ReadonlyMap<string, Receipt>;
  readonly attempts: readonly (Attempt & { readonly deliveryId: string; readonly number: number })[];
  events(code: string): readonly DossierEvent[];
  addPartner(partner: Partner): void;
  addDossier(dossier: Dossier): void;
  /** All of `work`, or nothing when it throws. */
  atomically<T>(work: () => Promise<T>): Promise<T>;
}

export function memoryStore(options: StoreOptions = {}): MemoryStore {
  let undo: (() => void)[] | null = null;
  const table = <K, V>(): { readonly rows: Map<K, V>; put(key: K, row: V): void } => {
    const rows = new Map<K, V>();
    return {
      rows,
      put(key, row) {
        const before = rows.get(key);
        undo?.push(() => void (before === undefined ? rows.delete(key) : rows.set(key, before)));
        rows.set(key, row);
      },
    };
  };
  const list = <T>(): { readonly items: T[]; add(item: T): void } => {
    const items: T[] = [];
    return {
      items,
      add(item) {
        undo?.push(() => void items.pop());
        items.push(item);
      },
    };
  };
  const partners = table<string, Partner>();
  const states = table<string, PartnerStateRow>();
  const limits = table<string, PartnerLimits>();
  const lanes = table<string, readonly string[]>(); // ids in the order of their seq, from 1
  const outbox = table<string, OutboxRow>();
  const messages = table<string, Message>();
  const receipts = table<string, Receipt>();
  const attempts = list<Attempt & { readonly deliveryId: string; readonly number: number }>();
  const audit = list<AuditEntry>();
  const events = table<string, readonly DossierEvent[]>();
  const dossiers = table<string, Dossier>();

  const change = (row: OutboxRow): void => {
    options.onChange?.(outbox.rows.get(row.id), row);
    outbox.put(row.id, row);
  };
  const isOpen = (row: OutboxRow): boolean => !(FINISHED_STATES as readonly DeliveryState[]).includes(row.state);
  const headOf = (laneId: string): OutboxRow | undefined => {
    for (const id of lanes.rows.get(laneId) ?? []) {
      const row = outbox.rows.get(id);
      if (row !== undefined && isOpen(row)) return row;
    }
    return undefined;
  };
  const isHead = (row: OutboxRow): boolean =>
    options.without === 'lane' || headOf(row.laneId)?.id === row.id;
  const isDue = (row: OutboxRow, now: Date): boolean =>
    (row.state === 'pending' || (row.state === 'leased' && row.leaseUntil !== null && row.leaseUntil <= now)) && row.nextAt <= now;
  const isReachable = (row: OutboxRow, now: Date): boolean => {
    const openUntil = states.rows.get(row.target)?.openUntil ?? null;
    return openUntil === null || openUntil <= now;
  };
  const dueHeads = (now: Date, { onlyFor, notFor = [] }: TargetFilter = {}): OutboxRow[] =>
    [...outbox.rows.values()]
      .filter((row) => isDue(row, now) && (onlyFor === undefined || row.target === onlyFor) && !notFor.includes(row.target) && isReachable(row, now) && isHead(row))
      .sort((a, b) => a.nextAt.getTime() - b.nextAt.getTime() || a.seq - b.seq);
  const take = (row: OutboxRow, owner: string, now: Date, until: Date): Lease => {
    if (row.state === 'leased') {
      attempts.add({ deliveryId: row.id, number: row.attempts, startedAt: row.leasedAt ?? now, finishedAt: now, outcome: 'unknown', code: 'WORKER_LOST', detail: null });
    }
    const unknownSince = row.state === 'leased' ? row.leaseUntil : row.unknownSince;
    const taken: OutboxRow = { ...row, state: 'leased', leaseOwner: owner, leasedAt: now, leaseUntil: until, epoch: row.epoch + 1n, attempts: row.attempts + 1, unknownSince, wokenAt: null };
    change(taken);
    return leaseOf(taken, until);
  };
  const held = (lease: Lease): OutboxRow | null => {
    const row = outbox.rows.get(lease.id);
    if (row === undefined || options.without === 'fence') return row ?? null;
    return row.state === 'leased' && row.epoch === lease.epoch ? row : null;
  };

  const outboxPort: Outbox = {
    async add(delivery) {
      const before = lanes.rows.get(delivery.laneId) ?? [];
      const seq = before.length + 1;
      lanes.put(delivery.laneId, [...before, delivery.id]);
      change({ ...EMPTY, ...delivery, seq, nextAt: delivery.createdAt, wokenAt: delivery.createdAt, expiresAt: delivery.expiresAt ?? null });
    },
    addAll: async (deliveries) => {
      for (const delivery of deliveries) await outboxPort.add(delivery);
    },
    async find(id) {
      const row = outbox.rows.get(id);
      if (row === undefined) return null;
      const { kind, laneId, target, messageId, postalOrderId, state, unknownSince } = row;
      return { id: row.id, kind, laneId, target, messageId, postalOrderId, state, outcomeUnknown: unknownSince !== null };
    },
    async lease(id, owner, now, until) {
      const row = outbox.rows.get(id);
      if (row === undefined || !isDue(row, now) || !isHead(row) || !isReachable(row, now)) return null;
      return take(row, owner, now, until);
    },
    leaseDue: async (owner, now, until, limit, targets) => dueHeads(now, targets).slice(0, limit).map((row) => take(row, owner, now, until)),
    async renew(lease, until) {
      const row = held(lease);
      if (row !== null) change({ ...row, leaseUntil: until });
      return row !== null;
    },
    async settle(lease, settlement, attempt) {
      const row = held(lease);
      if (row === null) return null;
      if (settlement.state !== 'pending' || settlement.spendsTry) attempts.add({ ...attempt, deliveryId: row.id, number: row.attempts });
      change({ ...settled(row, settlement, attempt), leaseOwner: null, leaseUntil: null, wokenAt: null });
      if (settlement.state !== 'delivered') return [];
      if (settlement.proof !== null) {
        await messagesPort.addReceipt(settlement.proof.receipt, attempt.finishedAt);
        await dossiersPort.addEvent(settlement.proof.dossierCode, settlement.proof.event);
      }
      const next = await outboxPort.nextInLane(row.laneId, attempt.finishedAt);
      return next === null ? [] : [next];
    },
    exchangePlaces: () => Promise.reject(new Error('not simulated')),
    async finish(id, state, at) {
      const row = outbox.rows.get(id);
      const isFree = row !== undefined && (['pending', 'offered', 'parked'].includes(row.state) || (row.state === 'leased' && row.leaseUntil !== null && row.leaseUntil <= at));
      if (isFree) change({ ...row, state, finishedAt: at, epoch: row.epoch + 1n, leaseOwner: null, leaseUntil: null });
      return isFree;
    },
    async replay(id, now) {
      const row = outbox.rows.get(id);
      if (row?.state !== 'parked') return false;
      change({ ...row, state: 'pending', nextAt: now, wokenAt: null, scheduleFrom: row.attempts, parkedReason: null, expiresAt: null });
      return true;
    },
    async nextInLane(laneId, now) {
      const head = headOf(laneId);
      return head !== undefined && isDue(head, now) ? woken(head, now) : null;
    },
    async sweep(now, notWokenSince, limit) {
      if (options.without === 'sweep') return [];
      return dueHeads(now)
        .filter((row) => row.wokenAt === null || row.wokenAt <= notWokenSince)
        .slice(0, limit)
        .map((row) => woken(row, now));
    },
    async parked(target, limit, since) {
      return [...outbox.rows.values()]
        .filter((row) => row.state === 'parked' && (target === null || row.target === target) && (since === undefined || row.nextAt >= since))
        .sort((a, b) => a.nextAt.getTime() - b.nextAt.getTime())
        .slice(0, limit)
        .map(({ id, kind, laneId, target: to, messageId, postalOrderId, parkedReason, lastError, attempts: count, nextAt }) => ({
          id,
          kind,
          laneId,
          target: to,
          messageId,
          postalOrderId,
          reason: parkedReason ?? '',
          error: lastError,
          attempts: count,
          since: nextAt,
        }));
    },
    async depth(now) {
      const due = [...outbox.rows.values()].filter((row) => isDue(row, now));
      const parked = [...outbox.rows.values()].filter((row) => row.state === 'parked').length;
      const [oldest] = due.map((row) => row.nextAt).sort((a, b) => a.getTime() - b.getTime());
      return { due: due.length, parked, oldestDueAt: oldest ?? null };
    },
  };
  const woken = (row: OutboxRow, now: Date): Wake => {
    const wake = options.without === 'jobid' ? row.wake : row.wake + 1;
    change({ ...row, wake, wokenAt: now });
    return { id: row.id, target: row.target, wake };
  };

  const statesPort: PartnerStates = {
    async find(id) {
      const row = states.rows.get(id);
      return { limits: limits.rows.get(id) ?? NO_LIMITS, failures: row?.failures ?? 0, openUntil: row?.openUntil ?? null, disabledAt: null };
    },
    setLimits: async (id, wanted) => limits.put(id, wanted),
    setPace: () => Promise.reject(new Error('not simulated')),
    setEvidence: () => Promise.reject(new Error('not simulated')),
    concurrencies: () => Promise.resolve(new Map()),
    disable: () => Promise.reject(new Error('not simulated')),
    enable: () => Promise.reject(new Error('not simulated')),
    async takeProbe(id, now, until) {
      const row = states.rows.get(id);
      if (row === undefined || (row.probeUntil !== null && row.probeUntil > now)) return false;
      states.put(id, { ...row, probeUntil: until });
      return true;
    },
    async returnProbe(id, until) {
      const row = states.rows.get(id);
      if (row !== undefined && row.probeUntil?.getTime() === until.getTime()) states.put(id, { ...row, probeUntil: null });
    },
    async takeToken(id, { ratePerSecond, burst }, now) {
      if (ratePerSecond === null) return null;
      const row = states.rows.get(id) ?? UNTROUBLED;
      const elapsedMs = row.tokensAt === undefined ? 0 : Math.max(0, now.getTime() - row.tokensAt.getTime());
      const available = Math.min(burst, (row.tokens ?? burst) + (elapsedMs / 1_000) * ratePerSecond);
      if (available < 1) return new Date(now.getTime() + Math.ceil(((1 - available) / ratePerSecond) * 1_000));
      const tokensAt = row.tokensAt !== undefined && row.tokensAt > now ? row.tokensAt : now;
      states.put(id, { ...row, tokens: available - 1, tokensAt });
      return null;
    },
    async recordFailure(id, settings, now) {
      const row = states.rows.get(id) ?? UNTROUBLED;
      if (row.openUntil !== null && row.openUntil > now) return;
      const failures = row.failures + 1;
      const openMs = openForMs(settings, failures);
      states.put(id, { ...row, failures, probeUntil: null, openUntil: openMs === null ? row.openUntil : new Date(now.getTime() + openMs) });
    },
    async holdUntil(id, until) {
      const row = states.rows.get(id) ?? UNTROUBLED;
      states.put(id, { ...row, openUntil: row.openUntil !== null && row.openUntil > until ? row.openUntil : until, probeUntil: null });
    },
    async recordSuccess(id) {
      const row = states.rows.get(id);
      if (row !== undefined) states.put(id, { ...row, ...UNTROUBLED });
    },
  };

  const messagesPort: Pick<MessageRecords, 'add' | 'find' | 'addReceipt' | 'deliveries'> = {
    async add(message) {
      messages.put(message.id, message);
    },
    find: async (id) => messages.rows.get(id) ?? null,
    async addReceipt(receipt) {
      if (receipts.rows.has(receipt.deliveryId)) throw new Error(`a second receipt of ${receipt.deliveryId}`);
      receipts.put(receipt.deliveryId, receipt);
    },
    deliveries: async (id) => [...outbox.rows.values()].filter((row) => row.messageId === id).map((row) => ({ ...row, partnerId: row.target as Delivery['partnerId'], messageId: id, nextAttemptAt: row.nextAt })),
  };
  const dossiersPort: Pick<DossierRecords, 'addEvent'> = {
    async addEvent(code, event) {
      if (!dossiers.rows.has(code)) throw new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${code}`);
      const before = events.rows.get(code) ?? [];
      const added = { ...event, seq: before.length + 1 };
      events.put(code, [...before, added]);
      return added;
    },
  };
  const records = {
    partners: {
      async recipient(id: PartnerId) {
        const partner = partners.rows.get(id);
        return partner === undefined ? null : { partner, standing: await statesPort.find(id), webhookSecretsSealed: [] };
      },
    },
    partnerStates: statesPort,
    outbox: outboxPort,
    messages: messagesPort,
    evidence: { add: () => Promise.resolve() }, // what it says is tried elsewhere
    dossiers: dossiersPort,
    audit: { add: async (entry: AuditEntry) => audit.add(entry) },
  } as unknown as RecordSet; // what delivery does not use is not there
  return {
    records,
    outbox: outbox.rows,
    receipts: receipts.rows,
    attempts: attempts.items,
    events: (code) => events.rows.get(code) ?? [],
    addPartner: (partner) => partners.put(partner.id, partner),
    addDossier: (dossier) => dossiers.put(dossier.code, dossier),
    async atomically(work) {
      if (undo !== null) throw new Error('two transactions at once');
      undo = [];
      try {
        return await work();
      } catch (error) {
        for (const revert of undo.reverse()) revert();
        throw error;
      } finally {
        undo = null;
      }
    },
  };
}

const UNTROUBLED: PartnerStateRow = { failures: 0, openUntil: null, probeUntil: null };

const EMPTY = {
  state: 'pending' as DeliveryState,
  attempts: 0,
  scheduleFrom: 0,
  wake: 0,
  leaseOwner: null,
  leasedAt: null,
  leaseUntil: null,
  epoch: 0n,
  unknownSince: null,
  parkedReason: null,
  lastError: null,
  finishedAt: null,
};

function settled(row: OutboxRow, settlement: Settlement, attempt: Attempt): OutboxRow {
  if (settlement.state === 'pending') {
    return { ...row, ...troubleOf(row, settlement, attempt), state: 'pending', nextAt: settlement.nextAt, attempts: settlement.spendsTry ? row.attempts : row.attempts - 1 };
  }
  if (settlement.state === 'parked') return { ...row, ...troubleOf(row, settlement, attempt), state: 'parked', parkedReason: settlement.reason, nextAt: attempt.finishedAt };
  return { ...row, state: settlement.state, finishedAt: settlement.state === 'delivered' ? attempt.finishedAt : null, unknownSince: null, lastError: null };
}

function troubleOf(row: OutboxRow, { outcomeUnknown, error }: Extract<Settlement, { error: unknown }>, attempt: Attempt): Pick<OutboxRow, 'unknownSince' | 'lastError'> {
  const since = attempt.outcome === 'unknown' ? attempt.finishedAt : (row.unknownSince ?? attempt.finishedAt);
  return { unknownSince: outcomeUnknown ? since : null, lastError: error };
}

function leaseOf(row: OutboxRow, leaseUntil: Date): Lease {
  return {
    id: row.id satisfies DeliveryId,
    kind: row.kind,
    laneId: row.laneId,
    target: row.target,
    messageId: row.messageId,
    postalOrderId: row.postalOrderId,
    epoch: row.epoch,
    attempt: row.attempts,
    triesSpent: row.attempts - 1 - row.scheduleFrom,
    outcomeUnknown: row.unknownSince !== null,
    unknownSince: row.unknownSince,
    leaseUntil,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
  };
}

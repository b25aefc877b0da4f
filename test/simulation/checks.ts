import type { DeliveryId } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import type { SimPartner } from './partners.ts';
import type { MemoryStore } from './store.ts';

/** What was promised to a caller with a 202. */
export interface Accepted {
  readonly deliveryId: DeliveryId;
  readonly message: Message;
  readonly laneId: string;
}

/** The invariants that can be seen at the end of a run (reliability of exchange: I1 to I12 as far as they concern delivery). */
export function checkRun(store: MemoryStore, partners: readonly SimPartner[], accepted: readonly Accepted[]): string[] {
  return [...lost(store, accepted), ...unfinished(store), ...partners.flatMap((partner) => effectsOf(store, partner)), ...receiptsOf(store), ...timelines(store)];
}

/** I1: what was promised is on record, unchanged (I6). */
function lost(store: MemoryStore, accepted: readonly Accepted[]): string[] {
  return accepted.filter(({ deliveryId }) => !store.outbox.has(deliveryId)).map(({ deliveryId }) => `I1: ${deliveryId} was accepted and is not on record`);
}

/** I2, I10, I12: after faults end everything is delivered, however the queue fared. */
function unfinished(store: MemoryStore): string[] {
  const open = [...store.outbox.values()].filter((row) => row.state !== 'delivered');
  return open.map((row) => `I2: ${row.id} is ${row.state} (${row.parkedReason ?? row.lastError?.code ?? 'no reason'}) after ${row.attempts} attempts`);
}

function effectsOf(store: MemoryStore, { partner, effects }: SimPartner): string[] {
  const violations: string[] = [];
  const count = new Map<string, number>();
  const reached = new Map<string, number>();
  for (const effect of effects) {
    count.set(effect.messageId, (count.get(effect.messageId) ?? 0) + 1);
    const row = [...store.outbox.values()].find((candidate) => candidate.messageId === effect.messageId);
    if (row === undefined) violations.push(`I7: an effect of ${effect.messageId}, which is not on record`);
    const seq = row?.seq ?? 0;
    // I3: in order; the state of an upsert is the latest, so a repeat counts too.
    if (seq < (reached.get(effect.laneId) ?? 0)) violations.push(`I3: ${effect.messageId} (${seq}) took effect at ${partner.id} after ${String(reached.get(effect.laneId))}`);
    reached.set(effect.laneId, Math.max(seq, reached.get(effect.laneId) ?? 0));
  }
  for (const row of store.outbox.values()) {
    if (row.target !== partner.id || row.messageId === null) continue;
    const times = count.get(row.messageId) ?? 0;
    if (times === 0 && row.state === 'delivered') violations.push(`I2: ${row.id} is called delivered and took no effect at ${partner.id}`);
    if (times > 1 && partner.repeat !== 'upsert') violations.push(`I2: ${row.id} took effect ${times} times at ${partner.id}`);
  }
  return violations;
}

/** I7: one receipt for what was delivered, none for what was not. */
function receiptsOf(store: MemoryStore): string[] {
  const wrong = [...store.outbox.values()].filter((row) => store.receipts.has(row.id) !== (row.state === 'delivered'));
  return wrong.map((row) => `I7: ${row.id} is ${row.state} and has ${store.receipts.has(row.id) ? 'a' : 'no'} receipt`);
}

/** I5: one event for each transition that people see, without gap; one number for each attempt. */
function timelines(store: MemoryStore): string[] {
  const violations: string[] = [];
  const codes = new Set([...store.outbox.values()].map((row) => row.laneId.split('|')[0] ?? ''));
  for (const code of codes) {
    const events = store.events(code);
    if (events.some((event, index) => event.seq !== index + 1)) violations.push(`I5: the timeline of ${code} has a gap`);
    const told = events.filter((event) => event.kind === 'message.delivered').map((event) => event.deliveryId);
    if (new Set(told).size !== told.length) violations.push(`I5: the timeline of ${code} tells a delivery twice`);
  }
  const numbers = store.attempts.map(({ deliveryId, number }) => `${deliveryId}#${number}`);
  if (new Set(numbers).size !== numbers.length) violations.push('I5: two attempts have one number');
  return violations;
}

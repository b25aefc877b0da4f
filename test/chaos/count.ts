import type { Histories } from './history.ts';

export interface Count {
  readonly begun: number;
  /** Dossiers all of whose messages were accepted (202), and all of whose messages took effect. */
  readonly accepted: number;
  readonly delivered: number;
  /** Deliveries that stand parked, or are not finished, when all should be. */
  readonly parked: number;
  readonly open: number;
  /** Accepted messages without an effect. */
  readonly lost: number;
  readonly duplicateEffects: number;
  readonly orderViolations: number;
  /** Pushes beyond the first of each delivery: what the safeguards absorbed. */
  readonly repeatsOnWire: number;
  readonly kills: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** From a kill to the moment when another worker took up what the dead one had leased. */
  readonly resumeP99Ms: number;
  /** Instances that were told to end, by role; how many of them did not do it by themselves with exit code 0, and how long it took. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly uncleanExits: number;
  readonly drainP99Ms: number;
  /** What clients were answered or met instead of success, by kind. */
  readonly clientErrors: Readonly<Record<string, number>>;
  /** Leases that ran out: their worker had gone, or could not renew them in time. */
  readonly abandoned: number;
}

/** Counts a run from its histories alone. */
export function count({ client, partner, faults, ledger }: Histories): Count {
  const acknowledged = new Map(client.flatMap((event) => (event.kind === 'ok' && event.messageId !== undefined ? [[event.messageId, event] as const] : [])));
  const effects = partner.filter((event) => event.kind === 'effect');
  const effectsOf = tally(effects.map((event) => event.messageId ?? ''));
  const pushes = partner.filter((event) => event.kind === 'push');
  const restarts = faults.filter((event) => event.kind === 'restart');
  const byDossier = groupBy([...acknowledged.values()], (event) => event.dossier);
  return {
    begun: new Set(client.flatMap(({ kind, dossier }) => (kind === 'invoke' ? [dossier] : []))).size,
    accepted: [...byDossier.values()].filter((events) => events.length === events[0]?.of).length,
    delivered: [...byDossier.values()].filter((events) => events.length === events[0]?.of && events.every((event) => effectsOf.has(event.messageId ?? ''))).length,
    parked: ledger.filter((entry) => entry.state === 'parked').length,
    open: ledger.filter((entry) => !['delivered', 'parked'].includes(entry.state)).length,
    lost: [...acknowledged.keys()].filter((messageId) => !effectsOf.has(messageId)).length,
    duplicateEffects: [...effectsOf.values()].reduce((sum, times) => sum + times - 1, 0),
    orderViolations: orderViolations(effects.map((event) => acknowledged.get(event.messageId ?? ''))),
    repeatsOnWire: pushes.length - new Set(pushes.map((event) => event.deliveryId)).size,
    kills: Object.fromEntries(tally(faults.filter((event) => event.kind === 'kill').map((event) => event.what))),
    faults: Object.fromEntries(tally(faults.filter((event) => event.kind === 'fault').map((event) => event.what))),
    resumeP99Ms: p99(ledger.flatMap((entry) => entry.resumedMs)),
    restarts: Object.fromEntries(tally(restarts.map(({ what }) => what))),
    uncleanExits: restarts.filter(({ exitCode }) => exitCode !== 0).length,
    drainP99Ms: p99(restarts.map(({ drainMs }) => drainMs)),
    clientErrors: Object.fromEntries(tally(client.flatMap(({ kind, detail }) => (kind === 'error' ? [detail ?? ''] : [])))),
    abandoned: ledger.reduce((sum, entry) => sum + entry.abandoned, 0),
  };
}

/** Whether nothing but refused connections was to be seen of restarts, and every instance drained. Leases also run out on a machine that is too busy to renew them. */
export function isUnnoticed({ clientErrors, uncleanExits }: Count): boolean {
  return uncleanExits === 0 && Object.keys(clientErrors).every((kind) => kind === 'ECONNREFUSED');
}

/** Whether the run kept every promise, and was a trial at all: each kind of kill and fault of `expected` happened. */
export function isPassed(result: Count, { dossiers, resumeP99Ms }: { readonly dossiers: number; readonly resumeP99Ms: number }, expected: readonly string[]): boolean {
  const whole = result.accepted === dossiers && result.delivered === dossiers;
  const clean = result.parked + result.open + result.lost + result.duplicateEffects + result.orderViolations === 0;
  const happened = { ...result.kills, ...result.faults };
  return whole && clean && result.resumeP99Ms < resumeP99Ms && expected.every((kind) => (happened[kind] ?? 0) > 0);
}

/** A message of a dossier that takes effect for the first time after a later one of it has. */
function orderViolations(effects: readonly ({ readonly dossier: string; readonly n: number } | undefined)[]): number {
  const reached = new Map<string, number>();
  let violations = 0;
  for (const effect of effects) {
    if (effect === undefined) continue;
    const last = reached.get(effect.dossier) ?? 0;
    if (effect.n < last) violations += 1;
    reached.set(effect.dossier, Math.max(last, effect.n));
  }
  return violations;
}

function p99(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? 0;
}

function tally(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

import type { Random } from '../simulation/random.ts';
import type { History } from './history.ts';
import type { Fleet } from './processes.ts';
import type { Servers } from './servers.ts';

export type Kill = 'worker' | 'api' | 'db' | 'redis';

/** What the backend can have: each kind once, and the rest by weight. */
export function planKills(dice: Random, kills: number, backend: 'pg' | 'redis'): Kill[] {
  const kinds: readonly Kill[] = backend === 'redis' ? ['worker', 'api', 'db', 'redis'] : ['worker', 'api', 'db'];
  const others = Array.from({ length: Math.max(0, kills - kinds.length) }, () => dice.pick<Kill>(backend === 'redis' ? ['worker', 'worker', 'worker', 'worker', 'api', 'api', 'db', 'redis'] : ['worker', 'worker', 'worker', 'api', 'api', 'db']));
  const planned = [...kinds, ...others].slice(0, kills);
  for (let index = planned.length - 1; index > 0; index -= 1) {
    const other = dice.between(0, index);
    [planned[index], planned[other]] = [planned[other] ?? 'worker', planned[index] ?? 'worker'];
  }
  return planned;
}

export interface KillerOptions {
  readonly dice: Random;
  readonly plan: readonly Kill[];
  readonly fleet: Fleet;
  readonly servers: Servers;
  readonly history: History;
  /** From 0 to 1; the kills are spread over it, so that each meets work. */
  readonly progress: () => number;
  readonly signal: AbortSignal;
  /** Stop a worker for a while after each kill, not only now and then. */
  readonly pausesOften: boolean;
}

export async function killAlong({ dice, plan, fleet, servers, history, progress, signal, pausesOften }: KillerOptions): Promise<void> {
  for (const [index, kind] of plan.entries()) {
    while (progress() < (index + 0.5) / (plan.length + 1)) {
      if (signal.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    history.note('faults', { at: Date.now(), kind: 'kill', what: kind });
    if (kind === 'db') await servers.restartDatabase();
    else if (kind === 'redis') await (dice.chance(0.5) ? servers.restartRedis() : servers.flushRedis());
    else fleet.kill(kind, dice.between(0, 1));
    if (pausesOften || index % 5 === 2) {
      history.note('faults', { at: Date.now(), kind: 'fault', what: 'workerPaused' });
      fleet.pause(dice.between(0, 1), dice.between(7_000, 9_000));
    }
  }
}

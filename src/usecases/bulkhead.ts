/** A bound on what runs at once for one target, so that one that hangs cannot take every place. */
export interface Bulkhead {
  /** False: as many run for it already as may. */
  enter(target: string): boolean;
  /** Whether it was full: then more may be waiting for it. */
  leave(target: string): boolean;
  full(): readonly string[];
}

export function bulkhead(perTarget: number): Bulkhead {
  const running = new Map<string, number>();
  const count = (target: string): number => running.get(target) ?? 0;
  return {
    enter(target) {
      if (count(target) >= perTarget) return false;
      running.set(target, count(target) + 1);
      return true;
    },
    leave(target) {
      const before = count(target);
      if (before === 1) running.delete(target);
      else running.set(target, before - 1);
      return before >= perTarget;
    },
    full: () => [...running].filter(([, runs]) => runs >= perTarget).map(([target]) => target),
  };
}

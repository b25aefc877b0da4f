/** A bound on what runs at once for one target, so that one that hangs cannot take every place. */
export interface Bulkhead {
  /** False: as many run for it already as may. */
  enter(target: string): boolean;
  /** Called by one inside: whether somebody was turned away since it was asked last. Then more is waiting, and the asker is to see to it. */
  takeTurnedAway(target: string): boolean;
  leave(target: string): void;
  /** Targets for which as many run as may; what is passed by because of them counts as turned away. */
  passBy(): readonly string[];
  /** More is waiting for the target than runs. */
  turnAway(target: string): void;
}

/** @param ownOf what a target has in place of `perTarget`; may change at any time */
export function bulkhead(perTarget: number, ownOf: (target: string) => number | undefined = () => undefined): Bulkhead {
  const running = new Map<string, number>();
  const turnedAway = new Set<string>();
  const most = (target: string): number => ownOf(target) ?? perTarget;
  const count = (target: string): number => running.get(target) ?? 0;
  return {
    enter(target) {
      if (count(target) >= most(target)) {
        turnedAway.add(target);
        return false;
      }
      running.set(target, count(target) + 1);
      return true;
    },
    leave(target) {
      const before = count(target);
      if (before === 1) running.delete(target);
      else running.set(target, before - 1);
    },
    takeTurnedAway: (target) => turnedAway.delete(target),
    passBy() {
      const full = [...running].filter(([target, runs]) => runs >= most(target)).map(([target]) => target);
      for (const target of full) turnedAway.add(target);
      return full;
    },
    turnAway: (target) => void turnedAway.add(target),
  };
}

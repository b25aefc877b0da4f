/** At most `limit` at a time; the others wait in order. */
export interface Turns {
  /** False when `signal` aborted before the turn came. A turn taken is given back by `done`. */
  take(signal: AbortSignal): Promise<boolean>;
  done(): void;
}

export function turns(limit: number): Turns {
  const waiting: (() => void)[] = [];
  let taken = 0;
  return {
    take: (signal) => {
      if (signal.aborted) return Promise.resolve(false);
      if (taken < limit) {
        taken += 1;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const begin = (): void => {
          signal.removeEventListener('abort', leave);
          resolve(true);
        };
        const leave = (): void => {
          waiting.splice(waiting.indexOf(begin), 1);
          resolve(false);
        };
        waiting.push(begin);
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    done: () => {
      const next = waiting.shift();
      if (next === undefined) taken -= 1;
      else next(); // the turn passes on
    },
  };
}

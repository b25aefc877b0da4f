/** A bound on what runs at once. */
export interface Slots {
  /** Waits for a free slot; false once closed. */
  take(): Promise<boolean>;
  /** Takes every slot that is free now, and says how many. */
  takeFree(): number;
  give(count?: number): void;
  /** Nobody gets a slot any more; those who wait are told. */
  close(): void;
}

export function slots(count: number): Slots {
  let free = count;
  let closed = false;
  const waiting: ((taken: boolean) => void)[] = [];
  return {
    take() {
      if (closed) return Promise.resolve(false);
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free -= 1;
      return Promise.resolve(true);
    },
    takeFree() {
      const taken = closed ? 0 : free;
      free -= taken;
      return taken;
    },
    give(returned = 1) {
      free += returned;
      while (free > 0 && waiting.length > 0) {
        free -= 1;
        waiting.shift()?.(true);
      }
    },
    close() {
      closed = true;
      for (const resolve of waiting.splice(0)) resolve(false);
    },
  };
}

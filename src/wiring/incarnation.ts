import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

const REMEMBERED_MS = 10_000;

export interface Incarnation {
  /** As it was seen last; asked again in the background. Null: not known yet. */
  last(): number | null;
  /** The one before while the database is away. */
  current(): Promise<number | null>;
}

/** Which life of the store speaks. It changes by a restoration only, after which nothing leaves for much longer than it is remembered. */
export function rememberIncarnation({ standing }: Pick<Records, 'standing'>, clock: Clock): Incarnation {
  let seen: number | null = null;
  let until = 0;
  let underWay: Promise<void> | null = null;
  const ask = (): Promise<void> =>
    (underWay ??= standing
      .read()
      .then(
        ({ incarnation }) => {
          seen = incarnation;
          until = clock.now().getTime() + REMEMBERED_MS;
        },
        () => undefined, // a request that needs the database says so itself
      )
      .finally(() => (underWay = null)));
  const isOld = (): boolean => clock.now().getTime() >= until;
  return {
    last() {
      if (isOld()) void ask();
      return seen;
    },
    async current() {
      if (isOld()) await ask();
      return seen;
    },
  };
}

import { isGatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';

/** An answer worth keeping, and until when. */
export interface Answer<T> {
  readonly value: T;
  readonly until: Date;
  readonly sizeBytes: number;
}

/** Answers by key: one question in flight at a time, kept while they hold, the least used forgotten first. */
export interface RememberedAnswers<T> {
  /** `ask` gets the last answer known, which may no longer hold. */
  recall(key: string, ask: (previous: T | null) => Promise<Answer<T>>): Promise<T>;
}

export interface MemoryLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** How long a failure is remembered, so that a dead server is not asked for every document. */
  readonly failureMs: number;
}

interface Entry<T> {
  readonly answer: Promise<T>;
  /** Milliseconds since 1970; null: still being asked. */
  until: number | null;
  last: T | null;
  sizeBytes: number;
}

/** In memory only: what is forgotten is asked again. A caller's cancellation does not stop a question that others wait for too. */
export function rememberAnswers<T>(clock: Clock, limits: MemoryLimits): RememberedAnswers<T> {
  const entries = new Map<string, Entry<T>>();
  const isCurrent = ({ until }: Entry<T>): boolean => until === null || clock.now().getTime() < until;
  return {
    recall(key, ask) {
      const known = entries.get(key);
      entries.delete(key); // set again below: the first entry is the one not used for longest
      const entry = known !== undefined && isCurrent(known) ? known : begin(ask, known?.last ?? null, clock, limits);
      entries.set(key, entry);
      forget(entries, limits);
      return entry.answer;
    },
  };
}

function begin<T>(ask: (previous: T | null) => Promise<Answer<T>>, previous: T | null, clock: Clock, limits: MemoryLimits): Entry<T> {
  const asked = ask(previous);
  const entry: Entry<T> = { answer: asked.then(({ value }) => value), until: null, last: previous, sizeBytes: 0 };
  asked.then(
    ({ value, until, sizeBytes }) => Object.assign(entry, { last: value, until: until.getTime(), sizeBytes }),
    (error: unknown) => (entry.until = clock.now().getTime() + (isGatewayError(error) ? limits.failureMs : 0)),
  );
  entry.answer.catch(() => undefined); // whoever asked is told; nobody else need be
  return entry;
}

function forget<T>(entries: Map<string, Entry<T>>, { maxBytes, maxEntries }: MemoryLimits): void {
  let total = [...entries.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const [key, { until, sizeBytes }] of entries) {
    if (total <= maxBytes && entries.size <= maxEntries) return;
    if (until === null) continue;
    entries.delete(key);
    total -= sizeBytes;
  }
}

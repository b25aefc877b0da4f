import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';

/**
 * Where the reading of the list of orders stands. The list has no cursor of its own, only days: `since` is the latest change known when
 * the running round began, `seen` the latest met in it. A round ends with a page that is not full; the next one begins at `seen`.
 */
export interface ListCursor {
  readonly since: Date;
  readonly seen: Date;
  readonly page: number;
}

const instant = z.iso.datetime().transform((text) => new Date(text));
const form = z.strictObject({ since: instant, seen: instant, page: z.int().min(0).max(100_000) });

/** Null: from the beginning of today; nothing of ours is older than the first reading. @throws CARRIER_ANSWER_INVALID */
export function readCursor(text: string | null, now: Date): ListCursor {
  if (text === null) return { since: now, seen: now, page: 0 };
  const parsed = form.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new GatewayError('CARRIER_ANSWER_INVALID', 'The stored cursor is not one of MyVNPost’s list');
}

export function buildCursor({ since, seen, page }: ListCursor): string {
  return JSON.stringify({ since: since.toISOString(), seen: seen.toISOString(), page });
}

export function nextCursor({ since, page }: ListCursor, seen: Date, isFull: boolean): ListCursor {
  return isFull ? { since, seen, page: page + 1 } : { since: seen, seen, page: 0 };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused by the schema
  }
}

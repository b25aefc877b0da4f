/**
 * Cursor into the feed: the highest ObjectId read, 24 lower-case hexadecimal digits; `+` after it says that the end of the feed was
 * reached there. From an end the feed is read again from a little earlier: ObjectIds begin with the second they were made in, on
 * whichever machine made them, so that one can come to light below another that was read already.
 */
export const FEED_START = '000000000000000000000000';

const CURSOR = /^([0-9a-f]{24})(\+?)$/;

/** The `lastId` to ask with. @returns the start of the feed for null */
export function lastIdOf(cursor: string | null, overlapMs: number): string {
  const [, id = FEED_START, end = ''] = CURSOR.exec(cursor ?? FEED_START) ?? [];
  return end === '' ? id : earlier(id, overlapMs);
}

/**
 * The cursor after a page with these ids. The end is reached when a page is empty, and not before: how many entries the service gives at
 * once is its own affair. While pages of the overlap are read again, their own ids are the way forward.
 */
export function cursorAfter(cursor: string | null, ids: readonly string[]): string {
  const [, before = FEED_START] = CURSOR.exec(cursor ?? FEED_START) ?? [];
  return ids.at(-1) ?? `${before}+`;
}

/** Just below every id made in this second or later. */
export function cursorAt(at: Date): string {
  return (Math.floor(at.getTime() / 1000) - 1).toString(16).padStart(8, '0') + 'f'.repeat(16);
}

/** When some machine of the service made this id. */
export function writtenAt(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8), 16) * 1000);
}

export function isCursor(text: string): boolean {
  return CURSOR.test(text);
}

/** The lowest ObjectId of the second `ms` before. */
function earlier(id: string, ms: number): string {
  const second = Math.max(0, Number.parseInt(id.slice(0, 8), 16) - Math.ceil(ms / 1000));
  return second.toString(16).padStart(8, '0') + '0'.repeat(16);
}

import type { PostalState } from './postal-state.ts';

/** Time limits of the post. The law changes: each has its legal basis and the days from which and until which it holds. */
export interface PostalLimits {
  readonly legalBasis: string;
  /** ISO dates in Vietnam; `validTo` null: still in force. */
  readonly validFrom: string;
  readonly validTo: string | null;
  /** Working days after the day of acceptance (J). */
  readonly deliverWithinDays: number;
  /** The same where the papers come with an appointment slip. */
  readonly deliverWithAppointmentDays: number;
  readonly attemptsBeforeReturn: number;
  /** Working days from one attempt to the next. */
  readonly daysBetweenAttempts: number;
}

/**
 * Circular 17/2017 Art. 7 has shorter limits within a district and longer ones for some cities; districts were abolished in July 2025, so
 * the limits within a province stand here. An operator's own table replaces this one.
 */
export const POSTAL_LIMITS: readonly PostalLimits[] = [
  {
    legalBasis: 'Thông tư 17/2017/TT-BTTTT Điều 7 (trong tỉnh: J+2, có phiếu hẹn J+4), Điều 5.2h',
    validFrom: '2017-01-01', // the year of issue: no order here is old enough for the day to matter
    validTo: null,
    deliverWithinDays: 2,
    deliverWithAppointmentDays: 4,
    attemptsBeforeReturn: 2,
    daysBetweenAttempts: 2,
  },
];

/** Days on which no office works, ISO dates, beside Saturdays and Sundays: set each year, so an operator's setting. */
export type Holidays = ReadonlySet<string>;

const VIETNAM_MS = 7 * 3_600_000;
const DAY_MS = 86_400_000;

/** The limits in force on the Vietnamese day of `at`; null: none is known, which is not the same as none. */
export function limitsAt(at: Date, table: readonly PostalLimits[] = POSTAL_LIMITS): PostalLimits | null {
  const day = isoDayInVietnam(at);
  return table.find(({ validFrom, validTo }) => validFrom <= day && (validTo === null || day <= validTo)) ?? null;
}

/** The end (24:00 in Vietnam) of the `count`-th working day after the day of `from`. */
export function endOfWorkingDay(from: Date, count: number, holidays: Holidays): Date {
  let start = startOfDay(from);
  for (let left = count; left > 0; ) {
    start = new Date(start.getTime() + DAY_MS);
    if (isWorkingDay(start, holidays)) left -= 1;
  }
  return new Date(start.getTime() + DAY_MS);
}

export interface DeliveryAttempts {
  readonly failed: readonly Date[];
  /** Start of the day from which the next attempt counts as one; null: none is due. */
  readonly nextFrom: Date | null;
  /** As often as the law asks, on days far enough apart: the papers go back to the agency. */
  readonly returnDue: boolean;
}

/**
 * Failed attempts that count: one closer to the one before than the working days asked for is on record and does not count.
 * @see Thông tư 17/2017/TT-BTTTT Điều 5.2h
 */
export function countAttempts(state: PostalState, failedAt: readonly Date[], limits: PostalLimits, holidays: Holidays): DeliveryAttempts {
  const failed: Date[] = [];
  for (const at of [...failedAt].sort((a, b) => a.getTime() - b.getTime())) {
    const before = failed.at(-1);
    if (before === undefined || at >= nextAttemptFrom(before, limits, holidays)) failed.push(at);
  }
  const last = failed.at(-1);
  const isOpen = state === 'DELIVERY_FAILED' || state === 'HELD_FOR_COLLECTION' || state === 'AT_DELIVERY_OFFICE';
  const returnDue = isOpen && failed.length >= limits.attemptsBeforeReturn;
  return { failed, returnDue, nextFrom: isOpen && !returnDue && last !== undefined ? nextAttemptFrom(last, limits, holidays) : null };
}

function nextAttemptFrom(before: Date, { daysBetweenAttempts }: PostalLimits, holidays: Holidays): Date {
  return new Date(endOfWorkingDay(before, daysBetweenAttempts, holidays).getTime() - DAY_MS);
}

function isWorkingDay(start: Date, holidays: Holidays): boolean {
  const weekday = new Date(start.getTime() + VIETNAM_MS).getUTCDay();
  return weekday !== 0 && weekday !== 6 && !holidays.has(isoDayInVietnam(start));
}

/** ISO date. */
export function isoDayInVietnam(at: Date): string {
  return new Date(at.getTime() + VIETNAM_MS).toISOString().slice(0, 10);
}

function startOfDay(at: Date): Date {
  return new Date(Date.parse(`${isoDayInVietnam(at)}T00:00:00Z`) - VIETNAM_MS);
}

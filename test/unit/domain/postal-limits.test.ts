import { describe, expect, it } from 'vitest';
import { countAttempts, endOfWorkingDay, limitsAt, POSTAL_LIMITS, type PostalLimits } from '../../../src/domain/postal-limits.ts';

const none = new Set<string>();
/** Hours of Vietnam, +07:00. */
const vn = (text: string): Date => new Date(`${text}+07:00`);
const [limits] = POSTAL_LIMITS as [PostalLimits];

describe('working days of the post (Thông tư 17/2017 Điều 7)', () => {
  it.each([
    ['a Tuesday and two days', '2026-11-24T09:00', 2, '2026-11-27T00:00'],
    ['late in the evening in Vietnam it is still the same day', '2026-11-24T23:59', 2, '2026-11-27T00:00'],
    ['just after midnight in Vietnam it is the next, though not in UTC', '2026-11-25T00:01', 2, '2026-11-28T00:00'],
    ['over a weekend', '2026-11-26T09:00', 2, '2026-12-01T00:00'],
    ['taken in on a Saturday', '2026-11-28T09:00', 1, '2026-12-01T00:00'],
  ])('%s', (_case, from, days, end) => {
    expect(endOfWorkingDay(vn(from), days, none)).toEqual(vn(end));
  });

  it('do not count holidays', () => {
    expect(endOfWorkingDay(vn('2026-12-31T09:00'), 1, new Set(['2027-01-01']))).toEqual(vn('2027-01-05T00:00'));
  });
});

describe('limits', () => {
  it('hold between their days in Vietnam, and nothing is made up outside them', () => {
    const table: PostalLimits[] = [{ ...limits, validFrom: '2020-01-01', validTo: '2025-12-31' }];
    expect([limitsAt(vn('2025-12-31T23:59'), table), limitsAt(vn('2026-01-01T00:00'), table), limitsAt(vn('2019-12-31T23:59'), table)]).toEqual([table[0], null, null]);
  });
});

describe('attempts at delivery (Thông tư 17/2017 Điều 5.2h)', () => {
  it('one has failed: the next counts two working days later', () => {
    expect(countAttempts('DELIVERY_FAILED', [vn('2026-11-24T10:00')], limits, none)).toEqual({ failed: [vn('2026-11-24T10:00')], nextFrom: vn('2026-11-26T00:00'), returnDue: false });
  });

  it('a second one on the next day is no second attempt', () => {
    expect(countAttempts('DELIVERY_FAILED', [vn('2026-11-25T10:00'), vn('2026-11-24T10:00')], limits, none)).toMatchObject({ failed: [vn('2026-11-24T10:00')], returnDue: false });
  });

  it('two, far enough apart: the papers go back to the agency', () => {
    const failedAt = [vn('2026-11-24T10:00'), vn('2026-11-26T08:00')];
    expect(countAttempts('DELIVERY_FAILED', failedAt, limits, none)).toMatchObject({ returnDue: true, nextFrom: null });
    expect(countAttempts('DELIVERED', failedAt, limits, none)).toMatchObject({ returnDue: false });
    expect(countAttempts('RETURNING', failedAt, limits, none)).toMatchObject({ returnDue: false });
  });
});

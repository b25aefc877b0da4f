import { describe, expect, it } from 'vitest';
import type { PartnerId } from '../../../src/domain/ids.ts';
import type { CallRate } from '../../../src/domain/partner.ts';
import { callRates } from '../../../src/usecases/call-rates.ts';

describe('calls of a partner', () => {
  it('come as fast as its rate, so many at once after a pause, and count for nobody else', () => {
    let at = 0;
    const rates = callRates({ now: () => new Date(at), sleep: () => Promise.reject(new Error('does not sleep')) }, { perSecond: 2, burst: 3 });
    const take = (id: string, callRate?: CallRate) => rates.take({ partnerId: id as PartnerId, keyId: 'k', scopes: new Set(), ...(callRate !== undefined && { callRate }) });
    expect([1, 2, 3].map(() => take('a').isAllowed)).toEqual([true, true, true]);
    expect(take('a')).toMatchObject({ isAllowed: false, remaining: 0, waitMs: 500 });
    expect(take('b')).toMatchObject({ isAllowed: true, remaining: 2 });
    at = 500;
    expect(take('a')).toMatchObject({ isAllowed: true, remaining: 0, waitMs: 0 });
    expect(take('a').isAllowed).toBe(false);
    at = 60_000;
    expect(take('a').remaining).toBe(2);
    at = 1_000; // a clock that is put back gives nothing away
    expect(take('a').remaining).toBe(1);
    expect(take('c', { perSecond: 1, burst: 1 }).remaining).toBe(0);
  });
});

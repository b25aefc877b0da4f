import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemChance, uuidVersion7 } from '../../../src/wiring/chance.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import { frozenClock } from '../../support/clock.ts';

describe('uuidVersion7', () => {
  it('gives the example of RFC 9562 appendix A.6', () => {
    // rand_a 0xCC3, rand_b 0x18C4DC0C0C07398F
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidVersion7(new Date('2022-02-22T19:22:22.000Z'), random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('sorts by time as text (RFC 9562 §6.11)', () => {
    const clock = frozenClock('2026-11-24T00:00:00Z');
    const chance = systemChance(clock);
    const ids = Array.from({ length: 50 }, () => {
      clock.advance(1);
      return chance.uuid();
    });
    expect([...ids].sort()).toEqual(ids);
  });

  it('ascends within a millisecond, past the end of its counter, and when the clock goes back (RFC 9562 §6.2)', () => {
    const clock = frozenClock('2026-11-24T00:00:00Z');
    const chance = systemChance(clock);
    const ids = Array.from({ length: 10_000 }, (_, index) => {
      if (index === 5_000) clock.advance(-60_000);
      return chance.uuid();
    });
    expect([...new Set(ids)].sort()).toEqual(ids);
  });

  it('always has version 7 and variant 10 (RFC 9562 §5.7)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), fc.date({ min: new Date(0), max: new Date(2 ** 48 - 1), noInvalidDate: true }), (random, at) => {
        expect(uuidVersion7(at, random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });
});

describe('systemChance', () => {
  it('gives bytes of the length asked, different each time, and fractions below one', () => {
    const chance = systemChance(systemClock);
    expect(chance.bytes(32)).toHaveLength(32);
    expect(chance.bytes(32)).not.toEqual(chance.bytes(32));
    const fractions = Array.from({ length: 100 }, () => chance.fraction());
    expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
    expect(new Set(fractions).size).toBe(100);
  });
});

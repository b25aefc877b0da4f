import { describe, expect, it } from 'vitest';
import { bulkhead } from '../../../src/usecases/bulkhead.ts';

describe('a bulkhead', () => {
  it('lets in as many as usual, or as many as a target has of its own, which may change meanwhile', () => {
    let own = 1;
    const places = bulkhead(3, (target) => (target === 'slow' ? own : undefined));
    const entered = (target: string, times: number): number => Array.from({ length: times }, () => places.enter(target)).filter(Boolean).length;
    expect([entered('slow', 5), entered('quick', 5)]).toEqual([1, 3]);
    expect(places.passBy()).toEqual(['slow', 'quick']);
    own = 2;
    expect(places.passBy()).toEqual(['quick']);
    expect(entered('slow', 5)).toBe(1);
    own = 1; // those inside stay
    places.leave('slow');
    expect(entered('slow', 1)).toBe(0);
    places.leave('slow');
    expect(entered('slow', 2)).toBe(1);
  });
});

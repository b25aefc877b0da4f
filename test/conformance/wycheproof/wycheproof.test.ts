import { describe, expect, it } from 'vitest';
import { requireVectors } from '../../support/vectors.ts';
import { testTable } from '../table.ts';
import { outcomes } from './suite.ts';

const present = requireVectors('wycheproof');
const cases = present ? outcomes() : [];

testTable({ name: 'wycheproof', vectors: 'wycheproof', outcomes: () => cases, total: 13_223, groupOf: (id) => id.slice(0, id.indexOf('#')) });

describe.skipIf(!present)('weak algorithms', () => {
  it('flags every SHA-1 signature as weak, right or wrong, and no other (ETSI TS 119 312 §5)', () => {
    expect(cases.filter(({ weak, shouldBeWeak }) => weak !== shouldBeWeak).map(({ id }) => id)).toEqual([]);
    expect(cases.some(({ weak }) => weak)).toBe(true);
  });
});

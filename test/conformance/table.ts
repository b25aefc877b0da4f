import { describe, expect, it } from 'vitest';
import { requireVectors } from '../support/vectors.ts';
import { readDeviations, sumUp, type CaseOutcome, type Deviation } from './suite.ts';

export interface Table {
  readonly name: string;
  /** Folder in the vectors. */
  readonly vectors: string;
  readonly outcomes: () => readonly CaseOutcome[];
  /** Cases the set is known to have: fewer would mean that some were not found. */
  readonly total: number;
  /** One test per this part of the id; default: the id. */
  readonly groupOf?: (id: string) => string;
}

/** Every case of a suite as a test named by its id; a listed deviation must still differ. */
export function testTable({ name, vectors, outcomes, total, groupOf = (id) => id }: Table): void {
  const present = requireVectors(vectors);
  describe.skipIf(!present)(`conformance: ${name}`, () => {
    const all = present ? outcomes() : [];
    const listed = readDeviations(name);
    it(`has all of its ${total} cases`, () => {
      expect(all.length).toBe(total);
    });
    for (const [group, cases] of groups(all, groupOf)) {
      const reason = cases.every(({ skipped }) => skipped !== undefined) ? cases[0]?.skipped : undefined;
      it.skipIf(reason !== undefined)(`${group}${reason === undefined ? '' : `: ${reason}`}`, () => {
        expect(faultsOf(cases, listed)).toEqual([]);
      });
    }
    it('lists no deviation that agrees', () => {
      expect(sumUp(all, listed).faults).toEqual([]);
    });
  });
}

function faultsOf(cases: readonly CaseOutcome[], listed: readonly Deviation[]): readonly string[] {
  const ids = new Set(cases.map(({ id }) => id));
  return sumUp(cases, listed.filter(({ id }) => ids.has(id))).faults;
}

function groups(outcomes: readonly CaseOutcome[], groupOf: (id: string) => string): Map<string, CaseOutcome[]> {
  const map = new Map<string, CaseOutcome[]>();
  for (const outcome of outcomes) {
    const group = groupOf(outcome.id);
    const list = map.get(group);
    if (list === undefined) map.set(group, [outcome]);
    else list.push(outcome);
  }
  return map;
}

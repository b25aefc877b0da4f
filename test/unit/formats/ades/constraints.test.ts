import { describe, expect, it } from 'vitest';
import { loadPolicy, POLICY_NAMES } from '../../../../certs/policy/load-policy.ts';
import { applyConstraints, CONSTRAINT_LEVELS, CONSTRAINTS, type ConstraintFinding, type ConstraintLevel, type ConstraintName, type Constraints } from '../../../../src/formats/ades/constraints.ts';

const NAMES = Object.keys(CONSTRAINTS) as ConstraintName[];
const all = (level: ConstraintLevel): Constraints => Object.fromEntries(NAMES.map((name) => [name, level])) as Constraints;
const broken = (name: ConstraintName): ConstraintFinding => ({ name, kept: false, detail: `${name} is broken` });

describe('applyConstraints (EN 319 102-1 §5.1.4)', () => {
  it.each<[ConstraintLevel, unknown]>([
    ['FAIL', { subIndication: 'TIMESTAMP_ORDER_FAILURE', warnings: [], checks: [{ name: 'timestamp-order', status: 'failed', detail: 'timestamp-order is broken' }] }],
    ['WARN', { subIndication: null, warnings: ['timestamp-order is broken'], checks: [{ status: 'warning' }] }],
    ['INFORM', { subIndication: null, warnings: [], checks: [{ status: 'skipped', detail: 'not asked for by the policy: timestamp-order is broken' }] }],
    ['IGNORE', { subIndication: null, warnings: [], checks: [] }],
  ])('%s has its own effect on verdict, warnings and check', (level, effect) => {
    expect(applyConstraints(all(level), [broken('timestamp-order')])).toMatchObject(effect as object);
  });

  it('says of a constraint that is kept that it passed, and names the first that fails', () => {
    const kept: ConstraintFinding = { name: 'trusted-time', kept: true, detail: 'proven' };
    expect(applyConstraints(all('FAIL'), [kept])).toMatchObject({ subIndication: null, warnings: [], checks: [{ status: 'passed', detail: 'proven' }] });
    expect(applyConstraints(all('FAIL'), [kept, broken('signature-policy'), broken('signed-attributes')]).subIndication).toBe('SIGNATURE_POLICY_NOT_AVAILABLE');
    expect(applyConstraints(all('FAIL'), [{ ...broken('algorithms'), subIndication: 'CRYPTO_CONSTRAINTS_FAILURE' }]).subIndication).toBe('CRYPTO_CONSTRAINTS_FAILURE');
  });

  it.each(POLICY_NAMES)('the policy %s gives every constraint a level, weak algorithms and disordered time-stamps FAIL', (name) => {
    const { constraints } = loadPolicy(name);
    expect(Object.keys(constraints).sort()).toEqual([...NAMES].sort());
    expect(Object.values(constraints).every((level) => CONSTRAINT_LEVELS.includes(level))).toBe(true);
    expect(constraints).toMatchObject({ algorithms: 'FAIL', 'timestamp-order': 'FAIL' });
  });
});

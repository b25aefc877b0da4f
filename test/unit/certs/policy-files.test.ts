import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy, loadPolicyFile, POLICY_NAMES } from '../../../certs/policy/load-policy.ts';
import { PROJECT_ROOT } from '../../support/vectors.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'lienthong-policy-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function own(change: Record<string, unknown>): string {
  const path = join(folder, 'own.json');
  const base = JSON.parse(readFileSync(join(PROJECT_ROOT, 'certs/policy/default.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...base, id: 'own', ...change }));
  return path;
}

describe('policy files', () => {
  it.each(POLICY_NAMES)('%s signs nothing while revocation cannot be checked (Circular 15/2025/TT-BKHCN art. 5)', (name) => {
    expect(loadPolicy(name).signing).toMatchObject({ revocationUnavailable: 'refuse' });
  });

  it('has RSA keys sign with PSS where Vietnam’s list asks for it (Circular 15/2025/TT-BKHCN Annex I)', () => {
    expect(POLICY_NAMES.map((name) => [name, loadPolicy(name).signing.rsaScheme])).toEqual(expect.arrayContaining([['vietnam', 'pss'], ['default', 'pkcs1']]));
  });

  it('of an operator’s own may permit it, and have another digest', () => {
    const policy = loadPolicyFile(own({ signing: { revocationUnavailable: 'warn' } }));
    expect(policy).toMatchObject({ id: 'own', signing: { revocationUnavailable: 'warn' } });
    expect(policy.sha256).not.toBe(loadPolicyFile(own({})).sha256);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown answer', { signing: { revocationUnavailable: 'ignore' } }],
    ['an unknown field', { signing: { revocationUnavailable: 'warn', also: 1 } }],
    ['another unknown field', { signng: {} }],
    ['an unknown constraint', { constraints: { ...loadPolicy('default').constraints, 'trusted-tme': 'FAIL' } }],
    ['a constraint that has no level', { constraints: Object.fromEntries(Object.entries(loadPolicy('default').constraints).slice(1)) }],
    ['an unknown level', { constraints: { ...loadPolicy('default').constraints, 'trusted-time': 'fail' } }],
    ['integrity as a constraint', { constraints: { ...loadPolicy('default').constraints, 'signature-value': 'IGNORE' } }],
    ['no constraints', { constraints: undefined }],
  ])('are refused with %s', (_, change) => {
    expect(() => loadPolicyFile(own(change))).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

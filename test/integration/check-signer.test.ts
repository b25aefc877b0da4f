import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, revokeIdentity } from '../../certs/dev/create-dev-pki.ts';
import type { DevIdentity } from '../../certs/dev/identity.ts';
import { issueOddSigner, type OddSigner } from '../../certs/dev/odd-signers.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createHttpRevocationSource } from '../../connectors/revocation-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import { validationPolicy, type ValidationPolicy } from '../../src/formats/ades/policy.ts';
import { checkSigner, type CheckedSigner, type CheckSignerRequest } from '../../src/usecases/check-signer.ts';
import { createSignerCheck } from '../../src/usecases/signer-check.ts';
import { createRevocationCollector, type RevocationCollector } from '../../src/usecases/collect-revocation.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { outboundAgent } from '../../src/wiring/outbound-http.ts';
import { frozenClock } from '../support/clock.ts';

const NOW = new Date();
const clock = frozenClock(NOW);
const agent = outboundAgent({ allow: ['127.0.0.1'] });
const policy = validationPolicy(loadPolicy('default'));
const permitting: ValidationPolicy = { ...policy, signing: { ...policy.signing, revocationUnavailable: 'warn' } };

let server: SandboxPki;
const newCollector = (): RevocationCollector => createRevocationCollector({ source: createHttpRevocationSource({ dispatcher: agent, totalTimeoutMs: 1_000 }), clock, chance: systemChance(clock) });

beforeAll(async () => {
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: NOW, baseUrl }), now: () => NOW });
});
afterAll(async () => {
  await agent.destroy();
  await server.close();
});
afterEach(() => Object.assign(server.faults, { ocsp: null, crl: null, ca: null }));

function check(identity: Pick<DevIdentity, 'chainDer'>, request: Partial<CheckSignerRequest> = {}, collector: RevocationCollector | null = newCollector(), anchorDer = server.pki.root.identity.certificateDer): Promise<CheckedSigner> {
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: anchorDer, set: 'dev' }]) };
  return checkSigner({ trustStore, clock, collector: collector ?? undefined }, { chainDer: identity.chainDer, policy, digestAlgorithm: 'sha256', ...request });
}

describe('checkSigner, before a key is used (Circular 15/2025/TT-BKHCN art. 5)', () => {
  it('passes an officer whose path and status are good, and tells what was relied on', async () => {
    const checked = await check(server.pki.officer);
    expect(checked).toMatchObject({ status: 'good', warnings: [], checkedAt: NOW, policy: { id: policy.id, sha256: policy.sha256 } });
    expect(checked.chain.map(({ anchor }) => anchor)).toEqual([false, false, true]);
    expect(checked.revocation.map(({ status, source, type }) => [status, source, type])).toEqual([['good', 'fetched', 'ocsp'], ['good', 'fetched', 'ocsp']]);
  });

  it.each<[OddSigner, string]>([
    ['expired', 'CERTIFICATE_EXPIRED'],
    ['not-yet-valid', 'CERTIFICATE_NOT_YET_VALID'],
    ['wrong-usage', 'CERTIFICATE_USAGE'],
    ['tls-server', 'CERTIFICATE_USAGE'],
    ['revoked', 'CERTIFICATE_REVOKED'],
    ['suspended', 'CERTIFICATE_REVOKED'],
    ['self-signed', 'CERTIFICATE_CHAIN'],
  ])('refuses a signer that is %s', async (odd, code) => {
    const identity = await issueOddSigner(server.pki, odd, NOW);
    await expect(check(identity)).rejects.toMatchObject({ name: 'GatewayError', code });
    await expect(check(identity, { policy: permitting })).rejects.toMatchObject({ code });
  });

  it('finds the issuer of a key that came without its chain (RFC 5280 §4.2.2.1)', async () => {
    const { certificateDer } = server.pki.officer;
    expect(await check({ chainDer: [certificateDer] })).toMatchObject({ status: 'good' });
    server.faults.ca = { kind: 'hang' };
    const refused = check({ chainDer: [certificateDer] });
    await expect(refused).rejects.toMatchObject({ code: 'CERTIFICATE_CHAIN' });
    await expect(refused).rejects.toThrow(/\/ca\/issuing\.crt: The server gave no whole answer/);
  });

  it('refuses a path to an anchor that is not trusted for signers', async () => {
    await expect(check(server.pki.officer, {}, newCollector(), server.pki.seal.certificateDer)).rejects.toMatchObject({ code: 'CERTIFICATE_CHAIN' });
  });

  it.each<[string, RevocationCollector | null | undefined]>([['unreachable', undefined], ['not looked for', null]])('refuses when revocation is %s, unless the policy permits and it is recorded', async (_, collector) => {
    Object.assign(server.faults, { ocsp: { kind: 'reset' }, crl: { kind: 'status', status: 503 } });
    await expect(check(server.pki.officer, {}, collector)).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE', retryable: true });
    const checked = await check(server.pki.officer, { policy: permitting }, collector);
    expect(checked).toMatchObject({ status: 'unavailable' });
    expect(checked.warnings.join()).toContain(collector === null ? 'no usable revocation information' : `Revocation could not be checked: ${server.url}/ocsp: `);
  });

  it('refuses what the policy refuses of algorithms (ETSI TS 119 312)', async () => {
    const file = loadPolicy('default');
    const onlyEc = { ...file.algorithms, keys: file.algorithms.keys.filter(({ type }) => type === 'EC') };
    await expect(check(server.pki.officer, { policy: validationPolicy({ ...file, algorithms: onlyEc }) })).rejects.toMatchObject({ code: 'ALGORITHM_UNSUPPORTED' });
  });

  it('refuses everybody below a revoked CA (RFC 5280 §6.3)', async () => {
    const other = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: NOW, baseUrl }), now: () => NOW });
    try {
      revokeIdentity(other.pki, other.pki.issuing.identity, new Date(NOW.getTime() - 1_000), 'cACompromise');
      await expect(check(other.pki.officer, {}, newCollector(), other.pki.root.identity.certificateDer)).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    } finally {
      await other.close();
    }
  });
});

describe('createSignerCheck', () => {
  it('lets one good check do for a minute, and no refusal for longer than it lasts', async () => {
    const trustStore = { anchors: () => Promise.resolve([{ certificateDer: server.pki.root.identity.certificateDer, set: 'dev' }]) };
    const moving = frozenClock(NOW);
    const fresh = createRevocationCollector({ source: createHttpRevocationSource({ dispatcher: agent }), clock: moving, chance: systemChance(moving) });
    const ask = createSignerCheck({ trustStore, clock: moving, collector: fresh });
    const request = { chainDer: server.pki.officer.chainDer, policy, digestAlgorithm: 'sha256' } as const;
    Object.assign(server.faults, { ocsp: { kind: 'reset' }, crl: { kind: 'reset' } });
    await expect(ask(request)).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE' });
    Object.assign(server.faults, { ocsp: null, crl: null });
    moving.advance(30_000);
    const first = await ask(request);
    expect(first.status).toBe('good');
    moving.advance(59_999);
    expect(await ask(request)).toBe(first);
    moving.advance(1);
    expect(await ask(request)).not.toBe(first);
    expect(await ask({ ...request, digestAlgorithm: 'sha384' })).not.toBe(first);
    moving.advance(10 * 365 * 86_400_000);
    await expect(ask(request)).rejects.toMatchObject({ code: 'CERTIFICATE_EXPIRED' });
  });
});

import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPkcs11 } from '../../connectors/key-pkcs11/module.ts';
import { SANDBOX_CLIENT, startSandboxCsc, type SandboxCsc } from '../../sandbox/csc/start.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { addKeyElsewhere, changeKeySecret, grantKey, removeKey, resetPinGuard } from '../../src/usecases/administer-keys.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { cscSecretsBytes } from '../../src/wiring/key-secrets.ts';
import { tablesHolding } from '../support/canary.ts';
import { testCa, testIdentity } from '../support/certificates.ts';
import { eventually } from '../support/eventually.ts';
import { askRaw, startTestGateway, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { remoteToken, type RemoteToken } from '../support/p11-kit-server.ts';
import { pdfsigVerdicts, samplePdf } from '../support/pdf.ts';
import { softHsm, type SoftHsm } from '../support/softhsm.ts';
import { required, requireTool } from '../support/tools.ts';

/** Keys in devices and at remote services, used through POST /v1/signatures as another agency's system would. */

const ACTOR = 'operator:test';
const lines: string[] = [];
const log = createLog({ level: 'trace', write: (line) => lines.push(line) });
let gateway: TestGateway;
let land: TestPartner;
let bytes: Uint8Array;

const ports = () => ({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) });

interface Asked {
  readonly status: number;
  readonly pdf: Buffer;
  readonly problem: Partial<Problem>;
}

async function sign(keyId: string, parts: Readonly<Record<string, string>> = {}, options: object = {}): Promise<Asked> {
  const body = new FormData();
  body.set('options', JSON.stringify({ keyId, ...options }));
  for (const [name, value] of Object.entries(parts)) body.set(name, value);
  body.set('document', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), 'a.pdf');
  const response = await askRaw(gateway.url, '/v1/signatures', { token: land.token, body });
  const answer = Buffer.from(await response.arrayBuffer());
  return { status: response.status, pdf: answer, problem: response.ok ? {} : (JSON.parse(answer.toString()) as Problem) };
}

const isSigned = ({ status, pdf }: Asked): boolean => status === 200 && pdfsigVerdicts(pdf).every(({ valid }) => valid);

const hasDevices = requireTool('softhsm2-util') && requireTool('pkcs11-tool') && requireTool('p11-kit') && required(hasPkcs11(), 'pkcs11js');
const judges = requireTool('pdfsig');

describe.skipIf(!hasDevices || !judges)('a key in a device', () => {
  const ca = testCa();
  const officer = testIdentity({ issuer: ca });
  let hsm: SoftHsm;
  let remote: RemoteToken;
  const before = { ...process.env };

  beforeAll(async () => {
    hsm = softHsm();
    hsm.add(officer, 'can-bo', '01');
    remote = remoteToken(hsm);
    await remote.start();
    Object.assign(process.env, hsm.environment, remote.environment);
    bytes = await samplePdf();
    gateway = await startTestGateway({ log });
    land = await gateway.addPartner('land-registry');
  });
  afterAll(async () => {
    await gateway.close();
    await remote.kill();
    hsm.remove();
    for (const name of ['SOFTHSM2_CONF', 'P11_KIT_SERVER_ADDRESS']) {
      const value = before[name];
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });

  const withoutPin = (uri: string): string => uri.replace(/&pin-source=.*/, '');
  async function add(name: string, uri: string, pin: string, scheme: 'pkcs1' | 'pss' = 'pss'): Promise<KeyId> {
    const id = name as KeyId;
    await addKeyElsewhere(ports(), ACTOR, { id, purpose: 'document', scheme, chainDer: [officer.certificateDer, ca.certificateDer], picturePng: null, place: { kind: 'pkcs11', uri: withoutPin(uri) }, secret: Buffer.from(pin) });
    await grantKey(ports(), ACTOR, land.id, id);
    return id;
  }

  it('signs with its sealed PIN for whom it is granted to, and every use is on record', async () => {
    const id = await add('device', hsm.uri('id=%01'), hsm.pin);
    expect(isSigned(await sign(id))).toBe(true);
    expect((await sign(id, {}, { scheme: 'pkcs1' })).problem).toMatchObject({ code: 'ALGORITHM_UNSUPPORTED' });
    expect(await gateway.fresh.records.keys.uses(id)).toEqual({ signed: 1, failed: 0, unknown: 0 });
    await removeKey(ports(), ACTOR, id);
    expect((await sign(id)).problem).toMatchObject({ code: 'KEY_NOT_GRANTED' });
    expect(await gateway.fresh.records.keys.find(id)).toMatchObject({ secretSealed: null });
  });

  it('lost is a typed, retryable error, and signs within 10 s of its return', async () => {
    const id = await add('distant', remote.uri('id=%01'), hsm.pin);
    expect(isSigned(await sign(id))).toBe(true);
    await remote.kill();
    const lost = await sign(id);
    expect({ status: lost.status, ...lost.problem }).toMatchObject({ status: 503, code: 'SIGNER_UNAVAILABLE', retryable: true });
    await remote.start();
    expect(isSigned(await eventually(() => sign(id), ({ status }) => status === 200, 10_000))).toBe(true);
  }, 40_000);

  it('with a wrong PIN is tried twice and then by nobody, until it is put right and an operator says so', async () => {
    const wrong = String(randomInt(10_000_000, 99_999_999));
    // Another way to name the token is a process of its own, not yet logged in.
    const id = await add('mistyped', hsm.uri('object=can-bo').replace('token=', 'manufacturer=SoftHSM%20project;token='), wrong);
    for (let index = 0; index < 3; index += 1) expect((await sign(id)).problem).toMatchObject({ code: 'HSM_LOGIN_FAILED', retryable: false });
    const [stopped] = await gateway.fresh.pinGuard.failures();
    expect(stopped).toMatchObject({ failures: 2 });
    await changeKeySecret(ports(), ACTOR, id, Buffer.from(hsm.pin));
    expect((await sign(id)).problem).toMatchObject({ code: 'HSM_LOGIN_FAILED' });
    expect(await resetPinGuard(ports(), ACTOR, stopped?.token ?? '')).toBe(true);
    expect(isSigned(await sign(id))).toBe(true);
    expect((await gateway.fresh.records.audit.of(`pin-guard:${stopped?.token ?? ''}`, 5)).map(({ action }) => action)).toEqual(['reset-pin-guard']);
    expect(await tablesHolding(gateway.fresh.handle, [hsm.pin, wrong])).toEqual([]);
    expect(lines.join('\n')).not.toMatch(new RegExp(`${hsm.pin}|${wrong}`));
  });
});

describe.skipIf(!judges)('a key at a remote signing service', () => {
  let csc: SandboxCsc;

  beforeAll(async () => {
    csc = await startSandboxCsc();
    Object.assign(csc.settings, { pin: '77112233', otp: '99554411' });
    bytes = await samplePdf();
    gateway = await startTestGateway({ log });
    land = await gateway.addPartner('land-registry');
  });
  afterAll(async () => {
    await gateway.close();
    await csc.close();
  });

  async function add(name: string, credentialId: string, pin: string | null): Promise<KeyId> {
    const id = name as KeyId;
    const [leaf, ...issuers] = csc.credentials.get(credentialId)?.chainDer ?? [];
    if (leaf === undefined) throw new Error(`no credential ${credentialId}`);
    const access = { kind: 'client-credentials', tokenUrl: `${csc.apiUrl}/oauth2/token`, clientId: SANDBOX_CLIENT.clientId } as const;
    const secret = cscSecretsBytes({ access: SANDBOX_CLIENT.clientSecret, pin });
    await addKeyElsewhere(ports(), ACTOR, { id, purpose: 'document', scheme: 'pkcs1', chainDer: [leaf, ...issuers], picturePng: null, place: { kind: 'csc', url: csc.apiUrl, credentialId, access }, secret });
    await grantKey(ports(), ACTOR, land.id, id);
    return id;
  }

  it('signs without questions where the credential asks none', async () => {
    expect(isSigned(await sign(await add('remote-seal', 'con-dau', null)))).toBe(true);
  });

  it('takes the PIN from the sealed record and the one-time password from the request, and keeps neither anywhere', async () => {
    const id = await add('remote-officer', 'can-bo', '77112233');
    expect((await sign(id)).problem).toMatchObject({ code: 'OTP_REQUIRED', origin: 'caller' });
    expect((await sign(id, { otp: '99000000' })).problem).toMatchObject({ code: 'OTP_WRONG', origin: 'caller' });
    const signed = await sign(id, { otp: '99554411' });
    expect(isSigned(signed)).toBe(true);
    expect((await sign(id, { otp: 'Ố' })).problem).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/otp' }] });
    expect(await gateway.fresh.records.keys.uses(id)).toEqual({ signed: 1, failed: 2, unknown: 0 });
    const canaries = ['77112233', '99554411', '99000000', SANDBOX_CLIENT.clientSecret];
    expect(await tablesHolding(gateway.fresh.handle, canaries)).toEqual([]);
    expect(lines.join('\n')).not.toMatch(new RegExp(canaries.join('|')));
    // The canary sings: it finds what is there.
    expect(await tablesHolding(gateway.fresh.handle, ['remote-officer'])).toContain('public.signing_key');
  });

  it('whose certificate changed at the service is not used', async () => {
    const id = await add('remote-changed', 'con-dau', null);
    await gateway.fresh.handle.pool.query(`UPDATE signing_key SET settings = jsonb_set(settings, '{credentialId}', '"can-bo"') WHERE id = $1`, [id]);
    expect((await sign(id)).problem).toMatchObject({ code: 'KEY_MISMATCH' });
  });
});

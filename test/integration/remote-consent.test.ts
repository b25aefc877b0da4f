import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki } from '../../certs/dev/create-dev-pki.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import { SANDBOX_CLIENT, startSandboxCsc, type SandboxCsc } from '../../sandbox/csc/start.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import type { KeyPlace } from '../../src/domain/key-place.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import type { PreparedSignature } from '../../src/formats/api/prepared-signatures.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { addKeyElsewhere, grantKey } from '../../src/usecases/administer-keys.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { cscSecretsBytes } from '../../src/wiring/key-secrets.ts';
import { tablesHolding } from '../support/canary.ts';
import { answerInBrowser } from '../support/consenting.ts';
import { ask, askRaw, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { pdfsigVerdicts, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

/** Keys at a remote signing service that a person opens in a browser (CSC API v2 §8.4, oauth2code), and services that build whole signatures (§11.11). */

const ACTOR = 'operator:test';
const REDIRECT = 'http://127.0.0.1:8099/consent';
const lines: string[] = [];
const log = createLog({ level: 'trace', write: (line) => lines.push(line) });
const judges = requireTool('pdfsig');
let authorities: SandboxPki;
let csc: SandboxCsc;
let gateway: TestGateway;
let land: TestPartner;
let bytes: Uint8Array;

beforeAll(async () => {
  authorities = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  csc = await startSandboxCsc();
  bytes = await samplePdf();
  gateway = await startTestGateway({ log, tsaUrls: [`${authorities.url}/tsa`] });
  land = await gateway.addPartner('land-registry');
  await add('leader', 'lanh-dao');
  await add('remote-seal', 'con-dau', { signs: 'documents' });
});
afterEach(() => {
  for (const call of Object.keys(csc.faults)) delete csc.faults[call as keyof typeof csc.faults];
  csc.settings.signsHashes = true;
});
afterAll(async () => {
  await gateway.close();
  await csc.close();
  await authorities.close();
});

async function add(name: string, credentialId: string, more: Partial<KeyPlace & { kind: 'csc' }> = {}): Promise<void> {
  const ports = { ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) };
  const [leaf, ...issuers] = csc.credentials.get(credentialId)?.chainDer ?? [];
  if (leaf === undefined) throw new Error(`no credential ${credentialId}`);
  const access = { kind: 'client-credentials', tokenUrl: `${csc.apiUrl}/oauth2/token`, authorizeUrl: `${csc.apiUrl}/oauth2/authorize`, clientId: SANDBOX_CLIENT.clientId } as const;
  const secret = cscSecretsBytes({ access: SANDBOX_CLIENT.clientSecret, pin: null });
  await addKeyElsewhere(ports, ACTOR, { id: name as KeyId, purpose: 'document', scheme: 'pkcs1', chainDer: [leaf, ...issuers], picturePng: null, place: { kind: 'csc', url: csc.apiUrl, credentialId, access, ...more }, secret });
  await grantKey(ports, ACTOR, land.id, name as KeyId);
}

function form(options: object): FormData {
  const body = new FormData();
  body.set('options', JSON.stringify(options));
  body.set('document', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), 'a.pdf');
  return body;
}

const prepare = <Body = PreparedSignature>(options: object = {}): Promise<Answer<Body>> => ask<Body>(gateway.url, '/v1/signatures/prepare', { token: land.token, body: form({ keyId: 'leader', redirectUri: REDIRECT, ...options }) });
const complete = (id: string, json: object, url = gateway.url): Promise<Response> => askRaw(url, `/v1/signatures/${id}/complete`, { token: land.token, json });
const refusal = async (answer: Promise<Response>): Promise<unknown> => (await answer).json();
const sign = (options: object): Promise<Response> => askRaw(gateway.url, '/v1/signatures', { token: land.token, body: form(options) });
const uses = () => gateway.fresh.records.keys.uses('leader' as KeyId);

async function consented(options: object = {}): Promise<{ readonly id: string; readonly code: string }> {
  const { body } = await prepare(options);
  const { url } = await answerInBrowser(body.consentUrl ?? '', 'allow');
  return { id: body.id, code: url.searchParams.get('code') ?? '' };
}

describe.skipIf(!judges)('a key whose holder allows each use in a browser', () => {
  it('signs the hash that the page showed, once the code comes back, and every use is on record', async () => {
    const { status, body } = await prepare({ level: 'B-T', reason: 'Phê duyệt' });
    expect(status).toBe(201);
    const { shown, url } = await answerInBrowser(body.consentUrl ?? '', 'allow');
    expect(shown).toEqual([createHash('sha256').update(Buffer.from(body.signedAttributes, 'base64')).digest('base64')]);
    expect([url.origin + url.pathname, url.searchParams.get('state')]).toEqual([REDIRECT, body.id]);
    const code = url.searchParams.get('code') ?? '';
    const response = await complete(body.id, { code });
    const signed = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('signature-level')).toBe('B-T');
    expect([signed.subarray(0, bytes.length).equals(bytes), pdfsigVerdicts(signed)[0]?.valid]).toEqual([true, true]);
    const again = await complete(body.id, { code });
    expect([again.headers.get('idempotency-replayed'), Buffer.from(await again.arrayBuffer()).equals(signed)]).toEqual(['true', true]);
    expect(await uses()).toEqual({ signed: 1, failed: 0, unknown: 0 });
    expect(await refusal(complete(body.id, { code: 'another' }))).toMatchObject({ code: 'PREPARED_SIGNATURE_USED' });
  });

  it('is not signed with at once, nor without the holder’s yes', async () => {
    expect(await refusal(sign({ keyId: 'leader' }))).toMatchObject({ code: 'CONSENT_REQUIRED', origin: 'caller', retryable: false });
    const { body } = await prepare();
    const { url } = await answerInBrowser(body.consentUrl ?? '', 'deny');
    expect([url.searchParams.get('error'), url.searchParams.get('code')]).toEqual(['access_denied', null]);
    const before = csc.made;
    expect(await refusal(complete(body.id, { code: 'guessed' }))).toMatchObject({ code: 'CONSENT_REFUSED', origin: 'caller' });
    expect(await refusal(complete(body.id, { value: 'AAAA' }))).toMatchObject({ code: 'REQUEST_INVALID' });
    expect(csc.made).toBe(before);
  });

  it('does not sign one document with the consent for another (RFC 7636 §4.6), which uses nothing up', async () => {
    const [one, other] = [await consented(), await consented({ reason: 'khác' })];
    const before = csc.made;
    expect(await refusal(complete(one.id, { code: other.code }))).toMatchObject({ code: 'CONSENT_REFUSED' });
    expect(csc.made).toBe(before);
    expect((await complete(one.id, { code: one.code })).status).toBe(200);
  });

  it.each([
    ['sign-hash', 'other-hash', 'SIGNATURE_VALUE_WRONG'],
    ['sign-hash', 'other-key', 'SIGNATURE_VALUE_WRONG'],
    ['sign-hash', 'one-fewer', 'SIGNER_UNAVAILABLE'],
    ['sign-hash', 'refuse', 'HSM_LOGIN_FAILED'],
    ['token', 'refuse', 'CONSENT_REFUSED'],
    ['token', 'status', 'SIGNER_UNAVAILABLE'],
    ['token', 'html', 'SIGNER_UNAVAILABLE'],
    ['token', 'reset', 'SIGNER_UNAVAILABLE'],
  ] as const)('releases nothing when %s answers with %s: %s', async (call, fault, code) => {
    const asked = await consented();
    csc.faults[call] = fault;
    expect(await refusal(complete(asked.id, { code: asked.code }))).toMatchObject({ code });
    const { rows } = await gateway.fresh.handle.pool.query('SELECT used_at FROM prepared_signature WHERE id = $1', [asked.id]);
    expect(rows).toEqual([{ used_at: null }]);
  });

  it('keeps neither code nor verifier in the open, and survives a restart', async () => {
    const asked = await consented();
    const second = await startTestGateway({ log, beside: gateway });
    try {
      expect((await complete(asked.id, { code: asked.code }, second.url)).status).toBe(200);
    } finally {
      await second.close();
    }
    const canaries = [asked.code, SANDBOX_CLIENT.clientSecret];
    expect(await tablesHolding(gateway.fresh.handle, canaries)).toEqual([]);
    expect(lines.join('\n')).not.toMatch(new RegExp(canaries.join('|')));
  });

  it('is prepared only so: with its own way back, and no other key', async () => {
    expect((await prepare<Problem>({ redirectUri: 'http://elsewhere.example/' })).body).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/options/redirectUri' }] });
    expect((await prepare<Problem>({ redirectUri: undefined })).body).toMatchObject({ code: 'REQUEST_INVALID' });
    expect((await prepare<Problem>({ keyId: 'remote-seal' })).body).toMatchObject({ code: 'KEY_UNSUPPORTED' });
    expect((await prepare<Problem>({ keyId: 'not-mine' })).body).toMatchObject({ code: 'KEY_NOT_GRANTED' });
  });
});

describe.skipIf(!judges)('a service that builds whole signatures (signatures/signDoc)', () => {
  it.each(['B-B', 'B-T'] as const)('gives the CMS, which is checked, stamped and put into its place: %s', async (level) => {
    csc.settings.signsHashes = false;
    const response = await sign({ keyId: 'remote-seal', level, appearance: 'text', placement: { rect: { x: 300, y: 80, width: 200, height: 80 } } });
    const signed = Buffer.from(await response.arrayBuffer());
    expect([response.status, response.headers.get('signature-level'), pdfsigVerdicts(signed)[0]?.valid]).toEqual([200, level, true]);
    const body = new FormData();
    body.set('document', new Blob([new Uint8Array(signed)]), 'a.pdf');
    const report = await ask<ValidationReport>(gateway.url, '/v1/verifications', { token: land.token, body });
    expect(report.body.signatures).toMatchObject([{ format: 'PAdES', level, integrity: 'intact', coverage: { extent: 'file' } }]);
  });

  it.each([
    ['other-hash', 'SIGNATURE_VALUE_WRONG'],
    ['other-key', 'SIGNATURE_VALUE_WRONG'],
    ['not-baseline', 'SIGNATURE_VALUE_WRONG'],
    ['one-fewer', 'SIGNER_UNAVAILABLE'],
  ] as const)('releases nothing when it answers with %s', async (fault, code) => {
    csc.faults['sign-doc'] = fault;
    expect(await refusal(sign({ keyId: 'remote-seal' }))).toMatchObject({ code });
  });

  it('is not asked for what it would not sign', async () => {
    const before = csc.made;
    expect(await refusal(sign({ keyId: 'remote-seal', commitment: 'approval' }))).toMatchObject({ code: 'KEY_UNSUPPORTED' });
    expect(csc.made).toBe(before);
  });
});

import { randomUUID, sign as signBytes, constants, type KeyObject } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawHandwriting } from '../../sandbox/papers/handwriting.ts';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { PreparedSignature } from '../../src/formats/api/prepared-signatures.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { ask, askRaw, startTestGateway, type Answer, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { testIdentity } from '../support/certificates.ts';
import { pdfsigVerdicts, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

/** POST /v1/signatures/prepare and /complete, with the key in this test's hands as it would be on a clerk's token. */

let pki: DevPki;
let authorities: SandboxPki;
let gateway: TestGateway;
let land: TestPartner;
let portal: TestPartner;
let trust: string;

beforeAll(async () => {
  authorities = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  pki = authorities.pki;
  trust = mkdtempSync(join(tmpdir(), 'lienthong-two-step-'));
  writeFileSync(join(trust, 'root.pem'), pemOf('CERTIFICATE', pki.root.identity.certificateDer));
  gateway = await startTestGateway({ tsaUrls: [`${authorities.url}/tsa`], trust });
  [land, portal] = [await gateway.addPartner('land-registry'), await gateway.addPartner('portal')];
});
afterAll(async () => {
  await gateway.close();
  await authorities.close();
  rmSync(trust, { recursive: true, force: true });
});

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

interface Ask {
  readonly bytes?: Uint8Array;
  readonly options?: object;
  readonly key?: string;
}

async function prepare<Body = PreparedSignature>({ bytes, options = {}, key }: Ask = {}): Promise<Answer<Body>> {
  const [leaf, ...issuers] = pki.officer.chainDer;
  const body = new FormData();
  body.set('options', JSON.stringify({ certificate: base64(leaf ?? new Uint8Array()), chain: issuers.map((der) => pemOf('CERTIFICATE', der)), ...options }));
  body.set('document', new Blob([new Uint8Array(bytes ?? (await samplePdf()))]), 'Quyết định.pdf');
  return ask<Body>(gateway.url, '/v1/signatures/prepare', { token: land.token, body, headers: key === undefined ? {} : { 'idempotency-key': key } });
}

function valueOf({ signedAttributes, signatureAlgorithm }: PreparedSignature, key: KeyObject = pki.officer.privateKey): string {
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return base64(signBytes('sha256', Buffer.from(signedAttributes, 'base64'), { key, ...(signatureAlgorithm.scheme === 'pss' ? pss : {}) }));
}

const complete = (id: string, value: string, token = land.token): Promise<Response> => askRaw(gateway.url, `/v1/signatures/${id}/complete`, { token, json: { value } });
async function refusal(answer: Promise<Response>): Promise<Problem & { readonly status: number }> {
  return (await (await answer).json()) as Problem & { readonly status: number };
}
const pool = () => gateway.fresh.handle.pool;
const judges = requireTool('pdfsig');

describe('signing in two steps', () => {
  it.skipIf(!judges).each([
    ['B-B', 'pkcs1'],
    ['B-T', 'pss'],
    ['B-LTA', 'pkcs1'],
  ] as const)('at %s with %s gives a PDF that others find valid, on the document as it was', async (level, scheme) => {
    const bytes = await samplePdf();
    const { status, body } = await prepare({ bytes, options: { level, scheme, reason: 'Ban hành', appearance: 'text', placement: { page: 1, rect: { x: 300, y: 80, width: 200, height: 80 } } } });
    expect(status).toBe(201);
    expect(body).toMatchObject({ digestAlgorithm: 'sha256', signatureAlgorithm: { scheme } });
    expect(new Date(body.expiresAt).getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    const response = await complete(body.id, valueOf(body));
    expect(response.headers.get('signature-level')).toBe(level);
    const signed = Buffer.from(await response.arrayBuffer());
    expect(signed.subarray(0, bytes.length).equals(bytes)).toBe(true);
    expect(pdfsigVerdicts(signed)[0]).toMatchObject({ valid: true });
    const { rows } = await pool().query<{ result: string; key_id: string; use_id: string | null }>('SELECT result, key_id, use_id FROM signature_evidence WHERE id = $1', [response.headers.get('signature-id')]);
    expect(rows).toMatchObject([{ result: 'signed', key_id: expect.stringMatching(/^certificate-[0-9a-f]{40}$/) as string, use_id: null }]);
  });

  it.skipIf(!judges).each([
    ['officer', { picture: base64(drawHandwriting()) }],
    ['annex', { documentNumber: '123/QĐ-UBND' }],
  ] as const)('shows the appearance %s with what came in the request, and says what is missing', async (appearance, needed) => {
    const options = { appearance, placement: { page: 1, rect: { x: 340, y: 370, width: 147, height: 69 } } };
    expect((await prepare<Problem>({ options })).body).toMatchObject({ code: 'APPEARANCE_INVALID' });
    const { body } = await prepare({ options: { ...options, ...needed } });
    const signed = Buffer.from(await (await complete(body.id, valueOf(body))).arrayBuffer());
    expect(pdfsigVerdicts(signed)).toMatchObject([{ valid: true, wholeDocument: true }]);
    expect(signed.includes(appearance === 'officer' ? '/Subtype/Image' : '/Tinos')).toBe(true);
  });

  it('makes detached CAdES of any bytes, too', async () => {
    const bytes = Buffer.from('không phải PDF');
    const { body } = await prepare({ bytes, options: { format: 'cades' } });
    const cms = Buffer.from(await (await complete(body.id, valueOf(body))).arrayBuffer());
    const form = new FormData();
    form.set('document', new Blob([new Uint8Array(cms)]), 'a.p7s');
    form.set('detached', new Blob([new Uint8Array(bytes)]), 'a');
    const report = await ask<ValidationReport>(gateway.url, '/v1/verifications', { token: land.token, body: form });
    expect(report.body.signatures).toMatchObject([{ format: 'CAdES', integrity: 'intact', indication: 'TOTAL-PASSED' }]);
  });

  it('makes enveloping CAdES at B-LTA, too, and not less', async () => {
    const { body } = await prepare({ bytes: Buffer.from('không phải PDF'), options: { format: 'cades', level: 'B-LTA', packaging: 'enveloping' } });
    const form = new FormData();
    form.set('document', new Blob([new Uint8Array(await (await complete(body.id, valueOf(body))).arrayBuffer())]), 'a.p7m');
    const report = await ask<ValidationReport>(gateway.url, '/v1/verifications', { token: land.token, body: form });
    expect(report.body).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ format: 'CAdES', level: 'B-LTA' }] });
  });

  it.skipIf(!requireTool('openssl'))('takes what openssl pkeyutl makes of the digest', async () => {
    const { body } = await prepare({ options: { scheme: 'pkcs1' } });
    writeFileSync(join(trust, 'key.pem'), pki.officer.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    writeFileSync(join(trust, 'digest'), Buffer.from(body.digest, 'base64'));
    const value = execFileSync('openssl', ['pkeyutl', '-sign', '-inkey', join(trust, 'key.pem'), '-in', join(trust, 'digest'), '-pkeyopt', 'digest:sha256', '-pkeyopt', 'rsa_padding_mode:pkcs1']);
    rmSync(join(trust, 'key.pem'));
    expect((await complete(body.id, base64(value))).status).toBe(200);
  });

  it('refuses a value made for another document or by another key, which uses nothing up; takes the right one, once; repeats its answer', async () => {
    const [one, other] = [(await prepare()).body, (await prepare({ bytes: await samplePdf({ pages: 2 }) })).body];
    expect(await refusal(complete(one.id, valueOf(other)))).toMatchObject({ status: 422, code: 'SIGNATURE_VALUE_WRONG', retryable: false });
    expect(await refusal(complete(one.id, valueOf(one, testIdentity().privateKey)))).toMatchObject({ code: 'SIGNATURE_VALUE_WRONG' });
    const value = valueOf(one);
    const first = await complete(one.id, value);
    const bytes = Buffer.from(await first.arrayBuffer());
    const again = await complete(one.id, value);
    expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
    expect([first.headers.get('idempotency-replayed'), again.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
    expect(await refusal(complete(one.id, valueOf(other)))).toMatchObject({ status: 409, code: 'PREPARED_SIGNATURE_USED' });
    const { rows } = await pool().query('SELECT state_sealed FROM prepared_signature WHERE id = $1', [one.id]);
    expect(rows).toEqual([{ state_sealed: null }]);
  });

  it('releases one document when the value comes five times at once', async () => {
    const { body } = await prepare({ options: { level: 'B-T' } });
    const value = valueOf(body);
    const answers = await Promise.all(Array.from({ length: 5 }, () => complete(body.id, value)));
    expect(new Set(answers.map(({ headers }) => headers.get('document-id'))).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  });

  it('is the caller’s alone, and ends after its time', async () => {
    const { body } = await prepare();
    expect(await refusal(complete(body.id, valueOf(body), portal.token))).toMatchObject({ status: 404, code: 'PREPARED_SIGNATURE_NOT_FOUND' });
    expect(await refusal(complete(randomUUID(), valueOf(body)))).toMatchObject({ status: 404, code: 'PREPARED_SIGNATURE_NOT_FOUND' });
    await pool().query(`UPDATE prepared_signature SET expires_at = now() - interval '1 second' WHERE id = $1`, [body.id]);
    expect(await refusal(complete(body.id, valueOf(body)))).toMatchObject({ status: 410, code: 'PREPARED_SIGNATURE_EXPIRED' });
  });

  it('prepares once for one Idempotency-Key', async () => {
    const [key, bytes] = [randomUUID(), await samplePdf()];
    const [one, two] = [await prepare({ key, bytes }), await prepare({ key, bytes })];
    expect(two.body).toEqual(one.body);
    expect(await prepare<Problem>({ key, bytes, options: { reason: 'khác' } })).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it('survives a restart: the state stands in the database alone', async () => {
    const { body } = await prepare();
    const second = await startTestGateway({ tsaUrls: [`${authorities.url}/tsa`], trust, beside: gateway });
    try {
      const response = await askRaw(second.url, `/v1/signatures/${body.id}/complete`, { token: land.token, json: { value: valueOf(body) } });
      expect(response.status).toBe(200);
      await response.arrayBuffer();
    } finally {
      await second.close();
    }
  });

  it('checks the certificate before it prepares, and names what of the request is none', async () => {
    const stranger = testIdentity();
    expect((await prepare<Problem>({ options: { certificate: base64(stranger.certificateDer), chain: [] } })).body).toMatchObject({ code: 'CERTIFICATE_CHAIN' });
    expect((await prepare<Problem>({ options: { chain: ['AAAA'] } })).body).toMatchObject({ code: 'CERTIFICATE_MALFORMED', errors: [{ pointer: '/options/chain/0' }] });
    expect((await prepare<Problem>({ options: { scheme: 'ecdsa' } })).body).toMatchObject({ code: 'KEY_UNSUPPORTED' });
    expect((await prepare<Problem>({ options: { keyId: 'officer' } })).body).toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

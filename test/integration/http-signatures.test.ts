import { createHash, randomBytes, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, schemeOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { KeyId } from '../../src/domain/ids.ts';
import type { KeyPurpose } from '../../src/domain/signature.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import type { Problem } from '../../src/formats/api/problem.ts';
import { buildTimestampRequest } from '../../src/formats/tsp/request.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { addSigningKey, disableKey, grantKey } from '../../src/usecases/administer-keys.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';
import { frozenClock } from '../support/clock.ts';
import { ask, askRaw, startTestGateway, type Answer, type Ask, type TestGateway, type TestPartner } from '../support/gateway-http.ts';
import { onePagePdf, pdfsigVerdicts, qpdfComplaints, qpdfRewrite, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';

let pki: DevPki;
let authorities: SandboxPki;
let gateway: TestGateway;
let withoutTsa: TestGateway;
let land: TestPartner;
let stranger: TestPartner;
let trust: string;

beforeAll(async () => {
  authorities = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: new Date(), baseUrl }) });
  pki = authorities.pki;
  trust = mkdtempSync(join(tmpdir(), 'lienthong-trust-'));
  writeFileSync(join(trust, 'root.pem'), pemOf('CERTIFICATE', pki.root.identity.certificateDer));
  gateway = await startTestGateway({ tsaUrls: [`${authorities.url}/tsa`], trust, maxDocumentBytes: 4 * 1024 * 1024 });
  withoutTsa = await startTestGateway({ trust });
  land = await gateway.addPartner('land-registry');
  stranger = await gateway.addPartner('stranger');
  await addKey(gateway, 'officer', pki.officer, [land]);
  await addKey(gateway, 'seal', pki.seal, [land], 'seal');
  await addKey(gateway, 'exchange', pki.officer, [], 'exchange');
  await gateway.fresh.records.keys.grant(land.id, 'exchange' as KeyId, new Date()); // from before such a key was granted to nobody
});
afterEach(() => {
  authorities.faults.tsa = null;
});
afterAll(async () => {
  await gateway.close();
  await withoutTsa.close();
  await authorities.close();
  rmSync(trust, { recursive: true, force: true });
});

/** Added while the certificate was valid, as a key that expired since. */
async function addKey(to: TestGateway, name: string, identity: DevIdentity, granted: readonly TestPartner[], purpose: KeyPurpose = 'document', at: Date = new Date()): Promise<void> {
  const ports = { ...to.fresh, clock: frozenClock(at), chance: systemChance(systemClock) };
  const id = name as KeyId;
  await addSigningKey(ports, 'operator:test', { id, purpose, scheme: schemeOf(identity.privateKey), privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, picturePng: null });
  for (const partner of granted) await grantKey(ports, 'operator:test', partner.id, id);
}

interface SignRequest {
  readonly bytes?: Uint8Array;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly token?: string;
  readonly key?: string;
  readonly at?: TestGateway;
}

function form(bytes: Uint8Array, options?: unknown): FormData {
  const data = new FormData();
  if (options !== undefined) data.set('options', JSON.stringify(options));
  data.set('document', new Blob([new Uint8Array(bytes)], { type: 'application/pdf' }), 'Quyết định.pdf');
  return data;
}

async function sign({ bytes, options = {}, token = land.token, key, at = gateway }: SignRequest = {}): Promise<Response> {
  const body = form(bytes ?? (await samplePdf()), { keyId: 'officer', level: 'B-B', ...options });
  return askRaw(at.url, '/v1/signatures', { token, body, headers: key === undefined ? {} : { 'idempotency-key': key } });
}

async function signed(request: SignRequest = {}): Promise<Buffer> {
  const response = await sign(request);
  expect(response.headers.get('content-type')).toBe('application/pdf');
  return Buffer.from(await response.arrayBuffer());
}

async function refused(request: SignRequest): Promise<Problem> {
  const response = await sign(request);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  return (await response.json()) as Problem;
}

const verify = (body: NonNullable<Ask['body']>, headers: Readonly<Record<string, string>> = {}): Promise<Answer<ValidationReport>> => ask<ValidationReport>(gateway.url, '/v1/verifications', { token: land.token, body, headers });
const evidence = async (): Promise<readonly { result: string; detail: { code?: string }; output_sha256: string | null }[]> =>
  (await gateway.fresh.handle.pool.query<{ result: string; detail: { code?: string }; output_sha256: string | null }>('SELECT result, detail, output_sha256 FROM signature_evidence ORDER BY at')).rows;

const judges = requireTool('pdfsig') && requireTool('qpdf');

describe('POST /v1/signatures', () => {
  it.skipIf(!judges)('gives back the PDF as it was, signed at B-T, twice over (pdfsig, qpdf)', async () => {
    const base = await samplePdf({ pages: 2 });
    const response = await sign({ bytes: base, options: { level: 'B-T', reason: 'Ban hành', appearance: 'text', placement: { page: 1, rect: { x: 300, y: 80, width: 200, height: 80 } } } });
    const once = Buffer.from(await response.arrayBuffer());
    expect(once.subarray(0, base.length).equals(base)).toBe(true);
    const twice = await signed({ bytes: once, options: { keyId: 'seal', level: 'B-T' } });
    expect(twice.subarray(0, once.length).equals(once)).toBe(true);
    expect(pdfsigVerdicts(twice)).toEqual([
      { valid: true, wholeDocument: false },
      { valid: true, wholeDocument: true },
    ]);
    expect(qpdfComplaints(twice)).toBe('');
  });

  it('says what it made, keeps evidence of it, and keeps the signed document for sending on', async () => {
    const response = await sign();
    const bytes = Buffer.from(await response.arrayBuffer());
    const sha256 = createHash('sha256').update(bytes);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'signature-level': 'B-B',
      'content-length': String(bytes.length),
      'repr-digest': `sha-256=:${sha256.copy().digest('base64')}:`,
      'content-disposition': expect.stringContaining("filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.signed.pdf") as string,
    });
    expect((await evidence()).at(-1)).toMatchObject({ result: 'signed', output_sha256: sha256.digest('hex') });
    const kept = await askRaw(gateway.url, `/v1/documents/${response.headers.get('document-id')}`, { token: land.token });
    expect(Buffer.from(await kept.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('keeps nothing of the document that was handed in', async () => {
    const base = await samplePdf({ pages: 3 });
    await signed({ bytes: base });
    const sha256 = createHash('sha256').update(base).digest('hex');
    expect(readdirSync(gateway.documentsPath, { recursive: true }).map(String).filter((name) => name.includes(sha256))).toEqual([]);
    expect(readdirSync(join(gateway.documentsPath, 'incoming'))).toEqual([]);
  });

  it('signs once for one Idempotency-Key, and answers the same bytes again', async () => {
    const bytes = await samplePdf();
    const key = randomUUID();
    const before = (await evidence()).length;
    const first = await signed({ bytes, key });
    const again = await sign({ bytes, key });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(Buffer.from(await again.arrayBuffer()).equals(first)).toBe(true);
    expect((await evidence()).length).toBe(before + 1);
    expect(await refused({ bytes: await samplePdf({ pages: 2 }), key })).toMatchObject({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('runs once when the same request comes twice at once: the other waits its turn', async () => {
    const bytes = await samplePdf();
    const key = randomUUID();
    const answers = await Promise.all([sign({ bytes, key }), sign({ bytes, key }), sign({ bytes, key })]);
    const outcomes = await Promise.all(answers.map(async (answer) => (answer.status === 200 ? createHash('sha256').update(Buffer.from(await answer.arrayBuffer())).digest('hex') : ((await answer.json()) as Problem).code)));
    expect(new Set(outcomes.filter((outcome) => outcome !== 'IDEMPOTENCY_IN_PROGRESS')).size).toBe(1);
  });

  it('gives the key back after a failure, so that the same request can succeed later', async () => {
    const bytes = await samplePdf();
    const key = randomUUID();
    authorities.faults.tsa = { kind: 'status', status: 503 };
    expect(await refused({ bytes, key, options: { level: 'B-T' } })).toMatchObject({ status: 503, code: 'TSA_UNAVAILABLE', retryable: true });
    authorities.faults.tsa = null;
    expect((await sign({ bytes, key, options: { level: 'B-T' } })).status).toBe(200);
  });

  it('signs any bytes as detached CAdES on request (EN 319 122-1)', async () => {
    const response = await sign({ bytes: Buffer.from('bất kỳ'), options: { format: 'cades' } });
    expect(response.headers.get('content-type')).toBe('application/pkcs7-signature');
    const signature = Buffer.from(await response.arrayBuffer());
    const body = new FormData();
    body.set('document', new Blob([signature]), 'bat-ky.p7s');
    body.set('detached', new Blob([Buffer.from('bất kỳ')]), 'bat-ky.txt');
    expect((await verify(body)).body).toMatchObject({ signatures: [{ format: 'CAdES', integrity: 'intact' }] });
  });

  it('signs any bytes as enveloping CAdES at B-LTA, found so by the verifier, with the archive time-stamp in the evidence (EN 319 122-1 §4.5, §5.5.3)', async () => {
    const content = await samplePdf(); // a PDF inside is still content
    const response = await sign({ bytes: content, options: { format: 'cades', packaging: 'enveloping', level: 'B-LTA' } });
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'content-type': 'application/pkcs7-mime', 'signature-level': 'B-LTA', 'content-disposition': expect.stringContaining('.p7m') as string });
    const cms = Buffer.from(await response.arrayBuffer());
    expect(cms.includes(content)).toBe(true);
    expect((await verify(form(cms))).body).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ format: 'CAdES', level: 'B-LTA' }] });
    expect((await evidence()).at(-1)).toMatchObject({ result: 'signed', detail: { archiveTimestampAt: expect.any(String) as string, documentTimestampAt: null } });
    expect(await refused({ options: { packaging: 'enveloping' } })).toMatchObject({ status: 422, code: 'REQUEST_INVALID', errors: [{ pointer: '/options/packaging' }] });
  });

  it('locks the form fields it is told to, and a later signature in one of them is refused (ISO 32000-2 §12.8.2.4)', async () => {
    const rect = { x: 40, y: 60, width: 120, height: 60 };
    const locked = await signed({ options: { laterFields: [{ name: 'Dau', page: 1, rect }, { name: 'Khac', page: 1, rect: { ...rect, x: 240 } }], lock: { action: 'Include', fields: ['Dau'] } } });
    expect(await refused({ bytes: locked, options: { field: 'Dau' } })).toMatchObject({ status: 422, code: 'PDF_CHANGE_FORBIDDEN' });
    expect((await sign({ bytes: locked, options: { field: 'Khac' } })).status).toBe(200);
    expect(await refused({ options: { lock: { action: 'Include' } } })).toMatchObject({ status: 422, code: 'REQUEST_INVALID' });
  });

  it('stands on the timeline of the dossier it is made for', async () => {
    const agency = await gateway.addPartner('registry-2', { agencies: ['H57.40'] });
    await addKey(gateway, 'officer-2', pki.officer, [agency]);
    const json = { agencyCode: 'H57.40', procedure: { code: '1', name: 'Thủ tục' }, title: 'Hồ sơ mẫu' };
    const { body: dossier } = await ask<{ code: string }>(gateway.url, '/v1/dossiers', { token: agency.token, json });
    const made = await sign({ token: agency.token, options: { keyId: 'officer-2', dossierCode: dossier.code } });
    expect(made.status).toBe(200);
    const { body } = await ask<{ timeline: { kind: string; data: object }[] }>(gateway.url, `/v1/dossiers/${dossier.code}`, { token: agency.token });
    expect(body.timeline.at(-1)).toMatchObject({ kind: 'signature.made', data: { signatureId: made.headers.get('signature-id') } });
    expect(await refused({ options: { dossierCode: dossier.code } })).toMatchObject({ status: 404, code: 'DOSSIER_NOT_FOUND' });
  });

  it('lists the keys granted, and only those', async () => {
    const mine = await ask<{ keys: { keyId: string; subject: string }[] }>(gateway.url, '/v1/keys', { token: land.token });
    expect(mine.body.keys.map(({ keyId }) => keyId)).toEqual(['exchange', 'officer', 'seal']);
    expect((await ask<{ keys: unknown[] }>(gateway.url, '/v1/keys', { token: stranger.token })).body.keys).toEqual([]);
  });
});

describe('no document leaves below the level asked for', () => {
  it.each([
    ['down', { kind: 'status', status: 500 }, 'TSA_UNAVAILABLE', 503],
    ['cut off', { kind: 'reset' }, 'TSA_UNAVAILABLE', 503],
    ['answering a page', { kind: 'html' }, 'TSA_ANSWER_INVALID', 502],
    ['answering another nonce (RFC 3161 §2.4.2)', { kind: 'wrong-nonce' }, 'TSA_TOKEN_INVALID', 502],
    ['answering for other bytes', { kind: 'wrong-imprint' }, 'TSA_TOKEN_INVALID', 502],
    ['refusing', { kind: 'refuse' }, 'TSA_REFUSED', 502],
  ] as const)('with a time-stamping authority that is %s', async (_, fault, code, status) => {
    authorities.faults.tsa = fault;
    expect(await refused({ options: { level: 'B-T' } })).toMatchObject({ code, status, origin: 'gateway', retryable: true });
    expect((await evidence()).at(-1)).toMatchObject({ result: 'failed', output_sha256: null, detail: { code } });
  });

  it('without any time-stamping authority, and at levels that cannot be made', async () => {
    const partner = await withoutTsa.addPartner('land-registry');
    await addKey(withoutTsa, 'officer', pki.officer, [partner]);
    expect(await refused({ at: withoutTsa, token: partner.token, options: { level: 'B-T' } })).toMatchObject({ status: 501, code: 'TSA_NOT_CONFIGURED', origin: 'gateway' });
    expect(await refused({ at: withoutTsa, token: partner.token, options: { format: 'xades' } })).toMatchObject({ status: 422, code: 'LEVEL_UNSUPPORTED' });
  });
});

describe('levels that last', () => {
  it.each(['B-LT', 'B-LTA'] as const)('signs at %s, found by the verifier to need nobody any more', async (level) => {
    const response = await sign({ options: { level } });
    expect(response.headers.get('signature-level')).toBe(level);
    const { body } = await verify(form(Buffer.from(await response.arrayBuffer())));
    expect(body).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level }] });
    expect(body.signatures[0]?.revocation.map(({ source }) => source)).toEqual(['embedded', 'embedded']);
    expect((await evidence()).at(-1)?.detail).toMatchObject({ documentTimestampAt: level === 'B-LTA' ? (expect.any(String) as string) : null });
  });

  it('uses no key when revocation cannot be had, and says so in a problem', async () => {
    Object.assign(authorities.faults, { ocsp: { kind: 'reset' }, crl: { kind: 'status', status: 503 } });
    const fresh = await startTestGateway({ trust, tsaUrls: [`${authorities.url}/tsa`] });
    try {
      const partner = await fresh.addPartner('land-registry');
      await addKey(fresh, 'officer', pki.officer, [partner]);
      const stamps = authorities.served.tsa;
      expect(await refused({ at: fresh, token: partner.token, options: { level: 'B-LT' } })).toMatchObject({ status: 503, code: 'REVOCATION_UNAVAILABLE', retryable: true });
      expect(authorities.served.tsa).toBe(stamps);
    } finally {
      Object.assign(authorities.faults, { ocsp: null, crl: null });
      await fresh.close();
    }
  });

  it('needs anchors', async () => {
    const untrusting = await startTestGateway({ tsaUrls: [`${authorities.url}/tsa`] });
    try {
      const partner = await untrusting.addPartner('land-registry');
      await addKey(untrusting, 'officer', pki.officer, [partner]);
      expect(await refused({ at: untrusting, token: partner.token, options: { level: 'B-LT' } })).toMatchObject({ status: 501, code: 'TRUST_NOT_CONFIGURED', origin: 'gateway' });
    } finally {
      await untrusting.close();
    }
  });
});

describe('POST /v1/extensions', () => {
  const extend = (bytes: Uint8Array, options: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> => askRaw(gateway.url, '/v1/extensions', { token: land.token, body: form(bytes, options), headers });

  it('raises what was signed at B-B, keeps the result for sending on, and answers the same again for one Idempotency-Key', async () => {
    const base = await signed();
    const key = { 'idempotency-key': randomUUID() };
    const response = await extend(base, { level: 'B-LTA' }, key);
    const raised = Buffer.from(await response.arrayBuffer());
    expect(Object.fromEntries(response.headers)).toMatchObject({ 'signature-level': 'B-LTA', 'content-type': 'application/pdf', 'repr-digest': `sha-256=:${createHash('sha256').update(raised).digest('base64')}:` });
    expect(raised.subarray(0, base.length).equals(base)).toBe(true);
    expect((await verify(form(raised))).body).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA' }] });
    const kept = await askRaw(gateway.url, `/v1/documents/${response.headers.get('document-id')}`, { token: land.token });
    expect(Buffer.from(await kept.arrayBuffer()).equals(raised)).toBe(true);
    const again = await extend(base, { level: 'B-LTA' }, key);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(Buffer.from(await again.arrayBuffer()).equals(raised)).toBe(true);
  });

  it('raises and renews a detached CAdES signature, given what it signs, and writes down with which time-stamp', async () => {
    const content = Buffer.from('bất kỳ');
    const withContent = (cms: Uint8Array, options?: unknown): FormData => {
      const body = form(cms, options);
      body.set('detached', new Blob([content]), 'bat-ky.txt');
      return body;
    };
    const raise = (cms: Uint8Array): Promise<Response> => askRaw(gateway.url, '/v1/extensions', { token: land.token, body: withContent(cms, { level: 'B-LTA' }) });
    let cms = Buffer.from(await (await sign({ bytes: content, options: { format: 'cades' } })).arrayBuffer());
    expect((await (await extend(cms, { level: 'B-LTA' })).json()) as Problem).toMatchObject({ status: 422, code: 'REQUEST_INVALID', detail: expect.stringContaining('“detached”') as string });
    for (const stamps of [1, 2]) {
      const response = await raise(cms);
      expect(Object.fromEntries(response.headers)).toMatchObject({ 'signature-level': 'B-LTA', 'content-type': 'application/pkcs7-signature' });
      cms = Buffer.from(await response.arrayBuffer());
      const { body } = await verify(withContent(cms));
      expect(body).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ format: 'CAdES', level: 'B-LTA' }] });
      expect(body.timestamps.filter(({ type, indication }) => type === 'archive' && indication === 'PASSED')).toHaveLength(stamps);
      const [entry] = await gateway.fresh.records.audit.of(`document:${response.headers.get('document-id')}`, 1);
      expect(entry).toMatchObject({ action: 'extend-document', actor: `partner:${land.id}`, detail: { level: 'B-LTA', outputSha256: createHash('sha256').update(cms).digest('hex'), timestampTokenSha256: expect.any(String) as string } });
    }
    const stray = await askRaw(gateway.url, '/v1/extensions', { token: land.token, body: withContent(await signed(), { level: 'B-T' }) });
    expect((await stray.json()) as Problem).toMatchObject({ code: 'REQUEST_INVALID', errors: [{ pointer: '/detached' }] });
  });

  it.each([
    ['what is not signed', () => samplePdf(), { level: 'B-T' }, 'NOT_SIGNED'],
    ['a field that is not there', () => signed(), { level: 'B-T', field: 'Khác' }, 'PDF_FIELD_NOT_FOUND'],
    ['a level that is none', () => signed(), { level: 'B-B' }, 'REQUEST_INVALID'],
  ] as const)('refuses %s', async (_, make, options, code) => {
    const response = await extend(await make(), options);
    expect((await response.json()) as Problem).toMatchObject({ status: 422, code, origin: 'caller' });
  });
});

describe('default deny: a key that is not granted', () => {
  it.each([
    ['of others', 'officer', () => stranger.token],
    ['that does not exist, told in the same words', 'no-such-key', () => stranger.token],
    ['for another purpose', 'exchange', () => land.token],
  ])('%s signs nothing', async (_, keyId, token) => {
    const problem = await refused({ token: token(), options: { keyId } });
    expect(problem).toMatchObject({ status: 403, code: 'KEY_NOT_GRANTED', origin: 'caller' });
  });

  it('any more, because it was disabled', async () => {
    await addKey(gateway, 'retired', pki.officer, [land]);
    await disableKey({ ...gateway.fresh, clock: systemClock, chance: systemChance(systemClock) }, 'operator:test', 'retired' as KeyId);
    expect(await refused({ options: { keyId: 'retired' } })).toMatchObject({ status: 403, code: 'KEY_NOT_GRANTED' });
  });

  it('with a scheme it does not have is not bent to it', async () => {
    expect(await refused({ options: { keyId: 'seal', scheme: 'pkcs1' } })).toMatchObject({ status: 422, code: 'ALGORITHM_UNSUPPORTED' });
  });

  it('an expired certificate signs nothing (Circular 15/2025 Art. 5)', async () => {
    const expired = await issueOddSigner(pki, 'expired', new Date());
    const whenValid = new Date(Date.parse(new X509Certificate(expired.certificateDer).validFrom) + 60_000);
    await addKey(gateway, 'expired', expired, [land], 'document', whenValid);
    expect(await refused({ options: { keyId: 'expired' } })).toMatchObject({ status: 422, code: 'CERTIFICATE_EXPIRED' });
  });
});

/** Issue 1, bad input: what is wrong with the document is a problem when signing, and an answer when verifying. */
const wrongStartxref = (pdf: Buffer): Buffer => Buffer.from(pdf.toString('latin1').replace(/startxref\n\d+/, 'startxref\n999999'), 'latin1');
const BAD_DOCUMENTS: readonly (readonly [string, () => Promise<Uint8Array>, string])[] = [
  ['not a PDF', () => Promise.resolve(Buffer.from('Đây không phải PDF')), 'PDF_NOT_PDF'],
  ['truncated', async () => (await samplePdf()).subarray(0, 400), 'PDF_BROKEN'],
  ['pointing to a table that is not there', () => Promise.resolve(wrongStartxref(onePagePdf())), 'PDF_BROKEN'],
  ['all zeros', () => Promise.resolve(Buffer.alloc(3 * 1024 * 1024)), 'PDF_NOT_PDF'],
];

describe('a document that is', () => {
  it.each(BAD_DOCUMENTS)('%s is not signed', async (_, make, code) => {
    expect(await refused({ bytes: await make() })).toMatchObject({ status: 422, code, origin: 'caller', retryable: false });
  });

  it.each(BAD_DOCUMENTS)('%s has no verdict but UNREADABLE, or none at all', async (_, make) => {
    const { status, body } = await verify(form(await make()));
    expect(status).toBe(200);
    expect(['UNREADABLE', 'NO-SIGNATURE']).toContain(body.result);
  });

  it.skipIf(!judges)('encrypted (by qpdf) is not signed', async () => {
    const bytes = qpdfRewrite(await samplePdf(), '--encrypt', 'bi-mat', 'khac', '256', '--');
    expect(await refused({ bytes })).toMatchObject({ status: 422, code: 'PDF_ENCRYPTED' });
    expect((await verify(form(bytes))).body).toMatchObject({ result: 'UNREADABLE', error: { code: 'PDF_ENCRYPTED' } });
  });

  it('empty is refused for signing, and unreadable for verifying', async () => {
    expect(await refused({ bytes: Buffer.alloc(0) })).toMatchObject({ status: 422, code: 'DOCUMENT_EMPTY' });
    expect((await verify(form(Buffer.alloc(0)))).body).toMatchObject({ result: 'UNREADABLE', error: { code: 'DOCUMENT_EMPTY' } });
  });

  it('larger than allowed is refused, and nothing of it stays', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024);
    expect(await refused({ bytes: large })).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    expect((await ask(gateway.url, '/v1/documents', { token: land.token, body: large })).body).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    expect((await ask(gateway.url, '/v1/verifications', { token: land.token, body: large })).body).toMatchObject({ status: 413, code: 'BODY_TOO_LARGE' });
    expect(readdirSync(join(gateway.documentsPath, 'incoming'))).toEqual([]);
  });
});

describe('reports in the form asked for', () => {
  const reportAs = (accept: string, language = 'en'): Promise<Response> =>
    signed().then((document) => askRaw(gateway.url, '/v1/verifications', { token: land.token, body: form(document), headers: { accept, 'accept-language': language } }));

  it.each([
    ['text/html', 'text/html; charset=utf-8', '<!doctype html>'],
    ['application/pdf', 'application/pdf', '%PDF-'],
    ['application/xml', 'application/xml; charset=utf-8', '<?xml'],
    ['*/*', 'application/json; charset=utf-8', '{'],
  ])('%s', async (accept, contentType, head) => {
    const response = await reportAs(accept);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, contentType]);
    expect((await response.text()).slice(0, head.length)).toBe(head);
  });

  it('no form that we have is the caller’s mistake', async () => {
    const response = await reportAs('image/gif');
    expect([response.status, ((await response.json()) as Problem).code]).toEqual([422, 'REQUEST_INVALID']);
  });

  it('GET /verify is a page for everybody, whose form answers with a page under a policy of its own', async () => {
    const page = await askRaw(gateway.url, '/verify?lang=en');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
    expect(await page.text()).toContain('<html lang="en">');
    const answer = await askRaw(gateway.url, '/verify?lang=vi', { body: form(await signed()) });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await answer.text()).toContain('lang="vi"');
  });
});

describe('POST /v1/verifications', () => {
  it('tells of every signature, having asked the authorities that its certificates name', async () => {
    const pdf = await signed({ options: { level: 'B-T' } });
    const { status, body } = await verify(form(pdf));
    expect(status).toBe(200);
    expect(body).toMatchObject({ file: 'Quyết định.pdf', mediaType: 'application/pdf', sha256: createHash('sha256').update(pdf).digest('hex'), result: 'TOTAL-PASSED' });
    expect(body.signatures).toMatchObject([{ format: 'PAdES', level: 'B-T', integrity: 'intact', indication: 'TOTAL-PASSED' }]);
    expect(body.signatures[0]?.revocation).toMatchObject([{ source: 'fetched', type: 'ocsp', status: 'good' }, { source: 'fetched', status: 'good' }]);
    expect(body.timestamps).toMatchObject([{ type: 'signature', indication: 'PASSED' }]);
  });

  it('paints nothing green when no authority may be asked', async () => {
    const closed = await startTestGateway({ trust, outboundAllow: [] });
    try {
      const partner = await closed.addPartner('land-registry');
      const { body } = await ask<ValidationReport>(closed.url, '/v1/verifications', { token: partner.token, body: form(await signed()) });
      expect(body).toMatchObject({ result: 'INDETERMINATE', signatures: [{ integrity: 'intact', indication: 'INDETERMINATE' }] });
      expect(body.signatures[0]?.checks.filter(({ name }) => name === 'revocation-fetched').map(({ detail }) => detail).join()).toContain(authorities.url);
    } finally {
      await closed.close();
    }
  });

  it('takes the answer of a time-stamping authority with the data it is for (RFC 3161)', async () => {
    const data = Buffer.from('Danh mục hồ sơ lưu trữ');
    const query = buildTimestampRequest({ digestAlgorithm: 'sha256', imprint: createHash('sha256').update(data).digest(), nonce: randomBytes(8), certReq: true });
    const answer = await fetch(`${authorities.url}/tsa`, { method: 'POST', headers: { 'content-type': 'application/timestamp-query' }, body: new Uint8Array(query) });
    const body = new FormData();
    body.set('document', new Blob([await answer.arrayBuffer()]), 'danh-muc.tsr');
    body.set('detached', new Blob([data]), 'danh-muc.txt');
    expect((await verify(body)).body).toMatchObject({ file: 'danh-muc.tsr', mediaType: 'application/timestamp-reply', result: 'NO-SIGNATURE', timestamps: [{ covers: 'data', indication: 'PASSED' }] });
    body.set('detached', new Blob(['khác']), 'danh-muc.txt');
    expect((await verify(body)).body).toMatchObject({ result: 'NO-SIGNATURE', timestamps: [{ indication: 'FAILED', subIndication: 'HASH_FAILURE' }] });
  });

  it('takes the document itself as body too, and tells a changed one', async () => {
    const pdf = await signed();
    pdf[40] = (pdf[40] ?? 0) ^ 1;
    const { body } = await verify(pdf, { 'content-type': 'application/pdf', 'content-disposition': 'attachment; filename="sua.pdf"' });
    expect(body).toMatchObject({ file: 'sua.pdf', result: 'TOTAL-FAILED', signatures: [{ integrity: 'broken', indication: 'TOTAL-FAILED' }] });
  });

  it('takes a validation time', async () => {
    const body = form(await signed(), { at: '2020-01-01T00:00:00Z' });
    expect((await verify(body)).body).toMatchObject({ validationTime: '2020-01-01T00:00:00.000Z', result: 'INDETERMINATE' });
    expect(await ask(gateway.url, '/v1/verifications', { token: land.token, body: form(await samplePdf(), { at: 'hôm qua' }) })).toMatchObject({ status: 422, body: { errors: [{ pointer: '/options/at' }] } });
  });

  it.skipIf(!requireVectors('pyhanko-generated'))('opens an encrypted document with the password in a part of its own, which nothing writes down', async () => {
    // ECDSA under AES-256, password "secret" (expected.tsv).
    const locked = readFileSync(vectorPath('pyhanko-generated', '6aa5ace776bf26f9.pdf'));
    const withPassword = (password: string): FormData => {
      const body = form(locked);
      body.set('password', password);
      return body;
    };
    expect((await verify(withPassword('secret'))).body).toMatchObject({ result: 'INDETERMINATE', signatures: [{ integrity: 'intact', coverage: { extent: 'file' } }], error: null });
    const refusals = [await verify(form(locked)), await verify(withPassword('')), await verify(withPassword('khong-phai-mat-khau'))];
    for (const { status, body } of refusals) {
      expect(status).toBe(200);
      expect(body).toMatchObject({ result: 'UNREADABLE', signatures: [], error: { code: 'PDF_ENCRYPTED' } });
      expect(JSON.stringify(body)).not.toContain('khong-phai');
    }
    expect(await verify(withPassword('x'.repeat(513)))).toMatchObject({ status: 422, body: { errors: [{ pointer: '/password' }] } });
    const page = await askRaw(gateway.url, '/verify?lang=vi', { body: withPassword('secret') });
    expect(await page.text()).not.toContain('không có mật khẩu để mở');
  });

  it('says NO-SIGNATURE of a document that has none', async () => {
    expect((await verify(form(await samplePdf()))).body).toMatchObject({ result: 'NO-SIGNATURE', signatures: [] });
  });

  it('keeps nothing of the document', async () => {
    expect(readdirSync(join(gateway.documentsPath, 'incoming'))).toEqual([]);
  });
});

describe('readiness', () => {
  it('stays ready while the time-stamping authority is down, and says so', async () => {
    authorities.faults.tsa = { kind: 'status', status: 500 };
    await sign({ options: { level: 'B-T' } });
    expect(await ask(gateway.url, '/readyz')).toMatchObject({ status: 200, body: { ready: true, degraded: true, parts: { database: 'up', documents: 'up', timestamps: 'degraded' } } });
    authorities.faults.tsa = null;
    await sign({ options: { level: 'B-T' } });
    expect((await ask(gateway.url, '/readyz')).body).toMatchObject({ parts: { timestamps: 'up' } });
    expect((await ask(withoutTsa.url, '/readyz')).body).toMatchObject({ ready: true, parts: { timestamps: 'off' } });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, revokeIdentity, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { createHttpTimestampAuthority, type HttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { readMaterial, type RevocationMaterial } from '../../src/formats/ades/context.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { digestByteRange, embedContents } from '../../src/formats/pades/embed.ts';
import { changeCatalog } from '../../src/formats/pades/place-field.ts';
import { preparePades } from '../../src/formats/pades/prepare.ts';
import { openPdf } from '../../src/formats/pdf/document.ts';
import { IncrementalUpdate } from '../../src/formats/pdf/increment.ts';
import { dict, name, stream, type PdfObject } from '../../src/formats/pdf/objects.ts';
import { buildTimestampRequest } from '../../src/formats/tsp/request.ts';
import { checkTimestampResponse, readTimestampResponse } from '../../src/formats/tsp/response.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import type { TrustStore } from '../../src/ports/trust-store.ts';
import { signBytes } from '../../src/usecases/sign-bytes.ts';
import type { SigningPorts } from '../../src/usecases/sign-digest.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { verifyDocument, type VerifyDocumentRequest } from '../../src/usecases/verify-document.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { frozenClock } from '../support/clock.ts';
import { opensslFolder } from '../support/openssl.ts';
import { onePagePdf, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

const NOW = new Date();
const clock = frozenClock(NOW);
const policy = validationPolicy(loadPolicy('default'));

let pki: DevPki;
let server: SandboxPki;
let tsa: HttpTimestampAuthority;
let trustStore: TrustStore;

beforeAll(async () => {
  server = await startSandboxPki({ pki: (baseUrl) => createDevPki({ now: NOW, baseUrl }), now: () => NOW });
  ({ pki } = server);
  tsa = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 5_000 });
  trustStore = { anchors: () => Promise.resolve([{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }]) };
});
afterAll(async () => {
  await tsa.close();
  await server.close();
});

function portsOf(identity: DevIdentity): SigningPorts {
  const signer = createFileSigner({ keyId: identity.name, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer });
  return { signer, timestampAuthorities: [tsa], clock, chance: systemChance(clock) };
}

async function signed(base: Uint8Array, identity: DevIdentity, level: 'B-B' | 'B-T'): Promise<Buffer> {
  const { increment } = await signDocument(portsOf(identity), { source: bytesSource(base), level });
  return Buffer.concat([base, increment]);
}

/** CRLs of both authorities, as a collector would fetch them. */
async function crls(): Promise<RevocationMaterial> {
  const answers = await Promise.all(['root', 'issuing'].map((name) => fetch(`${server.url}/crl/${name}.crl`)));
  return readMaterial('fetched', await Promise.all(answers.map(async (answer) => new Uint8Array(await answer.arrayBuffer()))), []);
}

function verify(bytes: Uint8Array, request: Partial<VerifyDocumentRequest> = {}): Promise<ValidationReport> {
  return verifyDocument({ trustStore, clock }, { file: 'test', source: bytesSource(bytes), policy, ...request });
}

describe('verifyDocument on what signDocument made', () => {
  it('passes B-T in full when anchors and CRLs are at hand (EN 319 102-1 §5.5)', async () => {
    const pdf = await signed(await samplePdf(), pki.officer, 'B-T');
    const report = await verify(pdf, { revocation: await crls() });
    const [signature] = report.signatures;
    expect(signature?.checks.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED', mediaType: 'application/pdf', error: null, policy: { id: policy.id, sha256: policy.sha256 } });
    expect(signature).toMatchObject({ format: 'PAdES', level: 'B-T', integrity: 'intact', indication: 'TOTAL-PASSED', subIndication: null, signingTime: { source: 'timestamp' }, validityAtClaimedTime: 'valid', coverage: { extent: 'file', changesAfter: 'none' } });
    expect(signature?.chain.map(({ anchor }) => anchor)).toEqual([false, false, true]);
    expect(signature?.revocation.map(({ status, source, type }) => ({ status, source, type }))).toEqual([{ status: 'good', source: 'fetched', type: 'crl' }, { status: 'good', source: 'fetched', type: 'crl' }]);
    expect(report.timestamps).toMatchObject([{ type: 'signature', covers: signature?.id, indication: 'PASSED', subIndication: null }]);
  });

  it('leaves it open, with a warning, when revocation could not be checked (Circular 15/2025/TT-BKHCN art. 6)', async () => {
    const report = await verify(await signed(onePagePdf(), pki.seal, 'B-T'));
    expect(report).toMatchObject({ result: 'INDETERMINATE', signatures: [{ integrity: 'intact', subIndication: 'CERTIFICATE_CHAIN_GENERAL_FAILURE', level: 'B-T' }], timestamps: [{ indication: 'INDETERMINATE' }] });
    expect(report.signatures[0]?.revocation.every(({ status }) => status === 'missing')).toBe(true);
    expect(report.signatures[0]?.warnings.join()).toMatch(/revocation status .* could not be checked/);
  });

  it('leaves it open when no anchor is known', async () => {
    const stranger = await createDevPki({ now: NOW });
    const report = await verify(await signed(onePagePdf(), stranger.seal, 'B-B'), { revocation: await crls() });
    expect(report).toMatchObject({ result: 'INDETERMINATE', signatures: [{ integrity: 'intact', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', level: 'B-B' }] });
    expect(report.signatures[0]?.signer?.subject).toContain('CN=');
  });

  it('judges two signatures, the first one’s revision intact and the second a permitted change (ISO 32000-2 §12.8.2)', async () => {
    const twice = await signed(await signed(onePagePdf(), pki.officer, 'B-T'), pki.seal, 'B-T');
    const report = await verify(twice, { revocation: await crls() });
    expect(report.result).toBe('TOTAL-PASSED');
    expect(report.signatures.map(({ coverage }) => ({ ...coverage, changes: [] }))).toEqual([
      { extent: 'revision', revision: 2, of: 3, changesAfter: 'permitted', changes: [] },
      { extent: 'file', revision: 3, of: 3, changesAfter: 'none', changes: [] },
    ]);
  });

  it('finds a changed byte although the chain is unknown too: TOTAL-FAILED / HASH_FAILURE', async () => {
    const pdf = await signed(await samplePdf(), (await createDevPki({ now: NOW })).seal, 'B-B');
    const at = pdf.indexOf('/MediaBox');
    pdf.write('/MediaBoz', at, 'latin1');
    expect(await verify(pdf)).toMatchObject({ result: 'TOTAL-FAILED', signatures: [{ integrity: 'broken', subIndication: 'HASH_FAILURE' }] });
  });

  it('finds bytes after the end: coverage unclear, integrity of the signed revision still told', async () => {
    const pdf = await signed(onePagePdf(), pki.seal, 'B-B');
    const report = await verify(Buffer.concat([pdf, Buffer.from('% appended\n')]));
    expect(report).toMatchObject({ result: 'TOTAL-FAILED', signatures: [{ integrity: 'intact', subIndication: 'FORMAT_FAILURE', coverage: { extent: 'unclear' } }] });
  });

  it('leaves a signature open whose certificate was revoked before anything proves that it existed (EN 319 102-1 §5.5.4)', async () => {
    const issue = (name: string): Promise<DevIdentity> => pki.issuing.issue({ name, subject: [['C', 'VN'], ['CN', 'Người ký bị thu hồi']], profile: 'signer', key: 'rsa-2048', notBefore: new Date(NOW.getTime() - 86_400_000), notAfter: new Date(NOW.getTime() + 86_400_000) });
    const early = await issue('early');
    const withStamp = await signed(onePagePdf(), early, 'B-T');
    const without = await signed(onePagePdf(), early, 'B-B');
    revokeIdentity(pki, early, new Date(NOW.getTime() - 3_600_000));
    expect(await verify(withStamp, { revocation: await crls() })).toMatchObject({ result: 'INDETERMINATE', signatures: [{ subIndication: 'REVOKED_NO_POE', integrity: 'intact', signingTime: { source: 'timestamp' } }] });
    expect(await verify(without, { revocation: await crls() })).toMatchObject({ result: 'INDETERMINATE', signatures: [{ subIndication: 'REVOKED_NO_POE' }] });
  });
});

describe('verifyDocument by other policies', () => {
  it('takes what a policy has as FAIL for a reason not to pass, WARN for a warning, IGNORE for nothing (EN 319 102-1 §5.1.4)', async () => {
    const pdf = await signed(onePagePdf(), pki.officer, 'B-B');
    const revocation = await crls();
    const under = async (level: 'FAIL' | 'WARN' | 'IGNORE') => {
      const { result, signatures } = await verify(pdf, { revocation, policy: { ...policy, constraints: { ...policy.constraints, 'trusted-time': level } } });
      const [signature] = signatures;
      return { result, subIndication: signature?.subIndication, warnings: signature?.warnings, status: signature?.checks.find(({ name }) => name === 'trusted-time')?.status };
    };
    expect(await under('FAIL')).toEqual({ result: 'INDETERMINATE', subIndication: 'SIG_CONSTRAINTS_FAILURE', warnings: [], status: 'failed' });
    expect(await under('WARN')).toEqual({ result: 'TOTAL-PASSED', subIndication: null, warnings: ['The signing time is only the signer’s claim: no trusted time-stamp proves it'], status: 'warning' });
    expect(await under('IGNORE')).toEqual({ result: 'TOTAL-PASSED', subIndication: null, warnings: [], status: undefined });
  });
});

describe('verifyDocument on long-term documents', () => {
  /** The document with a DSS that holds both CRLs and the whole chain (EN 319 142-1 §5.4.2). */
  async function withDss(pdf: Buffer, certificatesDer: readonly Uint8Array[]): Promise<Buffer> {
    const update = new IncrementalUpdate(openPdf(bytesSource(pdf)));
    const answers = await Promise.all(['root', 'issuing'].map(async (ca) => new Uint8Array(await (await fetch(`${server.url}/crl/${ca}.crl`)).arrayBuffer())));
    const list = (values: readonly Uint8Array[]): PdfObject => values.map((bytes) => update.add(stream(dict({}), bytes)));
    changeCatalog(update, { DSS: dict({ Type: name('DSS'), Certs: list(certificatesDer), CRLs: list(answers) }) });
    return Buffer.concat([pdf, update.build(Buffer.alloc(16, 3)).bytes]);
  }

  async function withDocumentTimestamp(pdf: Buffer): Promise<Buffer> {
    const source = bytesSource(pdf);
    const prepared = await preparePades(source, { subFilter: 'ETSI.RFC3161', contentsBytes: 8192, revisionId: Buffer.alloc(16, 4) });
    const imprint = digestByteRange(source, prepared, 'sha256');
    const request = { imprint, digestAlgorithm: 'sha256', nonce: Buffer.from('0102030405060708', 'hex'), certReq: true } as const;
    const token = checkTimestampResponse(readTimestampResponse(await tsa.exchange(buildTimestampRequest(request))), request);
    return Buffer.concat([pdf, embedContents(prepared, token.der)]);
  }

  it('passes B-LT without anything handed in, and tells B-LTA under a document time-stamp (EN 319 142-1 §6.3)', async () => {
    const basic = await signed(await samplePdf(), pki.officer, 'B-T');
    const longTerm = await withDss(basic, [...pki.officer.chainDer, ...pki.tsa.chainDer]);
    const archived = await withDocumentTimestamp(longTerm);
    expect(await verify(longTerm)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LT', coverage: { changesAfter: 'permitted' }, revocation: [{ source: 'embedded', status: 'good' }, { source: 'embedded', status: 'good' }] }] });
    const report = await verify(archived);
    expect(report.timestamps.map(({ type, indication }) => ({ type, indication }))).toEqual([{ type: 'signature', indication: 'PASSED' }, { type: 'document', indication: 'PASSED' }]);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA' }] });
  });

  it('takes the time of a document time-stamp as proof where the signature has none (EN 319 102-1 §5.6)', async () => {
    const archived = await withDocumentTimestamp(await withDss(await signed(await samplePdf(), pki.officer, 'B-B'), [...pki.officer.chainDer, ...pki.tsa.chainDer]));
    expect(await verify(archived)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA', signingTime: { source: 'document-timestamp' } }] });
  });
});

describe('verifyDocument on CMS', () => {
  const content = Buffer.from('<manifest/>');

  it('passes detached CAdES, in DER and in PEM, and fails it over other content', async () => {
    const { cmsDer } = await signBytes(portsOf(pki.seal), { source: bytesSource(content), level: 'B-T' });
    const revocation = await crls();
    const detached = bytesSource(content);
    expect(await verify(cmsDer, { detached, revocation })).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ format: 'CAdES', level: 'B-T', signingTime: { claimed: new Date(Math.floor(NOW.getTime() / 1000) * 1000).toISOString(), source: 'timestamp' } }] });
    expect(await verify(Buffer.from(pemOf('PKCS7', cmsDer)), { detached, revocation })).toMatchObject({ result: 'TOTAL-PASSED' });
    expect(await verify(cmsDer, { detached: bytesSource(Buffer.from('<other/>')), revocation })).toMatchObject({ result: 'TOTAL-FAILED', signatures: [{ integrity: 'broken', subIndication: 'HASH_FAILURE' }] });
    expect(await verify(cmsDer, { revocation })).toMatchObject({ result: 'INDETERMINATE', signatures: [{ integrity: 'unknown', subIndication: 'SIGNED_DATA_NOT_FOUND' }] });
    expect(await verify(Buffer.concat([cmsDer, Buffer.of(0)]), { detached, revocation })).toMatchObject({ result: 'TOTAL-FAILED', signatures: [{ subIndication: 'FORMAT_FAILURE' }] });
  });
});

describe.skipIf(!requireTool('openssl'))('verifyDocument on a time-stamp that stands alone (RFC 3161)', () => {
  const data = Buffer.from('Danh mục hồ sơ lưu trữ');

  /** Asked for and taken out of the answer by openssl. */
  async function stamped(): Promise<{ readonly response: Buffer; readonly token: Buffer }> {
    const openssl = opensslFolder();
    try {
      openssl.write('data', data);
      const body = openssl.run('ts', '-query', '-data', 'data', '-sha256', '-cert');
      const answer = await fetch(`${server.url}/tsa`, { method: 'POST', headers: { 'content-type': 'application/timestamp-query' }, body: new Uint8Array(body) });
      const response = Buffer.from(await answer.arrayBuffer());
      openssl.write('answer.tsr', response);
      return { response, token: openssl.run('ts', '-reply', '-in', 'answer.tsr', '-token_out') };
    } finally {
      openssl.remove();
    }
  }

  it('lists it as a time-stamp over the data, token or whole response, and never as a signature', async () => {
    const { response, token } = await stamped();
    const [revocation, detached] = [await crls(), bytesSource(data)];
    for (const [file, mediaType] of [[token, 'application/pkcs7-signature'], [response, 'application/timestamp-reply']] as const) {
      const report = await verify(file, { detached, revocation });
      expect(report).toMatchObject({ mediaType, result: 'NO-SIGNATURE', signatures: [], error: null, timestamps: [{ type: 'document', covers: 'data', indication: 'PASSED', subIndication: null }] });
    }
    expect(await verify(token, { detached })).toMatchObject({ result: 'NO-SIGNATURE', timestamps: [{ indication: 'INDETERMINATE' }] });
  });

  it('fails it over other data and with bytes behind it, and leaves it open without data', async () => {
    const { response, token } = await stamped();
    const [revocation, detached] = [await crls(), bytesSource(data)];
    expect(await verify(token, { detached: bytesSource(Buffer.from('khác')), revocation })).toMatchObject({ timestamps: [{ indication: 'FAILED', subIndication: 'HASH_FAILURE' }] });
    expect(await verify(Buffer.concat([token, Buffer.of(0)]), { detached, revocation })).toMatchObject({ timestamps: [{ indication: 'FAILED', subIndication: 'FORMAT_FAILURE' }] });
    const alone = await verify(response, { revocation });
    expect(alone).toMatchObject({ result: 'NO-SIGNATURE', timestamps: [{ indication: 'INDETERMINATE', subIndication: 'SIGNED_DATA_NOT_FOUND' }] });
    expect(alone.timestamps[0]?.checks.find(({ name: check }) => check === 'message-imprint')).toMatchObject({ status: 'skipped' });
  });

  it('answers to a token whose TSTInfo cannot be read, and to a response that grants nothing', async () => {
    const { token } = await stamped();
    const broken = Buffer.from(token);
    // The version of the TSTInfo: its INTEGER becomes a BOOLEAN.
    const version = broken.indexOf(Buffer.from('020101', 'hex'), broken.indexOf(Buffer.from('060b2a864886f70d0109100104', 'hex')));
    broken[version] = 0x01;
    expect(await verify(broken, { detached: bytesSource(data) })).toMatchObject({ result: 'NO-SIGNATURE', timestamps: [{ indication: 'FAILED', subIndication: 'FORMAT_FAILURE' }] });
    const refused = Buffer.from('3009300702010203020005', 'hex');
    expect(await verify(refused)).toMatchObject({ result: 'UNREADABLE', error: { code: 'CMS_MALFORMED', detail: expect.stringContaining('rejection') as string } });
  });
});

describe('verifyDocument on what cannot be read', () => {
  it.each([
    ['nothing', new Uint8Array(), 'DOCUMENT_EMPTY'],
    ['text', Buffer.from('Kính gửi'), 'MEDIA_TYPE_UNSUPPORTED'],
    ['a cut-off PDF', onePagePdf().subarray(0, 200), 'PDF_BROKEN'],
    ['zeros', new Uint8Array(100_000), 'MEDIA_TYPE_UNSUPPORTED'],
    ['half a CMS', Buffer.from('3082010006092a864886f70d010702', 'hex'), 'CMS_MALFORMED'],
  ])('answers UNREADABLE to %s', async (_, bytes, code) => {
    expect(await verify(bytes)).toMatchObject({ result: 'UNREADABLE', signatures: [], error: { code } });
  });

  it('answers NO-SIGNATURE to a PDF without one', async () => {
    expect(await verify(onePagePdf())).toMatchObject({ result: 'NO-SIGNATURE', signatures: [], timestamps: [], error: null });
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createDevPki, type DevPki } from '../../certs/dev/create-dev-pki.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { issueOddSigner } from '../../certs/dev/odd-signers.ts';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { createHttpTimestampAuthority, type HttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { startSandboxPki, type SandboxPki } from '../../sandbox/pki/start.ts';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { verifyDocument } from '../../src/usecases/verify-document.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import type { Signer } from '../../src/ports/signer.ts';
import { signBytes } from '../../src/usecases/sign-bytes.ts';
import type { SigningPorts } from '../../src/usecases/sign-digest.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { readSignedData } from '../../src/formats/cms/signed-data.ts';
import { frozenClock } from '../support/clock.ts';
import { opensslFolder, type OpensslFolder } from '../support/openssl.ts';
import { onePagePdf, pdfsigVerdicts, qpdfComplaints, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

const NOW = new Date();
const clock = frozenClock(NOW);
const chance = systemChance(clock);

let pki: DevPki;
let server: SandboxPki;
let tsa: HttpTimestampAuthority;

beforeAll(async () => {
  pki = await createDevPki({ now: NOW });
  server = await startSandboxPki({ pki, now: () => NOW });
  tsa = createHttpTimestampAuthority({ url: `${server.url}/tsa`, totalTimeoutMs: 2_000 });
});
afterEach(() => {
  server.faults.tsa = null;
});
afterAll(async () => {
  await tsa.close();
  await server.close();
});

function signerOf(identity: DevIdentity, scheme?: SignatureScheme): Signer {
  return createFileSigner({ keyId: identity.name, privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer: identity.chainDer, ...(scheme && { scheme }) });
}

function portsOf(identity: DevIdentity, overrides: Partial<SigningPorts> = {}): SigningPorts {
  return { signer: signerOf(identity), timestampAuthorities: [tsa], clock, chance, ...overrides };
}

async function signed(base: Uint8Array, ports: SigningPorts, level: 'B-B' | 'B-T' = 'B-T'): Promise<Buffer> {
  const { increment } = await signDocument(ports, { source: bytesSource(base), level });
  return Buffer.concat([base, increment]);
}

function judgedAlone(pdf: Buffer): Promise<ValidationReport> {
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: pki.root.identity.certificateDer, set: 'dev' }]) };
  return verifyDocument({ trustStore, clock }, { file: 'test', source: bytesSource(pdf), policy: validationPolicy(loadPolicy('default')) });
}

/** The CMS of the last signature, cut out by its ByteRange. */
function lastCms(pdf: Buffer): { cms: Buffer; content: Buffer } {
  const [, a = 0, b = 0, c = 0] = /.*\/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)/s.exec(pdf.toString('latin1'))?.slice(1).map(Number) ?? [];
  const hex = pdf.subarray(a + 1, b - 1).toString('latin1');
  return { cms: Buffer.from(hex, 'hex'), content: Buffer.concat([pdf.subarray(0, a), pdf.subarray(b, b + c)]) };
}

const judges = requireTool('openssl') && requireTool('pdfsig') && requireTool('qpdf');

describe.skipIf(!judges)('signDocument before pdfsig, qpdf and openssl', () => {
  let folder: OpensslFolder;
  beforeAll(() => {
    folder = opensslFolder();
    folder.write('root.pem', pemOf('CERTIFICATE', pki.root.identity.certificateDer));
  });
  afterAll(() => folder.remove());

  const VERIFY = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'sig.p7s', '-content', 'signed.bin', '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'verified'];

  it.each<[string, () => Signer, 'B-B' | 'B-T']>([
    ['an officer’s RSA key, B-B', () => signerOf(pki.officer), 'B-B'],
    ['an officer’s RSA key, B-T', () => signerOf(pki.officer), 'B-T'],
    ['RSA-PSS, B-T', () => signerOf(pki.officer, 'pss'), 'B-T'],
    ['an agency’s ECDSA seal, B-T', () => signerOf(pki.seal), 'B-T'],
  ])('signs with %s (EN 319 142-1 §6.3)', async (_, signer, level) => {
    const base = await samplePdf();
    const pdf = await signed(base, portsOf(pki.officer, { signer: signer() }), level);
    expect(pdf.subarray(0, base.length).equals(base)).toBe(true);
    expect(qpdfComplaints(pdf)).toBe('');
    expect(pdfsigVerdicts(pdf)).toEqual([{ valid: true, wholeDocument: true }]);
    const { cms, content } = lastCms(pdf);
    folder.write('sig.p7s', cms);
    folder.write('signed.bin', content);
    expect(folder.judge(...VERIFY).said).toContain('CAdES Verification successful');
  });

  it('leaves the first signature intact under the second', async () => {
    const once = await signed(onePagePdf(), portsOf(pki.officer));
    const twice = await signed(once, portsOf(pki.seal));
    expect(twice.subarray(0, once.length).equals(once)).toBe(true);
    expect(pdfsigVerdicts(twice)).toEqual([{ valid: true, wholeDocument: false }, { valid: true, wholeDocument: true }]);
  });

  it('makes detached CAdES that openssl accepts (EN 319 122-1 §6.3)', async () => {
    const content = Buffer.from('manifest');
    const { cmsDer } = await signBytes(portsOf(pki.seal), { source: bytesSource(content), level: 'B-T', mimeType: 'application/xml' });
    folder.write('sig.p7s', cmsDer);
    folder.write('signed.bin', content);
    expect(folder.judge(...VERIFY).said).toContain('CAdES Verification successful');
  });
});

describe('signDocument', () => {
  it('tells what was signed, for the record', async () => {
    const { facts } = await signDocument(portsOf(pki.officer), { source: bytesSource(onePagePdf()), level: 'B-T' });
    expect(facts).toMatchObject({ level: 'B-T', format: 'pades', keyId: 'officer', scheme: 'pkcs1', digestAlgorithm: 'sha256', checkedAt: NOW, timestamp: { authority: tsa.name } });
    expect(facts.contentDigestHex).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['an HTML page instead of a token', { kind: 'html' }, 'TSA_ANSWER_INVALID'],
    ['HTTP 500', { kind: 'status', status: 500 }, 'TSA_UNAVAILABLE'],
    ['a cut connection', { kind: 'reset' }, 'TSA_UNAVAILABLE'],
    ['a refusal', { kind: 'refuse' }, 'TSA_REFUSED'],
    ['another nonce', { kind: 'wrong-nonce' }, 'TSA_TOKEN_INVALID'],
    ['no nonce', { kind: 'no-nonce' }, 'TSA_TOKEN_INVALID'],
    ['another imprint', { kind: 'wrong-imprint' }, 'TSA_TOKEN_INVALID'],
    ['a signer that is no time-stamping authority', { kind: 'wrong-signer' }, 'TSA_TOKEN_INVALID'],
    ['a broken signature', { kind: 'broken-signature' }, 'TSA_TOKEN_INVALID'],
  ] as const)('gives no document at B-T when the authority answers with %s', async (_, fault, code) => {
    server.faults.tsa = fault;
    await expect(signed(onePagePdf(), portsOf(pki.officer))).rejects.toMatchObject({ code });
  });

  it('asks the next authority when the first fails', async () => {
    const dead = createHttpTimestampAuthority({ url: 'http://127.0.0.1:1/tsa', totalTimeoutMs: 2_000 });
    try {
      const { facts } = await signDocument(portsOf(pki.seal, { timestampAuthorities: [dead, tsa] }), { source: bytesSource(onePagePdf()), level: 'B-T' });
      expect(facts.timestamp?.authority).toBe(tsa.name);
      await expect(signed(onePagePdf(), portsOf(pki.seal, { timestampAuthorities: [dead] }))).rejects.toMatchObject({ code: 'TSA_UNAVAILABLE' });
    } finally {
      await dead.close();
    }
  });

  describe('when anchors for time-stamps are known', () => {
    let other: { readonly pki: DevPki; readonly server: SandboxPki; readonly tsa: HttpTimestampAuthority };
    beforeAll(async () => {
      const foreign = await createDevPki({ now: NOW });
      const foreignServer = await startSandboxPki({ pki: foreign, now: () => NOW });
      other = { pki: foreign, server: foreignServer, tsa: createHttpTimestampAuthority({ url: `${foreignServer.url}/tsa`, totalTimeoutMs: 2_000 }) };
    });
    afterAll(async () => {
      await other.tsa.close();
      await other.server.close();
    });
    const trusting = (...timestamp: readonly DevPki[]): Pick<SigningPorts, 'longTerm'> => ({
      longTerm: {
        trustStore: { anchors: (purpose) => Promise.resolve((purpose === 'timestamp' ? timestamp : [pki]).map(({ root }) => ({ certificateDer: root.identity.certificateDer, set: 'dev' }))) },
        policy: validationPolicy(loadPolicy('default')),
        collector: undefined,
      },
    });

    it('takes no token of an authority that is not trusted, and asks the next (RFC 5280 §6)', async () => {
      const { facts } = await signDocument(portsOf(pki.seal, { ...trusting(pki), timestampAuthorities: [other.tsa, tsa] }), { source: bytesSource(onePagePdf()), level: 'B-T' });
      expect(facts.timestamp?.authority).toBe(tsa.name);
    });

    it('gives no document at B-T when no authority is trusted, and says what to do', async () => {
      const signing = signed(onePagePdf(), portsOf(pki.seal, { ...trusting(pki), timestampAuthorities: [other.tsa] }));
      await expect(signing).rejects.toMatchObject({ code: 'TSA_TOKEN_INVALID', message: expect.stringContaining('--trust-tsa') as string });
      await expect(signed(onePagePdf(), portsOf(pki.seal, { ...trusting(other.pki), timestampAuthorities: [other.tsa] }))).resolves.toBeInstanceOf(Buffer);
    });

    it('judges no path where no anchors for time-stamps are known', async () => {
      await expect(signed(onePagePdf(), portsOf(pki.seal, { ...trusting(), timestampAuthorities: [other.tsa] }))).resolves.toBeInstanceOf(Buffer);
    });
  });

  it.each([
    ['expired', 'CERTIFICATE_EXPIRED'],
    ['not-yet-valid', 'CERTIFICATE_NOT_YET_VALID'],
    ['wrong-usage', 'CERTIFICATE_USAGE'],
    ['tls-server', 'CERTIFICATE_USAGE'],
  ] as const)('refuses a certificate that is %s before the key is used', async (odd, code) => {
    const identity = await issueOddSigner(pki, odd, NOW);
    const signer: Signer = { ...signerOf(identity), sign: () => Promise.reject(new Error('the key was used')) };
    await expect(signed(onePagePdf(), portsOf(identity, { signer }), 'B-B')).rejects.toMatchObject({ code });
  });

  it('releases nothing when the value is wrong under the certificate’s key', async () => {
    const other = signerOf(pki.seal);
    const signer: Signer = { ...other, chainDer: (await pki.issuing.issue({ name: 'twin', subject: [['C', 'VN'], ['CN', 'Khóa khác']], profile: 'seal', key: 'ec-p256', notBefore: new Date(NOW.getTime() - 1000), notAfter: new Date(NOW.getTime() + 86_400_000) })).chainDer };
    await expect(signed(onePagePdf(), portsOf(pki.seal, { signer }), 'B-B')).rejects.toMatchObject({ code: 'SIGNATURE_CHECK_FAILED' });
  });

  it('refuses B-LT without trust anchors, CAdES too, and B-T without an authority: never a lower level', async () => {
    await expect(signDocument(portsOf(pki.officer), { source: bytesSource(onePagePdf()), level: 'B-LT' })).rejects.toMatchObject({ code: 'TRUST_NOT_CONFIGURED' });
    await expect(signBytes(portsOf(pki.seal), { source: bytesSource(onePagePdf()), level: 'B-LT' })).rejects.toMatchObject({ code: 'TRUST_NOT_CONFIGURED' });
    await expect(signed(onePagePdf(), portsOf(pki.officer, { timestampAuthorities: [] }))).rejects.toMatchObject({ code: 'TSA_NOT_CONFIGURED' });
  });

  it.each<['RSA' | 'RSA-PSS' | 'ECDSA', () => DevIdentity, SignatureScheme]>([
    ['RSA', () => pki.officer, 'pkcs1'],
    ['RSA-PSS', () => pki.officer, 'pss'],
    ['ECDSA', () => pki.seal, 'ecdsa'],
  ])('keeps room for the real chain, value and token of %s, hardly more and never less', async (_, identity, scheme) => {
    const spare = (pdf: Buffer): number => {
      const { cms } = lastCms(pdf);
      return cms.length - readSignedData(cms).sizeBytes;
    };
    const ports = portsOf(identity(), { signer: signerOf(identity(), scheme) });
    await signed(onePagePdf(), ports); // the first token of an authority shows how large they are
    for (let count = 0; count < 20; count++) {
      expect(spare(await signed(onePagePdf(), ports, 'B-B'))).toBeLessThan(50);
      const { increment, facts } = await signDocument(ports, { source: bytesSource(onePagePdf()), level: 'B-T', commitment: 'approval' });
      expect(facts.timestamp).not.toBeNull();
      expect(spare(Buffer.concat([onePagePdf(), increment]))).toBeLessThan(600);
    }
  });

  it('uses the key once when the token does not fit the room kept for it: a document time-stamp gives the trusted time (EN 319 142-1 §6.3)', async () => {
    const own = signerOf(pki.officer);
    let uses = 0;
    const signer: Signer = { ...own, sign: (...input) => ((uses += 1), own.sign(...input)) };
    const { increment, facts } = await signDocument(portsOf(pki.officer, { signer }), { source: bytesSource(onePagePdf()), level: 'B-T', timestampReserveBytes: 0 });
    expect(uses).toBe(1);
    expect(facts).toMatchObject({ level: 'B-T', timestamp: null, documentTimestamp: { authority: tsa.name } });
    const { signatures } = await judgedAlone(Buffer.concat([onePagePdf(), increment]));
    expect(signatures).toMatchObject([{ level: 'B-T', integrity: 'intact', coverage: { changesAfter: 'permitted' } }]);
  });
});

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { revokeIdentity } from '../../certs/dev/create-dev-pki.ts';
import type { DevIdentity } from '../../certs/dev/identity.ts';
import { OCSP_NAME } from '../../certs/dev/names.ts';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { crlDistributionPointsExtension, extendedKeyUsageExtension, keyUsageExtension } from '../../src/formats/x509/build-extensions.ts';
import { EKU } from '../../src/formats/x509/extensions.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { signDocument } from '../../src/usecases/sign-document.ts';
import { cutSignatures, startLongTermWorld, storeOf, type LongTermWorld } from '../support/long-term.ts';
import { opensslFolder, type OpensslFolder } from '../support/openssl.ts';
import { onePagePdf, pdfsigVerdicts, qpdfComplaints, qpdfRewrite, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

let world: LongTermWorld;

beforeAll(async () => {
  world = await startLongTermWorld();
});
afterEach(() => Object.assign(world.server.faults, { tsa: null, ocsp: null, crl: null, ca: null }));
afterAll(() => world.close());

const judges = requireTool('openssl') && requireTool('pdfsig') && requireTool('qpdf');

describe.skipIf(!judges)('B-LT and B-LTA before pdfsig, qpdf and openssl', () => {
  let folder: OpensslFolder;
  beforeAll(() => {
    folder = opensslFolder();
    folder.write('root.pem', pemOf('CERTIFICATE', world.pki.root.identity.certificateDer));
  });
  afterAll(() => folder.remove());

  const writeAll = (name: string, label: string, values: readonly Uint8Array[]): string => folder.write(name, values.map((der) => pemOf(label, der)).join(''));
  const attime = (): string[] => ['-attime', String(Math.floor(world.clock.now().getTime() / 1000))];

  it.each<[string, () => DevIdentity, SignatureScheme, () => Promise<Buffer>]>([
    ['RSA, on a classic table', () => world.pki.officer, 'pkcs1', () => samplePdf()],
    ['RSA-PSS, on cross-reference streams', () => world.pki.officer, 'pss', () => samplePdf({ objectStreams: true })],
    ['ECDSA, on a linearised file', () => world.pki.seal, 'ecdsa', async () => qpdfRewrite(await samplePdf({ pages: 3 }), '--linearize')],
  ])('makes B-LTA with %s: every program is content, ours without a network', async (_, identity, scheme, make) => {
    const base = await make();
    const pdf = await world.sign(base, identity(), 'B-LTA', { scheme });
    expect(pdf.subarray(0, base.length).equals(base)).toBe(true);
    expect(qpdfComplaints(pdf)).toBe('');
    expect(pdfsigVerdicts(pdf)[0]).toEqual({ valid: true, wholeDocument: false }); // it does not look into document time-stamps
    const [signature, stamp, more] = cutSignatures(pdf);
    expect(more).toBeUndefined();
    folder.write('sig.p7s', signature?.cms ?? '');
    folder.write('signed.bin', signature?.content ?? '');
    expect(folder.judge('cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'sig.p7s', '-content', 'signed.bin', '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'verified', ...attime()).said).toContain('CAdES Verification successful');
    folder.write('stamp.tst', stamp?.cms ?? '');
    folder.write('stamped.bin', stamp?.content ?? '');
    expect(folder.judge('ts', '-verify', '-token_in', '-in', 'stamp.tst', '-data', 'stamped.bin', '-CAfile', 'root.pem', ...attime()).said).toContain('Verification: OK');
    expect((stamp?.content.length ?? 0) + (stamp?.cms.length ?? 0) * 2 + 2).toBe(pdf.length); // the time-stamp covers everything
    const report = await world.verify(pdf);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA', coverage: { changesAfter: 'permitted' }, warnings: [] }], timestamps: [{ type: 'signature', indication: 'PASSED' }, { type: 'document', indication: 'PASSED' }] });
  });

  it('keeps CRLs with which openssl finds every chain good, signer’s and authority’s, with nothing else at hand', async () => {
    world.server.faults.ocsp = { kind: 'status', status: 503 };
    const { certificatesDer, crlsDer, ocspsDer } = storeOf(await world.sign(onePagePdf(), world.pki.officer, 'B-LT'));
    expect(ocspsDer).toEqual([]);
    writeAll('certs.pem', 'CERTIFICATE', certificatesDer);
    writeAll('crls.pem', 'X509 CRL', crlsDer);
    for (const identity of [world.pki.officer, world.pki.tsa]) {
      folder.write('leaf.pem', pemOf('CERTIFICATE', identity.certificateDer));
      expect(folder.judge('verify', '-crl_check_all', ...attime(), '-CAfile', 'root.pem', '-untrusted', 'certs.pem', '-CRLfile', 'crls.pem', 'leaf.pem').said).toContain('leaf.pem: OK');
    }
  });

  it('keeps OCSP responses that openssl accepts for every certificate below the anchor', async () => {
    const { certificatesDer, crlsDer, ocspsDer } = storeOf(await world.sign(onePagePdf(), world.pki.officer, 'B-LT'));
    expect(crlsDer).toEqual([]);
    expect(ocspsDer).toHaveLength(3); // officer, time-stamping authority, issuing CA
    const { issuing, root, officer, tsa } = world.pki;
    writeAll('certs.pem', 'CERTIFICATE', certificatesDer);
    const good = [[officer, issuing.identity], [tsa, issuing.identity], [issuing.identity, root.identity]].map(([subject, issuer]) => {
      folder.write('leaf.pem', pemOf('CERTIFICATE', subject?.certificateDer ?? new Uint8Array()));
      folder.write('issuer.pem', pemOf('CERTIFICATE', issuer?.certificateDer ?? new Uint8Array()));
      return ocspsDer.filter((der) => {
        folder.write('answer.ors', der);
        const { said } = folder.judge('ocsp', '-issuer', 'issuer.pem', '-cert', 'leaf.pem', '-CAfile', 'root.pem', '-verify_other', 'certs.pem', '-respin', 'answer.ors', '-no_nonce', ...attime());
        return said.includes('Response verify OK') && said.includes('leaf.pem: good');
      }).length;
    });
    expect(good).toEqual([1, 1, 1]);
  });

  it('signs a document twice at B-LTA, officer and then seal: both stay B-LTA, and what the store holds is not written again', async () => {
    const once = await world.sign(await samplePdf(), world.pki.officer, 'B-LTA');
    const twice = await world.sign(once, world.pki.seal, 'B-LTA');
    expect(twice.subarray(0, once.length).equals(once)).toBe(true);
    expect(qpdfComplaints(twice)).toBe('');
    expect(await world.verify(twice)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA' }, { level: 'B-LTA', coverage: { changesAfter: 'permitted' } }] });
    const digests = storeOf(twice).certificatesDer.map((der) => Buffer.from(der).toString('base64'));
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('what B-LT and B-LTA need', () => {
  it('asks each authority once: two stamps, one OCSP response for each certificate, for many documents too', async () => {
    const before = { ...world.server.served };
    const ports = world.signingPorts(world.pki.officer);
    for (let i = 0; i < 3; i++) await signDocument(ports, { source: bytesSource(onePagePdf()), level: 'B-LTA' });
    const { tsa, ocsp, crl, ca } = world.server.served;
    expect({ tsa: tsa - before.tsa, ocsp: ocsp - before.ocsp, crl: crl - before.crl, ca: ca - before.ca }).toEqual({ tsa: 6, ocsp: 3, crl: 0, ca: 0 });
  });

  it.each([
    ['OCSP and CRL down', { ocsp: { kind: 'reset' }, crl: { kind: 'status', status: 503 } }, 'REVOCATION_UNAVAILABLE'],
    ['OCSP hanging and CRL an HTML page', { ocsp: { kind: 'hang' }, crl: { kind: 'html' } }, 'REVOCATION_UNAVAILABLE'],
    ['OCSP about another certificate and CRL stale', { ocsp: { kind: 'wrong-certificate' }, crl: { kind: 'stale' } }, 'REVOCATION_UNAVAILABLE'],
    ['OCSP signed by a stranger and CRL with a broken signature', { ocsp: { kind: 'wrong-signer' }, crl: { kind: 'broken-signature' } }, 'REVOCATION_UNAVAILABLE'],
    ['OCSP with another nonce and a CRL cut off', { ocsp: { kind: 'wrong-nonce' }, crl: { kind: 'truncated' } }, 'REVOCATION_UNAVAILABLE'],
    ['the authority down', { tsa: { kind: 'reset' } }, 'TSA_UNAVAILABLE'],
    ['the authority hanging', { tsa: { kind: 'hang' } }, 'TSA_UNAVAILABLE'],
    ['the authority lying about the nonce', { tsa: { kind: 'wrong-nonce' } }, 'TSA_TOKEN_INVALID'],
    ['the authority stamping other data', { tsa: { kind: 'wrong-imprint' } }, 'TSA_TOKEN_INVALID'],
  ] as const)('gives no document with %s, never a lower level', async (_, faults, code) => {
    Object.assign(world.server.faults, faults);
    for (const level of ['B-LT', 'B-LTA'] as const) await expect(world.sign(onePagePdf(), world.pki.seal, level)).rejects.toMatchObject({ code });
  });

  it('names the certificate whose status is missing, and where it was asked for', async () => {
    Object.assign(world.server.faults, { ocsp: { kind: 'unauthorized' }, crl: { kind: 'status', status: 500 } });
    await expect(world.sign(onePagePdf(), world.pki.officer, 'B-LT')).rejects.toThrow(/Nguyễn Thị Hoài Mẫu.*\/ocsp.*\/crl\/issuing\.crl/s);
  });

  it('releases nothing for a signer whose certificate is revoked, or an authority whose certificate is', async () => {
    const day = 86_400_000;
    const issue = (profile: 'signer' | 'tsa', name: string): Promise<DevIdentity> =>
      world.pki.issuing.issue({ name, subject: [['C', 'VN'], ['CN', `${name} (mẫu)`]], profile, key: 'ec-p256', notBefore: new Date(world.clock.now().getTime() - day), notAfter: new Date(world.clock.now().getTime() + day) });
    const signer = await issue('signer', 'thu-hoi');
    revokeIdentity(world.pki, signer, new Date(world.clock.now().getTime() - 1_000));
    await expect(world.sign(onePagePdf(), signer, 'B-LT')).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    const { tsa } = world.pki;
    const revokedTsa = await issue('tsa', 'tsa-thu-hoi');
    revokeIdentity(world.pki, revokedTsa, new Date(world.clock.now().getTime() - 1_000));
    Object.assign(world.pki, { tsa: revokedTsa });
    try {
      await expect(world.sign(onePagePdf(), world.pki.officer, 'B-LT')).rejects.toMatchObject({ code: 'CERTIFICATE_REVOKED' });
    } finally {
      Object.assign(world.pki, { tsa });
    }
  });

  it.each([
    ['whose CRL can be had: both are kept', true, null, { crls: 1, ocsps: 3 }],
    ['of whom no CRL speaks: CRLs are kept instead', false, null, { crls: 1, ocsps: 1 }],
    ['of whom no CRL speaks, and no CRL can be had: nothing is released', false, { kind: 'status', status: 503 }, null],
  ] as const)('meets an OCSP responder without nocheck %s (RFC 6960 §4.2.2.2.1)', async (_, namesCrl, crlFault, kept) => {
    const { pki, clock, server } = world;
    const before = pki.ocsp;
    const extensionsDer = [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([EKU.OCSP_SIGNING], false), ...(namesCrl ? [crlDistributionPointsExtension(`${server.url}/crl/issuing.crl`)] : [])];
    const validity = { notBefore: new Date(clock.now().getTime() - 86_400_000), notAfter: new Date(clock.now().getTime() + 86_400_000) };
    Object.assign(pki, { ocsp: await pki.issuing.issue({ name: 'ocsp', subject: OCSP_NAME, profile: 'ocsp', key: 'ec-p256', ...validity, extensionsDer }) });
    server.faults.crl = crlFault;
    try {
      const signing = world.sign(onePagePdf(), pki.officer, 'B-LT');
      if (kept === null) return await expect(signing).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE', message: expect.stringContaining('neither nocheck nor the address of a CRL') as string });
      const { crlsDer, ocspsDer } = storeOf(await signing);
      expect({ crls: crlsDer.length, ocsps: ocspsDer.length }).toEqual(kept);
      return expect(await world.verify(await signing)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LT' }] });
    } finally {
      Object.assign(pki, { ocsp: before });
    }
  });

  it.each([
    ['an OCSP responder that has expired', 'ocsp', 'REVOCATION_UNAVAILABLE'],
    ['a time-stamping authority that has expired', 'tsa', 'TSA_TOKEN_INVALID'],
  ] as const)('gives no document with %s, never a lower level', async (_, who, code) => {
    const { pki, clock, server } = world;
    const before = pki[who];
    const [now, day] = [clock.now().getTime(), 86_400_000];
    const subject = who === 'ocsp' ? OCSP_NAME : ([['C', 'VN'], ['CN', 'Dấu thời gian quá hạn (mẫu)']] as const);
    Object.assign(pki, { [who]: await pki.issuing.issue({ name: `${who}-expired`, subject, profile: who, key: 'ec-p256', notBefore: new Date(now - 2 * day), notAfter: new Date(now - day) }) });
    server.faults.crl = { kind: 'status', status: 503 };
    try {
      for (const level of ['B-LT', 'B-LTA'] as const) await expect(world.sign(onePagePdf(), pki.officer, level)).rejects.toMatchObject({ code });
    } finally {
      Object.assign(pki, { [who]: before });
    }
  });

  it('keeps nothing of an OCSP responder that is revoked: CRLs stand in its place, and the level holds (RFC 6960 §4.2.2.2.1)', async () => {
    const { pki, clock, server } = world;
    const before = pki.ocsp;
    const now = clock.now().getTime();
    const extensionsDer = [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([EKU.OCSP_SIGNING], false), crlDistributionPointsExtension(`${server.url}/crl/issuing.crl`)];
    const revoked = await pki.issuing.issue({ name: 'ocsp-thu-hoi', subject: OCSP_NAME, profile: 'ocsp', key: 'ec-p256', notBefore: new Date(now - 86_400_000), notAfter: new Date(now + 86_400_000), extensionsDer });
    revokeIdentity(pki, revoked, new Date(now - 1_000));
    Object.assign(pki, { ocsp: revoked });
    try {
      const pdf = await world.sign(onePagePdf(), pki.officer, 'B-LT');
      const { certificatesDer, crlsDer, ocspsDer } = storeOf(pdf);
      expect({ crls: crlsDer.length, ocsps: ocspsDer.length }).toEqual({ crls: 1, ocsps: 1 }); // the root answers for the issuing CA
      expect(certificatesDer.some((der) => Buffer.compare(der, revoked.certificateDer) === 0)).toBe(false);
      expect(await world.verify(pdf)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LT' }] });
      server.faults.crl = { kind: 'status', status: 503 };
      await expect(world.sign(onePagePdf(), pki.officer, 'B-LT')).rejects.toMatchObject({ code: 'REVOCATION_UNAVAILABLE' });
    } finally {
      Object.assign(pki, { ocsp: before });
    }
  });

  it('keeps the chain of another authority too, when the document time-stamp comes from it', async () => {
    const { pki, clock } = world;
    const { tsa } = pki;
    const validity = { notBefore: new Date(clock.now().getTime() - 1_000), notAfter: new Date(clock.now().getTime() + 86_400_000) };
    const other = await pki.issuing.issue({ name: 'tsa-b', subject: [['C', 'VN'], ['CN', 'Dấu thời gian thử nghiệm B']], profile: 'tsa', key: 'ec-p256', ...validity });
    const ports = world.signingPorts(pki.officer);
    const [authority] = ports.timestampAuthorities;
    if (authority === undefined) throw new Error('no authority');
    // The first answers once, then somebody else does.
    const changing = { name: authority.name, exchange: async (request: Uint8Array) => authority.exchange(request).finally(() => Object.assign(pki, { tsa: other })) };
    try {
      const { increment } = await signDocument({ ...ports, timestampAuthorities: [changing] }, { source: bytesSource(onePagePdf()), level: 'B-LTA' });
      const report = await world.verify(Buffer.concat([onePagePdf(), increment]));
      expect(report).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA' }], timestamps: [{ tsa: expect.not.stringContaining('thử nghiệm B') as string, indication: 'PASSED' }, { tsa: expect.stringContaining('thử nghiệm B') as string, indication: 'PASSED' }] });
    } finally {
      Object.assign(pki, { tsa });
    }
  });

  it('turns to the next authority for either time-stamp', async () => {
    const dead = createHttpTimestampAuthority({ url: 'http://127.0.0.1:1/tsa', totalTimeoutMs: 1_000 });
    const ports = world.signingPorts(world.pki.officer);
    try {
      const { facts } = await signDocument({ ...ports, timestampAuthorities: [dead, ...ports.timestampAuthorities] }, { source: bytesSource(onePagePdf()), level: 'B-LTA' });
      expect(facts).toMatchObject({ level: 'B-LTA', timestamp: { authority: ports.timestampAuthorities[0]?.name }, documentTimestamp: { authority: ports.timestampAuthorities[0]?.name } });
    } finally {
      await dead.close();
    }
  });
});

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadPolicy } from '../../certs/policy/load-policy.ts';
import { privateKeyDerOf, type DevIdentity } from '../../certs/dev/identity.ts';
import { readAsn1, type Asn1Node } from '../../src/formats/asn1/reader.ts';
import type { SignatureLevel, SignatureScheme } from '../../src/domain/signature.ts';
import type { ValidationReport } from '../../src/domain/validation-report.ts';
import { growingCms } from '../../src/formats/ades/growing-cms.ts';
import { validationPolicy } from '../../src/formats/ades/policy.ts';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { envelopingChunks } from '../../src/formats/cms/attach-content.ts';
import { attribute } from '../../src/formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../../src/formats/cms/build-signed-data.ts';
import { NOTHING_ADDED } from '../../src/formats/cms/grow-signed-data.ts';
import { ATTRIBUTE } from '../../src/formats/cms/oids.ts';
import { readSignedData } from '../../src/formats/cms/signed-data.ts';
import { valuesOf } from '../../src/formats/cms/attributes.ts';
import { sequence } from '../../src/formats/asn1/writer.ts';
import { pemOf } from '../../src/formats/x509/pem.ts';
import { raiseCms, type RaiseCmsTerms } from '../../src/usecases/raise-cms.ts';
import { signBytes } from '../../src/usecases/sign-bytes.ts';
import { verifyDocument } from '../../src/usecases/verify-document.ts';
import { startLongTermWorld, type LongTermWorld } from '../support/long-term.ts';
import { opensslFolder, type OpensslFolder } from '../support/openssl.ts';
import { onePagePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

/** CAdES from B-B to B-LTA, with the content elsewhere and inside, raised and renewed; judged by openssl and by our own verifier without a network. */

const YEAR_MS = 365 * 86_400_000;
const content = Buffer.from('Quyết định giải quyết hồ sơ đất đai (mẫu)\r\n'.repeat(500), 'utf8');
let world: LongTermWorld;

beforeAll(async () => {
  world = await startLongTermWorld();
});
afterEach(() => Object.assign(world.server.faults, { tsa: null, ocsp: null, crl: null, ca: null }));
afterAll(() => world.close());

async function sign(identity: DevIdentity, level: SignatureLevel, scheme?: SignatureScheme): Promise<{ readonly detached: Uint8Array; readonly enveloping: Buffer }> {
  const { cmsDer, facts } = await signBytes(world.signingPorts(identity, scheme), { source: bytesSource(content), level });
  return { detached: cmsDer, enveloping: Buffer.concat([...envelopingChunks(cmsDer, bytesSource(content), facts)]) };
}

async function extend(cms: Uint8Array, level: RaiseCmsTerms['level'], { detached = content, signatureId }: { readonly detached?: Uint8Array | null; readonly signatureId?: string } = {}): Promise<Uint8Array> {
  const file = growingCms(bytesSource(cms), detached === null ? undefined : bytesSource(detached));
  const { added } = await raiseCms(world.ports(), file, { level, signatureId, added: NOTHING_ADDED, digestAlgorithm: 'sha256' });
  return file.grown(added);
}

function verify(cms: Uint8Array, detached: Uint8Array | null, online = false): Promise<ValidationReport> {
  const trustStore = { anchors: () => Promise.resolve([{ certificateDer: world.pki.root.identity.certificateDer, set: 'dev' }]) };
  const collector = online ? world.ports().longTerm.collector : undefined;
  return verifyDocument({ trustStore, clock: world.clock, collector }, { file: 'test', source: bytesSource(cms), policy: validationPolicy(loadPolicy('default')), ...(detached === null ? {} : { detached: bytesSource(detached) }) });
}

const levelsOf = async (cms: Uint8Array, detached: Uint8Array | null): Promise<string[]> => (await verify(cms, detached)).signatures.map(({ level, indication }) => `${level} ${indication}`);

/** The SignedData's fields as they stand in the bytes. */
const fieldsOf = (cms: Uint8Array): readonly Asn1Node[] => readAsn1(cms).children[1]?.children[0]?.children ?? [];
const signerOf = (cms: Uint8Array): Uint8Array => readSignedData(cms).signerInfos[0]?.signature ?? new Uint8Array();

describe.skipIf(!requireTool('openssl'))('CAdES before openssl', () => {
  let folder: OpensslFolder;
  const VERIFY = ['cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'verified'];
  beforeAll(() => {
    folder = opensslFolder();
    folder.write('root.pem', pemOf('CERTIFICATE', world.pki.root.identity.certificateDer));
    folder.write('content.bin', content);
  });
  afterAll(() => folder.remove());

  it.each<[SignatureLevel, string, () => DevIdentity, SignatureScheme]>([
    ['B-B', 'RSA', () => world.pki.officer, 'pkcs1'],
    ['B-T', 'ECDSA', () => world.pki.seal, 'ecdsa'],
    ['B-LT', 'RSA-PSS', () => world.pki.officer, 'pss'],
    ['B-LTA', 'RSA', () => world.pki.officer, 'pkcs1'],
    ['B-LTA', 'ECDSA', () => world.pki.seal, 'ecdsa'],
  ])('accepts %s with %s, detached and enveloping, and gives the content back', async (level, _, identity, scheme) => {
    const { detached, enveloping } = await sign(identity(), level, scheme);
    folder.write('sig.p7s', detached);
    folder.write('sig.p7m', enveloping);
    expect(folder.judge(...VERIFY, '-in', 'sig.p7s', '-content', 'content.bin').said).toContain('CAdES Verification successful');
    expect(folder.judge(...VERIFY, '-in', 'sig.p7m').said).toContain('CAdES Verification successful');
    expect(readFileSync(folder.path('verified')).equals(content)).toBe(true);
    folder.write('changed.bin', Buffer.concat([content, Buffer.from(' ')]));
    expect(folder.judge(...VERIFY, '-in', 'sig.p7s', '-content', 'changed.bin').accepted).toBe(false);
    const expected = `${level} ${level === 'B-B' || level === 'B-T' ? 'INDETERMINATE' : 'TOTAL-PASSED'}`; // below B-LT nothing of revocation is in the file
    expect(await levelsOf(detached, content)).toEqual([expected]);
    expect(await levelsOf(enveloping, null)).toEqual([expected]);
  });

  it('verifies the archive time-stamp’s token over what §5.5.3 lists, put together from the bytes', async () => {
    const { detached: cms } = await sign(world.pki.officer, 'B-LTA');
    const [token] = valuesOf(readSignedData(cms).signerInfos[0]?.unsignedAttributes ?? [], ATTRIBUTE.archiveTimestampV3);
    const index = valuesOf(readSignedData(token?.bytes ?? new Uint8Array()).signerInfos[0]?.unsignedAttributes ?? [], ATTRIBUTE.atsHashIndexV3);
    const fields = fieldsOf(cms);
    const signerFields = fields.at(-1)?.children[0]?.children ?? [];
    const covered = Buffer.concat([fields[2]?.children[0]?.bytes ?? '', createHash('sha256').update(content).digest(), ...signerFields.filter((field) => !field.isContext(1)).map(({ bytes }) => bytes), index[0]?.bytes ?? ''].map((part) => Buffer.from(part)));
    folder.write('archive.tst', token?.bytes ?? '');
    folder.write('archived.bin', covered);
    expect(folder.judge('ts', '-verify', '-token_in', '-in', 'archive.tst', '-data', 'archived.bin', '-CAfile', 'root.pem').said).toContain('Verification: OK');
    const certificateHashes = index[0]?.children[1]?.children.map(({ content: hash }) => Buffer.from(hash).toString('hex')) ?? [];
    const certificates = fields.find((field) => field.isContext(0))?.children ?? [];
    expect(certificateHashes.sort()).toEqual(certificates.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex')).sort());
  });

  it('finds every chain good with the certificates and CRLs of the file and nothing else', async () => {
    world.server.faults.ocsp = { kind: 'status', status: 503 };
    const { detached } = await sign(world.pki.officer, 'B-LT');
    folder.write('sig.p7s', detached);
    folder.run('cms', '-cmsout', '-inform', 'DER', '-in', 'sig.p7s', '-noout'); // openssl reads the whole structure
    const { certificates, crlsDer, ocspResponsesDer } = readSignedData(detached);
    expect(ocspResponsesDer).toEqual([]);
    folder.write('certs.pem', certificates.map(({ der }) => pemOf('CERTIFICATE', der)).join(''));
    folder.write('crls.pem', crlsDer.map((der) => pemOf('X509 CRL', der)).join(''));
    for (const identity of [world.pki.officer, world.pki.tsa]) {
      folder.write('leaf.pem', pemOf('CERTIFICATE', identity.certificateDer));
      expect(folder.judge('verify', '-crl_check_all', '-CAfile', 'root.pem', '-untrusted', 'certs.pem', '-CRLfile', 'crls.pem', 'leaf.pem').said).toContain('leaf.pem: OK');
    }
  });

  it.each<[string, readonly string[]]>([
    ['detached, DER', ['-outform', 'DER', '-cades']],
    ['enveloping, DER', ['-outform', 'DER', '-cades', '-nodetach']],
    ['enveloping, streamed in BER', ['-outform', 'DER', '-cades', '-nodetach', '-stream']],
    ['detached, PEM', ['-outform', 'PEM', '-cades']],
  ])('raises and renews what openssl cms -sign made: %s', async (_, options) => {
    const { officer, issuing } = world.pki;
    folder.write('signer.pem', pemOf('CERTIFICATE', officer.certificateDer));
    folder.write('issuing.pem', pemOf('CERTIFICATE', issuing.identity.certificateDer));
    folder.write('signer.key', pemOf('PRIVATE KEY', privateKeyDerOf(officer.privateKey)));
    folder.run('cms', '-sign', '-binary', '-in', 'content.bin', '-signer', 'signer.pem', '-inkey', 'signer.key', '-certfile', 'issuing.pem', '-out', 'theirs', ...options);
    const theirs = readFileSync(folder.path('theirs'));
    const outside = options.includes('-nodetach') ? null : content;
    for (const [from, level, expected] of [[theirs, 'B-T', 'B-T INDETERMINATE'], [theirs, 'B-LT', 'B-LT TOTAL-PASSED'], [theirs, 'B-LTA', 'B-LTA TOTAL-PASSED']] as const) {
      const raised = await extend(from, level, { detached: outside });
      expect(await levelsOf(raised, outside)).toEqual([expected]);
      folder.write('raised.p7s', raised);
      expect(folder.judge(...VERIFY, '-in', 'raised.p7s', ...(outside === null ? [] : ['-content', 'content.bin'])).said).toContain('CAdES Verification successful');
    }
  });
});

describe.skipIf(!requireTool('openssl'))('two signers in one file, as openssl puts them', () => {
  let folder: OpensslFolder;
  let theirs: Buffer;
  beforeAll(() => {
    folder = opensslFolder();
    folder.write('root.pem', pemOf('CERTIFICATE', world.pki.root.identity.certificateDer));
    folder.write('content.bin', content);
    for (const identity of [world.pki.officer, world.pki.seal]) {
      folder.write(`${identity.name}.pem`, pemOf('CERTIFICATE', identity.certificateDer));
      folder.write(`${identity.name}.key`, pemOf('PRIVATE KEY', privateKeyDerOf(identity.privateKey)));
    }
    // Without the issuer's certificate: it is fetched from where theirs say.
    folder.run('cms', '-sign', '-cades', '-binary', '-in', 'content.bin', '-outform', 'DER', '-out', 'two.p7s', ...[world.pki.officer, world.pki.seal].flatMap(({ name }) => ['-signer', `${name}.pem`, '-inkey', `${name}.key`]));
    theirs = readFileSync(folder.path('two.p7s'));
  });
  afterAll(() => folder.remove());

  it('are raised together, each with time-stamps of its own, and openssl finds both', async () => {
    const raised = await extend(await extend(theirs, 'B-LTA'), 'B-LTA');
    expect(await levelsOf(raised, content)).toEqual(['B-LTA TOTAL-PASSED', 'B-LTA TOTAL-PASSED']);
    const { timestamps } = await verify(raised, content);
    expect(timestamps.map(({ type, covers, indication }) => `${covers} ${type} ${indication}`).sort()).toEqual(['Signature1', 'Signature2'].flatMap((id) => [`${id} archive PASSED`, `${id} archive PASSED`, `${id} signature PASSED`]));
    folder.write('raised.p7s', raised);
    expect(folder.judge('cms', '-verify', '-cades', '-binary', '-inform', 'DER', '-in', 'raised.p7s', '-content', 'content.bin', '-CAfile', 'root.pem', '-purpose', 'any', '-out', 'verified').said).toContain('CAdES Verification successful');
  });

  it('are raised one alone where that is asked for', async () => {
    const raised = await extend(theirs, 'B-LTA', { signatureId: 'Signature2' });
    const levels = (await verify(raised, content)).signatures.map(({ level }) => level);
    expect(levels[1]).toBe('B-LTA');
    expect(levels[0]).toBe('B-B'); // no time-stamp of its own
    expect(readSignedData(raised).signerInfos[0]?.unsignedAttributes).toEqual([]);
  });
});

describe('what a file holds at B-LT and B-LTA (EN 319 122-1 §6.3 table 1)', () => {
  it('has certificates with the anchor, OCSP responses by RFC 5940 in crls, version 5, and none of the excluded attributes', async () => {
    const { detached } = await sign(world.pki.officer, 'B-LTA');
    const { certificates, version, revocationEntries, ocspResponsesDer, signerInfos } = readSignedData(detached);
    expect(version).toBe(5);
    expect(certificates.map(({ sha256Hex }) => sha256Hex)).toContain(createHash('sha256').update(world.pki.root.identity.certificateDer).digest('hex'));
    expect(new Set(certificates.map(({ sha256Hex }) => sha256Hex)).size).toBe(certificates.length);
    expect(revocationEntries.map(({ kind }) => kind)).toEqual(['ocsp', 'ocsp', 'ocsp']); // officer, time-stamping authority, issuing CA
    expect(Buffer.from(revocationEntries[0]?.entryDer ?? []).toString('hex')).toContain('06082b06010505071002'); // id-ri-ocsp-response
    expect(ocspResponsesDer).toHaveLength(3);
    expect(signerInfos[0]?.unsignedAttributes.map(({ oid }) => oid).sort()).toEqual([ATTRIBUTE.archiveTimestampV3, ATTRIBUTE.signatureTimestamp].sort());
  });

  it('says who vouches for it all: time-stamps of the signature and of the archive', async () => {
    const report = await verify((await sign(world.pki.officer, 'B-LTA')).detached, content);
    expect(report).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ format: 'CAdES', level: 'B-LTA', warnings: [] }], timestamps: [{ type: 'signature', indication: 'PASSED' }, { type: 'archive', indication: 'PASSED', covers: 'Signature1' }] });
  });

  it('judges an enveloping signature with a PDF inside as what it is', async () => {
    const pdf = onePagePdf();
    const { cmsDer, facts } = await signBytes(world.signingPorts(world.pki.officer), { source: bytesSource(pdf), level: 'B-LT' });
    const report = await verify(Buffer.concat([...envelopingChunks(cmsDer, bytesSource(pdf), facts)]), null);
    expect(report).toMatchObject({ mediaType: 'application/pkcs7-signature', result: 'TOTAL-PASSED', signatures: [{ format: 'CAdES', level: 'B-LT' }] });
  });

  it('does not put a content inside that is not what was signed', async () => {
    const { cmsDer, facts } = await signBytes(world.signingPorts(world.pki.officer), { source: bytesSource(content), level: 'B-B' });
    expect(() => [...envelopingChunks(cmsDer, bytesSource(Buffer.concat([content, content])), facts)]).toThrow(/changed while it was signed/);
    const inside = Buffer.concat([...envelopingChunks(cmsDer, bytesSource(content), facts)]);
    expect(() => [...envelopingChunks(inside, bytesSource(content), facts)]).toThrow(/is not detached/);
  });

  it('refuses to envelop what nobody could read', async () => {
    const { cmsDer, facts } = await signBytes(world.signingPorts(world.pki.officer), { source: bytesSource(content), level: 'B-B' });
    const huge = { sizeBytes: 64 * 1024 * 1024, read: () => new Uint8Array() };
    expect(() => [...envelopingChunks(cmsDer, huge, facts)]).toThrow(/sign the document detached/);
  });
});

describe('raising CAdES', () => {
  it.each<[SignatureLevel, RaiseCmsTerms['level'], string]>([
    ['B-B', 'B-T', 'B-T INDETERMINATE'],
    ['B-B', 'B-LTA', 'B-LTA TOTAL-PASSED'],
    ['B-T', 'B-LT', 'B-LT TOTAL-PASSED'],
    ['B-LT', 'B-LTA', 'B-LTA TOTAL-PASSED'],
  ])('raises %s to %s, the signature value untouched', async (from, to, expected) => {
    const { detached, enveloping } = await sign(world.pki.seal, from);
    const raised = await extend(detached, to);
    expect(Buffer.compare(signerOf(raised), signerOf(detached))).toBe(0);
    expect(await levelsOf(raised, content)).toEqual([expected]);
    expect(await levelsOf(await extend(enveloping, to, { detached: null }), null)).toEqual([expected]);
  });

  it.each(['B-T', 'B-LT'] as const)('adds nothing to what is at %s already', async (level) => {
    const { detached } = await sign(world.pki.seal, level);
    expect(Buffer.compare(await extend(detached, level), detached)).toBe(0);
  });

  it('renews B-LTA with a second archive time-stamp, after the end of the signer’s certificate and of the first authority', async () => {
    const { clock, pki } = world;
    const [begin, firstTsa] = [clock.now(), pki.tsa];
    const { detached } = await sign(pki.officer, 'B-LTA');
    clock.advance(2 * YEAR_MS);
    Object.assign(pki, { tsa: await pki.issuing.issue({ name: 'tsa-2', subject: [['C', 'VN'], ['CN', 'Dấu thời gian thử nghiệm 2']], profile: 'tsa', key: 'rsa-2048', notBefore: clock.now(), notAfter: new Date(clock.now().getTime() + 3 * YEAR_MS) }) });
    try {
      const renewed = await extend(detached, 'B-LTA');
      expect(valuesOf(readSignedData(renewed).signerInfos[0]?.unsignedAttributes ?? [], ATTRIBUTE.archiveTimestampV3)).toHaveLength(2);
      clock.advance(2 * YEAR_MS);
      expect(await verify(renewed, content, true)).toMatchObject({ result: 'TOTAL-PASSED', signatures: [{ level: 'B-LTA' }] });
      expect((await verify(detached, content, true)).result).toBe('INDETERMINATE');
    } finally {
      Object.assign(pki, { tsa: firstTsa });
      clock.set(begin);
    }
  });

  it.each<[string, () => Promise<Uint8Array>, Uint8Array | null, RaiseCmsTerms['level'], string, RegExp]>([
    ['a detached signature without what it signs', async () => (await sign(world.pki.seal, 'B-B')).detached, null, 'B-LTA', 'REQUEST_INVALID', /--detached FILE/],
    ['a signature over other bytes', async () => (await sign(world.pki.seal, 'B-T')).detached, Buffer.from('khác'), 'B-LTA', 'SIGNATURE_INVALID', /is not what the document holds/],
    ['certificate-values, which B-LT excludes', async () => addUnsignedAttribute((await sign(world.pki.seal, 'B-T')).detached, attribute(ATTRIBUTE.certificateValues, sequence())), content, 'B-LT', 'LEVEL_UNSUPPORTED', /certificate-values/],
    ['an archive time-stamp of the old kind', async () => addUnsignedAttribute((await sign(world.pki.seal, 'B-T')).detached, attribute(ATTRIBUTE.archiveTimestampV2, sequence())), content, 'B-LTA', 'LEVEL_UNSUPPORTED', /version 2/],
    ['bytes after the end', async () => Buffer.concat([(await sign(world.pki.seal, 'B-B')).detached, Buffer.from('x')]), content, 'B-T', 'SIGNATURE_INVALID', /bytes follow the CMS/],
    ['what is no CMS', () => Promise.resolve(Buffer.from('PK\x03\x04')), content, 'B-T', 'MEDIA_TYPE_UNSUPPORTED', /neither a PDF nor/],
  ])('refuses %s, in words, before an authority is asked', async (_, make, detached, level, code, words) => {
    const cms = await make();
    const asked = world.server.served.tsa;
    await expect(extend(cms, level, { detached })).rejects.toMatchObject({ code, message: expect.stringMatching(words) as string });
    expect(world.server.served.tsa).toBe(asked);
  });

  it('names the signatures there are when the one asked for is not', async () => {
    await expect(extend((await sign(world.pki.seal, 'B-B')).detached, 'B-T', { signatureId: 'Signature7' })).rejects.toMatchObject({ code: 'REQUEST_INVALID', message: expect.stringContaining('“Signature1”') as string });
  });

  it.each([
    ['OCSP and CRL down', { ocsp: { kind: 'reset' }, crl: { kind: 'status', status: 503 } }, 'REVOCATION_UNAVAILABLE'],
    ['the authority down', { tsa: { kind: 'reset' } }, 'TSA_UNAVAILABLE'],
    ['the authority stamping other data', { tsa: { kind: 'wrong-imprint' } }, 'TSA_TOKEN_INVALID'],
  ] as const)('gives no signature with %s, never a lower level', async (_, faults, code) => {
    Object.assign(world.server.faults, faults);
    for (const level of ['B-LT', 'B-LTA'] as const) await expect(sign(world.pki.seal, level)).rejects.toMatchObject({ code });
  });
});

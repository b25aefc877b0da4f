import { sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bitString, nullValue, oid, sequence } from '../../../../../src/formats/asn1/writer.ts';
import { basicConstraintsExtension, keyUsageExtension } from '../../../../../src/formats/x509/build-extensions.ts';
import { buildName, type NameInput } from '../../../../../src/formats/x509/build-name.ts';
import { readCertificate, type Certificate } from '../../../../../src/formats/x509/certificate.ts';
import { pathRules, TIMESTAMP_PURPOSE, type PathRules } from '../../../../../src/formats/x509/path/rules.ts';
import { validatePath } from '../../../../../src/formats/x509/path/validate-path.ts';
import { loadPolicy } from '../../../../../certs/policy/load-policy.ts';
import { newKey, testCa, testIdentity, testTsa, type TestIdentity } from '../../../../support/certificates.ts';

const AT = new Date();
const RULES = pathRules(loadPolicy('default').algorithms);
const read = (identity: TestIdentity): Certificate => readCertificate(identity.certificateDer);
const trust = (...identities: readonly TestIdentity[]): { certificate: Certificate; set: string }[] => identities.map((identity) => ({ certificate: read(identity), set: 'test' }));
const DAY = 86_400_000;
const CA_EXTENSIONS = [basicConstraintsExtension(true), keyUsageExtension(['keyCertSign', 'cRLSign'])];

function validate(leaf: TestIdentity, intermediates: readonly TestIdentity[], anchors: readonly TestIdentity[], rules: PathRules = RULES, at: Date = AT): ReturnType<typeof validatePath> {
  return validatePath({ leaf: read(leaf), intermediates: intermediates.map((identity) => read(identity)), anchors: trust(...anchors), at, rules });
}

describe('validatePath', () => {
  const root = testCa([['CN', 'Gốc']]);
  const sub = testIdentity({ name: [['CN', 'CA con']], issuer: root, extensionsDer: CA_EXTENSIONS });
  const leaf = testIdentity({ issuer: sub });

  it('passes a path and names anchor, chain and every rule it kept (RFC 5280 §6.1)', () => {
    const result = validate(leaf, [sub], [root]);
    expect(result.outcome).toBe('PASSED');
    expect(result.chain.map(({ subject }) => subject)).toEqual([read(leaf).subject, 'CN=CA con', 'CN=Gốc']);
    expect(result.anchor?.set).toBe('test');
    expect(result.checks.every(({ status }) => status !== 'failed')).toBe(true);
    expect(result.signatureChecks).toBe(2);
  });

  it('says which issuer is missing', () => {
    const result = validate(leaf, [], [root]);
    expect(result).toMatchObject({ outcome: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', anchor: null });
    expect(result.checks[0]?.detail).toContain('CN=CA con');
  });

  it('does not take a CA of the same name with another key', () => {
    const twin = testCa([['CN', 'Gốc']]);
    const result = validate(leaf, [sub], [twin]);
    expect(result.subIndication).toBe('NO_CERTIFICATE_CHAIN_FOUND');
    expect(result.refused.flatMap(({ reasons }) => reasons).join()).toContain('not made with this issuer');
  });

  it('tells the dates of the leaf from those of its issuers (EN 319 102-1 §5.2.6.4)', () => {
    const late = new Date(Date.now() + 800 * DAY);
    const expired = testIdentity({ issuer: root, notBefore: new Date(Date.now() - 20 * DAY), notAfter: new Date(Date.now() - 10 * DAY) });
    expect(validate(expired, [], [root]).subIndication).toBe('OUT_OF_BOUNDS_NO_POE');
    const lasting = testIdentity({ issuer: sub, notAfter: new Date(Date.now() + 2_000 * DAY) });
    expect(validate(lasting, [sub], [root], RULES, late).subIndication).toBe('CERTIFICATE_CHAIN_GENERAL_FAILURE');
  });

  it('judges an issuer at the time it issued in the chain model, now in the shell model', () => {
    const shortCa = testIdentity({ name: [['CN', 'CA ngắn']], issuer: root, extensionsDer: CA_EXTENSIONS, notBefore: new Date(Date.now() - 30 * DAY), notAfter: new Date(Date.now() - 10 * DAY) });
    const outliving = testIdentity({ issuer: shortCa, notBefore: new Date(Date.now() - 20 * DAY) });
    expect(validate(outliving, [shortCa], [root]).outcome).toBe('INDETERMINATE');
    expect(validate(outliving, [shortCa], [root], { ...RULES, model: 'chain' }).outcome).toBe('PASSED');
  });

  it('refuses a leaf that issues (RFC 5280 §6.1.4 (k))', () => {
    const child = testIdentity({ issuer: leaf, name: [['CN', 'con']] });
    const result = validate(child, [leaf, sub], [root]);
    expect(result.subIndication).toBe('CHAIN_CONSTRAINTS_FAILURE');
    expect(result.checks.find(({ name }) => name === 'path-issuers-are-cas')?.status).toBe('failed');
  });

  it('refuses a timestamping certificate with a second purpose or without criticality (RFC 3161 §2.3)', () => {
    const rules = { ...RULES, leaf: { ...RULES.leaf, purpose: TIMESTAMP_PURPOSE } };
    expect(validate(testTsa(root), [], [root], rules).outcome).toBe('PASSED');
    expect(validate(testIdentity({ issuer: root }), [], [root], rules).checks.find(({ name }) => name === 'path-purpose')?.status).toBe('failed');
  });

  it('takes the leaf for its own anchor only where the rules say so', () => {
    const own = testIdentity();
    expect(validate(own, [], [own]).outcome).toBe('INDETERMINATE');
    expect(validate(own, [], [own], { ...RULES, leaf: { ...RULES.leaf, asAnchor: 'self-signed-only' } }).outcome).toBe('PASSED');
    expect(validate(leaf, [], [leaf], { ...RULES, leaf: { ...RULES.leaf, asAnchor: 'self-signed-only' } }).outcome).toBe('INDETERMINATE');
    expect(validate(leaf, [], [leaf], { ...RULES, leaf: { ...RULES.leaf, asAnchor: 'accepted' } }).outcome).toBe('PASSED');
  });

  it('asks the caller about paths that passed, and goes on when one is refused', () => {
    const crossed = testIdentity({ name: [['CN', 'CA con']], issuer: root, extensionsDer: CA_EXTENSIONS, privateKey: sub.privateKey });
    const asked: string[] = [];
    const refuse = (chain: { certificates: readonly Certificate[] }): string | null => {
      const sha = chain.certificates[1]?.sha256Hex ?? '';
      asked.push(sha);
      return asked.length === 1 ? 'withdrawn' : null;
    };
    const result = validatePath({ leaf: read(leaf), intermediates: [read(sub), read(crossed)], anchors: trust(root), at: AT, rules: RULES, refuse });
    expect(result.outcome).toBe('PASSED');
    expect(new Set(asked).size).toBe(2);
    expect(result.refused[0]?.reasons[0]).toContain('withdrawn');
  });
});

describe('algorithms by date', () => {
  it('flags SHA-1 on a certificate of the path and lets the anchor have its own (EN 319 102-1 §5.2.8)', () => {
    const plain = testCa([['CN', 'Gốc cũ']]);
    const oldRoot = sha1Signed(plain, plain.privateKey);
    const leaf = testIdentity({ issuer: oldRoot });
    expect(read(oldRoot).signatureAlgorithm.oid).toBe('1.2.840.113549.1.1.5');
    expect(validate(leaf, [], [oldRoot]).outcome).toBe('PASSED');
    const sub = sha1Signed(testIdentity({ name: [['CN', 'CA SHA-1']], issuer: oldRoot, extensionsDer: CA_EXTENSIONS }), oldRoot.privateKey);
    const below = testIdentity({ issuer: sub });
    expect(validate(below, [sub], [oldRoot]).subIndication).toBe('CRYPTO_CONSTRAINTS_FAILURE_NO_POE');
  });
});

describe('hostile graphs', () => {
  it('gives up a hundred cross-signed CAs within 1,000 signature checks', () => {
    const key = newKey('p256');
    const names = Array.from({ length: 100 }, (_, index): NameInput => [['CN', `CA ${index}`]]);
    const base = testIdentity({ name: names[0] ?? [], privateKey: key, extensionsDer: CA_EXTENSIONS });
    const mesh: TestIdentity[] = [];
    for (let from = 0; from < 100; from++) {
      for (let step = 1; step <= 15; step++) {
        const issuer = { ...base, subjectDer: buildName(names[(from + step) % 100] ?? []) };
        mesh.push(testIdentity({ name: names[from] ?? [], issuer, privateKey: key, extensionsDer: CA_EXTENSIONS }));
      }
    }
    const leaf = testIdentity({ issuer: { ...base, subjectDer: buildName(names[0] ?? []) }, key: 'p256' });
    const result = validate(leaf, mesh, [testCa()]);
    expect(result.subIndication).toBe('NO_CERTIFICATE_CHAIN_FOUND');
    expect(result.signatureChecks).toBeLessThanOrEqual(1_000);
    expect(result.refused.length).toBeLessThanOrEqual(50);
  });

  it('finds the way out of a loop of cross-signed CAs', () => {
    const [a, b] = [testCa([['CN', 'A']]), testCa([['CN', 'B']])];
    const aByB = testIdentity({ name: [['CN', 'A']], issuer: b, privateKey: a.privateKey, extensionsDer: CA_EXTENSIONS });
    const bByA = testIdentity({ name: [['CN', 'B']], issuer: a, privateKey: b.privateKey, extensionsDer: CA_EXTENSIONS });
    const leaf = testIdentity({ issuer: a });
    expect(validate(leaf, [aByB, bByA], [b]).outcome).toBe('PASSED');
    expect(validate(leaf, [aByB, bByA], [testCa([['CN', 'C']])]).outcome).toBe('INDETERMINATE');
  });
});



/** The same certificate signed anew with SHA-1, which our builders refuse to make. */
function sha1Signed(identity: TestIdentity, issuerKey: TestIdentity['privateKey']): TestIdentity {
  const sha1 = sequence(oid('1.2.840.113549.1.1.5'), nullValue());
  const certificate = readCertificate(identity.certificateDer);
  const inner = sequence(oid(certificate.tbsSignatureAlgorithm.oid), nullValue());
  const at = Buffer.from(certificate.tbsDer).indexOf(inner);
  const content = Buffer.concat([certificate.tbsDer.subarray(certificate.tbsDer.length - contentLength(certificate.tbsDer), at), sha1, certificate.tbsDer.subarray(at + inner.length)]);
  const tbs = sequence(content);
  const value = sign('sha1', tbs, issuerKey);
  return { ...identity, certificateDer: sequence(tbs, sha1, bitString(value)) };
}

function contentLength(der: Uint8Array): number {
  const first = der[1] ?? 0;
  return der.length - (first < 0x80 ? 2 : 2 + (first & 0x7f));
}

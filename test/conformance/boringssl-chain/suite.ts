import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError } from '../../../src/domain/errors.ts';
import type { AlgorithmPolicy } from '../../../src/formats/algorithms/policy.ts';
import { readCertificates, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { EKU } from '../../../src/formats/x509/extensions.ts';
import { NO_PURPOSE, pathRules, purposeOf, type PathRules, type PurposeDemand } from '../../../src/formats/x509/path/rules.ts';
import { validatePath } from '../../../src/formats/x509/path/validate-path.ts';
import { vectorPath } from '../../support/vectors.ts';
import { ANY_ALGORITHM } from '../algorithms-any.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** BoringSSL's verify_certificate_chain cases: one chain each, with what is trusted, a time and a purpose. */
export const suite: Suite = { name: 'boringssl-chain', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('boringssl-chain'));
}

interface Case {
  readonly id: string;
  readonly folder: string;
  readonly chain: string;
  readonly trust: string;
  readonly at: Date;
  readonly purpose: string;
  readonly strongDigest: boolean;
  readonly policies: readonly string[] | null;
  readonly shouldPass: boolean;
}

export function outcomes(): CaseOutcome[] {
  const root = vectorPath('boringssl-pki', 'verify_certificate_chain');
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(join(root, name)).filter((file) => file.endsWith('.test')).map((file) => readCase(root, name, file)))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((entry) => judge(entry));
}

/** What BoringSSL's tests take when a file says DEFAULT. */
const DEFAULT_TIME = new Date('2021-10-05T12:00:00Z');

function readCase(root: string, folder: string, file: string): Case {
  const [head = '', errors = ''] = readFileSync(join(root, folder, file), 'utf8').split('expected_errors:');
  const fields = new Map(head.split('\n').flatMap((line) => (line.includes(': ') ? [[line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2).trim()] as const] : [])));
  const policies = fields.get('expected_user_constrained_policy_set');
  return {
    id: `${folder}/${file}`,
    folder: join(root, folder),
    chain: fields.get('chain') ?? '',
    trust: fields.get('last_cert_trust') ?? '',
    at: timeOf(fields.get('utc_time') ?? 'DEFAULT'),
    purpose: fields.get('key_purpose') ?? '',
    strongDigest: fields.get('digest_policy') === 'STRONG',
    policies: policies === undefined ? null : policies.split(',').map((policy) => policy.trim()),
    shouldPass: !/^ERROR:/m.test(errors),
  };
}

function timeOf(text: string): Date {
  const match = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return DEFAULT_TIME;
  const [, year = '', month = '', day = '', hour = '', minute = '', second = ''] = match;
  return new Date(`20${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

function judge(entry: Case): CaseOutcome {
  const { id, shouldPass } = entry;
  try {
    const [leaf, ...others] = readCertificates(readFileSync(join(entry.folder, entry.chain)));
    if (leaf === undefined) throw new Error(`${id} has no certificates`);
    const result = validatePath({ leaf, ...trusted(entry.trust, leaf, others), at: entry.at, rules: rulesOf(entry) });
    const passed = result.outcome === 'PASSED';
    const policiesAgree = entry.policies === null || !passed || sameSet(result.policies, entry.policies);
    const failed = result.checks.filter(({ status }) => status === 'failed').map(({ name, detail }) => `${name}: ${detail}`);
    return { id, shouldPass, passed, agrees: passed === shouldPass && policiesAgree, detail: [...failed, policiesAgree ? '' : `policies ${result.policies.join(', ')}`].join('; ') };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { id, shouldPass, passed: false, detail: error.message };
  }
}

function trusted(trust: string, leaf: Certificate, others: readonly Certificate[]): Pick<Parameters<typeof validatePath>[0], 'intermediates' | 'anchors'> {
  const last = others.at(-1) ?? leaf;
  const isTrusted = /ANCHOR/.test(trust) || (/LEAF/.test(trust) && last === leaf);
  return { intermediates: others.filter((certificate) => certificate !== last), anchors: isTrusted ? [{ certificate: last, set: 'test' }] : [] };
}

function rulesOf({ trust, purpose, strongDigest }: Case): PathRules {
  const algorithms: AlgorithmPolicy = strongDigest ? { ...ANY_ALGORITHM, digests: { ...ANY_ALGORITHM.digests, sha1: '2000-01-01' } } : ANY_ALGORITHM;
  const asAnchor = trust === 'TRUSTED_LEAF_REQUIRE_SELF_SIGNED' ? 'self-signed-only' : /LEAF/.test(trust) ? 'accepted' : 'refused';
  const { leaf, issuer, keyUsage, mayBeCa, processed } = PURPOSES[purpose] ?? ANY;
  return pathRules(algorithms, {
    leaf: { keyUsage: [], onlyKeyUsage: keyUsage ?? null, purpose: leaf, mayBeCa: mayBeCa ?? true, asAnchor },
    issuerPurpose: issuer,
    anchors: { validity: /EXPIRATION/.test(trust), constraints: /WITH_CONSTRAINTS|AND_CONSTRAINTS/.test(trust), basicConstraints: /REQUIRE_BASIC/.test(trust) },
    profile: 'ignore',
    processedExtensions: processed ?? [],
  });
}

interface Purpose {
  readonly leaf: PurposeDemand | null;
  readonly issuer: PurposeDemand | null;
  readonly keyUsage?: PathRules['leaf']['onlyKeyUsage'];
  readonly mayBeCa?: boolean;
  readonly processed?: readonly string[];
}

const ANY: Purpose = { leaf: null, issuer: null };
const NOT_BESIDE = [EKU.CODE_SIGNING, EKU.OCSP_SIGNING, EKU.TIME_STAMPING];
const MLS_CLIENT = '2.23.146.2.1.3';

function plain(oid: string): Purpose {
  return { leaf: purposeOf(oid), issuer: purposeOf(oid) };
}

function strict(oid: string, issuer: PurposeDemand): Purpose {
  return { leaf: { ...NO_PURPOSE, anyOf: [oid], absent: 'refused', acceptAny: false, forbidden: NOT_BESIDE }, issuer, mayBeCa: false };
}

const PURPOSES: Readonly<Record<string, Purpose>> = {
  ANY_EKU: ANY,
  SERVER_AUTH: plain(EKU.SERVER_AUTH),
  CLIENT_AUTH: plain(EKU.CLIENT_AUTH),
  SERVER_AUTH_STRICT_LEAF: strict(EKU.SERVER_AUTH, purposeOf(EKU.SERVER_AUTH)),
  CLIENT_AUTH_STRICT_LEAF: strict(EKU.CLIENT_AUTH, purposeOf(EKU.CLIENT_AUTH)),
  SERVER_AUTH_STRICT: strict(EKU.SERVER_AUTH, { ...purposeOf(EKU.SERVER_AUTH), acceptAny: false }),
  CLIENT_AUTH_STRICT: strict(EKU.CLIENT_AUTH, { ...purposeOf(EKU.CLIENT_AUTH), absent: 'refused', acceptAny: false }),
  MLS_CLIENT_AUTH: {
    leaf: { ...NO_PURPOSE, anyOf: [MLS_CLIENT], absent: 'refused', acceptAny: false, only: true },
    issuer: { ...NO_PURPOSE, anyOf: [MLS_CLIENT], absent: 'refused', acceptAny: false, only: true },
    keyUsage: ['digitalSignature'],
    processed: ['2.23.146.2.1.4', '2.23.146.2.1.5'],
  },
  C2PA_MANIFEST: { leaf: { ...NO_PURPOSE, anyOf: [EKU.EMAIL_PROTECTION, EKU.DOCUMENT_SIGNING], absent: 'refused', acceptAny: false, forbidden: [EKU.TIME_STAMPING, EKU.OCSP_SIGNING, EKU.ANY] }, issuer: null },
  C2PA_TIMESTAMPING: { leaf: { ...NO_PURPOSE, anyOf: [EKU.TIME_STAMPING], absent: 'refused', acceptAny: false, forbidden: [EKU.OCSP_SIGNING, EKU.ANY] }, issuer: null },
};

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}

import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { GatewayError } from '../../../src/domain/errors.ts';
import { readCrls } from '../../../src/formats/crl/read-crl.ts';
import { readCertificate, readCertificates, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { EKU } from '../../../src/formats/x509/extensions.ts';
import type { GeneralName } from '../../../src/formats/x509/general-name.ts';
import { NO_PURPOSE, pathRules, purposeOf, type PathRules } from '../../../src/formats/x509/path/rules.ts';
import { REVOCATION_RULES, checkRevocation } from '../../../src/formats/x509/path/revocation.ts';
import { validatePath } from '../../../src/formats/x509/path/validate-path.ts';
import { readPem } from '../../../src/formats/x509/pem.ts';
import { vectorPath } from '../../support/vectors.ts';
import { ANY_ALGORITHM } from '../algorithms-any.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/**
 * C2SP x509-limbo: the 138 cases about RFC 5280; those of the web PKI (server names, CA/Browser rules) are counted as skipped, their
 * outcomes can be had with `outcomes(true)`.
 */
export const suite: Suite = { name: 'x509-limbo', run: () => Promise.resolve(run()) };

interface PeerName {
  readonly kind: 'DNS' | 'IP' | 'RFC822';
  readonly value: string;
}

interface LimboCase {
  readonly id: string;
  readonly validation_kind: 'CLIENT' | 'SERVER';
  readonly trusted_certs: readonly string[];
  readonly untrusted_intermediates: readonly string[];
  readonly peer_certificate: string;
  readonly validation_time: string | null;
  readonly key_usage: PathRules['leaf']['keyUsage'];
  readonly extended_key_usage: readonly string[];
  readonly expected_result: 'SUCCESS' | 'FAILURE';
  readonly expected_peer_name: PeerName | null;
  readonly expected_peer_names: readonly PeerName[];
  readonly max_chain_depth: number | null;
  readonly crls: readonly string[];
}

const APPLICABLE = /^(?:crl|cve|invalid|pathlen|pathological|rfc5280)::/;
/** The day the suite's snapshot was made; cases without a time of their own are meant for "now". */
const SNAPSHOT = new Date('2026-06-29T00:00:00Z');

/** Longer than this is a hang to the suite's own harness five times over. */
const MAX_MS = 1_000;

export function run(): SuiteResult {
  const all = outcomes();
  const result = sumUp(all, readDeviations('x509-limbo'));
  const slow = all.filter(({ elapsedMs }) => (elapsedMs ?? 0) > MAX_MS);
  return { ...result, faults: [...result.faults, ...slow.map(({ id, elapsedMs }) => `${id}: took ${Math.round(elapsedMs ?? 0)} ms`)] };
}

export function outcomes(everything = false): CaseOutcome[] {
  const { testcases } = JSON.parse(readFileSync(vectorPath('x509-limbo', 'limbo.json'), 'utf8')) as { testcases: readonly LimboCase[] };
  return testcases.map((entry) => {
    if (everything || APPLICABLE.test(entry.id)) return judge(entry);
    return { id: entry.id, shouldPass: entry.expected_result === 'SUCCESS', passed: false, detail: '', skipped: 'web PKI: names of servers and rules of the CA/Browser Forum' };
  });
}

function judge(entry: LimboCase): CaseOutcome {
  const started = performance.now();
  const shouldPass = entry.expected_result === 'SUCCESS';
  const fault = faultOf(entry);
  return { id: entry.id, shouldPass, passed: fault === null, detail: fault ?? 'accepted', elapsedMs: performance.now() - started };
}

function faultOf(entry: LimboCase): string | null {
  try {
    const leaf = first(entry.peer_certificate);
    const intermediates = entry.untrusted_intermediates.flatMap((pem) => readable(pem));
    const anchors = entry.trusted_certs.flatMap((pem) => readable(pem)).map((certificate) => ({ certificate, set: 'limbo' }));
    const at = entry.validation_time === null ? SNAPSHOT : new Date(entry.validation_time);
    const crls = entry.crls.flatMap((pem) => readCrls(Buffer.from(pem)));
    const result = validatePath({
      leaf,
      intermediates,
      anchors,
      at,
      rules: rulesOf(entry),
      refuse: (chain) => (crls.length === 0 ? null : revocationFault(chain, crls, at)),
    });
    if (result.outcome !== 'PASSED') return result.checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join('; ');
    return nameFault(leaf, entry);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.message;
  }
}

function first(pem: string): Certificate {
  const [certificate] = readCertificates(Buffer.from(pem));
  if (certificate === undefined) throw new Error('A case without its certificate');
  return certificate;
}

/** A malformed certificate among the others cannot be part of any path. */
function readable(pem: string): Certificate[] {
  return readPem(Buffer.from(pem)).flatMap(({ der }) => {
    try {
      return [readCertificate(der)];
    } catch (error) {
      if (error instanceof GatewayError) return [];
      throw error;
    }
  });
}

const PURPOSES: Readonly<Record<string, string>> = { serverAuth: EKU.SERVER_AUTH, clientAuth: EKU.CLIENT_AUTH };

function rulesOf(entry: LimboCase): PathRules {
  const wanted = entry.extended_key_usage.map((name) => PURPOSES[name] ?? name);
  const purpose = wanted.length > 0 ? wanted : [entry.validation_kind === 'SERVER' ? EKU.SERVER_AUTH : EKU.CLIENT_AUTH];
  return pathRules(ANY_ALGORITHM, {
    leaf: { keyUsage: entry.key_usage, onlyKeyUsage: null, purpose: { ...NO_PURPOSE, anyOf: purpose }, mayBeCa: true, asAnchor: 'accepted' },
    issuerPurpose: purposeOf(...purpose),
    anchors: { validity: true, constraints: true, basicConstraints: true },
    profile: 'fail',
    maxIntermediates: entry.max_chain_depth ?? 12,
  });
}

function revocationFault(chain: Parameters<NonNullable<Parameters<typeof validatePath>[0]['refuse']>>[0], crls: ReturnType<typeof readCrls>, at: Date): string | null {
  const { statuses } = checkRevocation({ chain, crls, ocsps: [], at, now: at, rules: { ...REVOCATION_RULES, profile: 'fail', scope: 'leaf' } });
  const [leaf] = statuses;
  return leaf?.status === 'good' ? null : `${leaf?.status}: ${leaf?.reasons.join('; ')}`;
}

/** The small name matcher the suite asks its runners for (RFC 6125, RFC 5280 §7.2). */
function nameFault(leaf: Certificate, entry: LimboCase): string | null {
  const wanted = [...(entry.expected_peer_name === null ? [] : [entry.expected_peer_name]), ...entry.expected_peer_names];
  const missing = wanted.find((name) => !leaf.subjectAltNames.some((candidate) => matches(candidate, name)));
  return missing === undefined ? null : `the certificate is not for ${missing.value}`;
}

function matches(candidate: GeneralName, { kind, value }: PeerName): boolean {
  if (kind === 'RFC822') return candidate.kind === 'mail' && candidate.value === value;
  if (kind === 'IP') return candidate.kind === 'ip' && Buffer.from(candidate.octets).equals(octetsOf(value));
  if (candidate.kind !== 'dns') return false;
  const [pattern, host] = [candidate.value.toLowerCase(), value.toLowerCase()];
  if (pattern === host) return true;
  return pattern.startsWith('*.') && pattern.split('.').length > 2 && host.slice(host.indexOf('.')) === pattern.slice(1);
}

function octetsOf(address: string): Buffer {
  if (!isIPv6(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [left, right] = [groups(head), groups(tail)];
  const all = [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

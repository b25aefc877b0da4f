import { readFileSync } from 'node:fs';
import { GatewayError } from '../../../src/domain/errors.ts';
import { readCrl, type Crl } from '../../../src/formats/crl/read-crl.ts';
import { readCertificate, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { pathRules } from '../../../src/formats/x509/path/rules.ts';
import { REVOCATION_RULES, checkRevocation } from '../../../src/formats/x509/path/revocation.ts';
import { validatePath } from '../../../src/formats/x509/path/validate-path.ts';
import { vectorPath } from '../../support/vectors.ts';
import { ANY_ALGORITHM } from '../algorithms-any.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** NIST PKITS 1.0.1: RFC 5280 §6 with CRLs, 249 cases; the path is to be found and every certificate of it to be not revoked. */
export const suite: Suite = { name: 'nist-pkits', run: () => Promise.resolve(run()) };

interface PkitsCase {
  readonly number: string;
  readonly name: string;
  /** Anchor first, end entity last. */
  readonly certs: readonly string[];
  readonly crls: readonly string[];
  readonly initialPolicySet: readonly string[];
  readonly initialExplicitPolicy: boolean;
  readonly initialPolicyMappingInhibit: boolean;
  readonly initialInhibitAnyPolicy: boolean;
  readonly shouldValidate: boolean;
  readonly userConstrainedPolicySet: readonly string[];
}

const AT = new Date('2011-04-15T00:00:00Z');

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('nist-pkits'));
}

export function outcomes(): CaseOutcome[] {
  const cases = JSON.parse(readFileSync(vectorPath('nist-pkits', 'pkits.json'), 'utf8')) as readonly PkitsCase[];
  return cases.map((entry) => judge(entry));
}

function judge(entry: PkitsCase): CaseOutcome {
  const id = `${entry.number} ${entry.name}`;
  const shouldPass = entry.shouldValidate;
  try {
    const { fault, policies } = validate(entry);
    const policiesAgree = fault !== null || sameSet(policies, entry.userConstrainedPolicySet.map((name) => policyOid(name)));
    return { id, shouldPass, passed: fault === null, agrees: (fault === null) === shouldPass && policiesAgree, detail: fault ?? `accepted with policies ${policies.join(', ')}` };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { id, shouldPass, passed: false, detail: error.message };
  }
}

function validate(entry: PkitsCase): { fault: string | null; policies: readonly string[] } {
  const [anchor, ...path] = entry.certs.map((name) => certificateOf(name));
  const leaf = path.pop();
  if (anchor === undefined || leaf === undefined) throw new Error(`${entry.number} has no path`);
  const crls = entry.crls.map((name) => crlOf(name));
  const rules = pathRules(ANY_ALGORITHM, {
    profile: 'ignore',
    policies: {
      initialSet: entry.initialPolicySet.map((name) => policyOid(name)),
      explicitPolicy: entry.initialExplicitPolicy,
      inhibitMapping: entry.initialPolicyMappingInhibit,
      inhibitAnyPolicy: entry.initialInhibitAnyPolicy,
    },
  });
  const result = validatePath({
    leaf,
    intermediates: path,
    anchors: [{ certificate: anchor, set: 'pkits' }],
    at: AT,
    rules,
    refuse: (chain) => {
      const { outcome, checks } = checkRevocation({ chain, crls, ocsps: [], certificates: path, at: AT, now: AT, rules: REVOCATION_RULES, pathRules: rules });
      return outcome === 'PASSED' ? null : checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join('; ');
    },
  });
  const failed = result.checks.filter(({ status }) => status === 'failed').map(({ name, detail }) => `${name}: ${detail}`);
  return { fault: result.outcome === 'PASSED' ? null : failed.join('; '), policies: result.policies };
}

const certificates = new Map<string, Certificate>();

function certificateOf(name: string): Certificate {
  const certificate = certificates.get(name) ?? readCertificate(readFileSync(vectorPath('nist-pkits', 'certs', `${name}.crt`)));
  certificates.set(name, certificate);
  return certificate;
}

const crls = new Map<string, Crl>();

function crlOf(name: string): Crl {
  const crl = crls.get(name) ?? readCrl(readFileSync(vectorPath('nist-pkits', 'crls', `${name}.crl`)));
  crls.set(name, crl);
  return crl;
}

/** NIST's test policies stand below one arc, in the order of their numbers. */
function policyOid(name: string): string {
  if (name === 'anyPolicy') return '2.5.29.32.0';
  const number = /^NIST-test-policy-(\d+)$/.exec(name)?.[1];
  if (number === undefined) throw new Error(`The vectors name the policy ${name}, which this suite does not know`);
  return `2.16.840.1.101.3.2.1.48.${number}`;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join();
}

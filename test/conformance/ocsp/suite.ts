import { readFileSync } from 'node:fs';
import { GatewayError } from '../../../src/domain/errors.ts';
import { readOcspResponse, type OcspResponse } from '../../../src/formats/ocsp/read-ocsp-response.ts';
import { readCertificate, readCertificates, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { pathRules } from '../../../src/formats/x509/path/rules.ts';
import { REVOCATION_RULES, checkRevocation } from '../../../src/formats/x509/path/revocation.ts';
import { validatePath } from '../../../src/formats/x509/path/validate-path.ts';
import { readPem } from '../../../src/formats/x509/pem.ts';
import { vectorPath } from '../../support/vectors.ts';
import { ANY_ALGORITHM } from '../algorithms-any.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** OCSP responses: BoringSSL's 36 with the status each must give, and OpenSSL's 29 over whole paths. */
export const suite: Suite = { name: 'ocsp', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('ocsp'));
}

export function outcomes(): CaseOutcome[] {
  return [...boringssl(), ...openssl()];
}

interface Expected {
  readonly verifyTime: string;
  readonly cases: readonly { readonly file: string; readonly revocationStatus: 'GOOD' | 'REVOKED' | 'UNKNOWN' }[];
}

const WEEK_MS = 7 * 86_400_000;

function boringssl(): CaseOutcome[] {
  const folder = vectorPath('boringssl-pki', 'ocsp_unittest');
  const { verifyTime, cases } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as Expected;
  const at = new Date(verifyTime);
  return cases.map(({ file, revocationStatus }) => {
    const blocks = readPem(readFileSync(`${folder}/${file}`));
    const der = (label: string): Uint8Array => blocks.find((block) => block.label === label)?.der ?? new Uint8Array(0);
    const { status, detail } = statusIn(der('OCSP RESPONSE'), der('CERTIFICATE'), der('CA CERTIFICATE'), at);
    return { id: `boringssl/${file}`, shouldPass: revocationStatus === 'GOOD', passed: status === 'GOOD', agrees: status === revocationStatus, detail: `${status}: ${detail}` };
  });
}

function statusIn(der: Uint8Array, leafDer: Uint8Array, issuerDer: Uint8Array, at: Date): { status: 'GOOD' | 'REVOKED' | 'UNKNOWN'; detail: string } {
  try {
    const [leaf, issuer] = [readCertificate(leafDer), readCertificate(issuerDer)];
    const chain = { certificates: [leaf, issuer], anchor: { certificate: issuer, set: 'test' } };
    const { statuses } = checkRevocation({ chain, crls: [], ocsps: [readOcspResponse(der)], at, now: at, rules: { ...REVOCATION_RULES, maxAgeMs: WEEK_MS } });
    const [status] = statuses;
    const detail = status?.reasons.join('; ') ?? '';
    if (status?.status === 'good') return { status: 'GOOD', detail };
    return { status: status?.status === 'revoked' ? 'REVOKED' : 'UNKNOWN', detail };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { status: 'UNKNOWN', detail: error.message };
  }
}

interface OpensslCase {
  readonly name: string;
  readonly root: string;
  readonly other_certs?: readonly string[];
  readonly cert: string;
  readonly ocsps: readonly string[];
  readonly moment: string;
  readonly error?: object;
}

function openssl(): CaseOutcome[] {
  const folder = vectorPath('openssl-ocsp');
  const certificate = (name: string): Certificate => {
    const [first] = readCertificates(readFileSync(`${folder}/${name}`));
    if (first === undefined) throw new Error(`${name} holds no certificate`);
    return first;
  };
  const cases = JSON.parse(readFileSync(`${folder}/openssl-ocsp.json`, 'utf8')) as readonly OpensslCase[];
  return cases.map((entry) => {
    const ocsps = entry.ocsps.map((name) => readOcspResponse(Buffer.from(readFileSync(`${folder}/${name}`, 'utf8'), 'base64')));
    const fault = pathFault(certificate(entry.cert), certificate(entry.root), (entry.other_certs ?? []).map((name) => certificate(name)), ocsps, new Date(entry.moment));
    return { id: `openssl/${entry.name}`, shouldPass: entry.error === undefined, passed: fault === null, detail: fault ?? 'accepted' };
  });
}

/** The leaf needs a good answer; a CA needs one where the vectors hand in an answer about it. */
function pathFault(leaf: Certificate, root: Certificate, intermediates: readonly Certificate[], ocsps: readonly OcspResponse[], at: Date): string | null {
  const rules = pathRules(ANY_ALGORITHM, { profile: 'ignore' });
  const result = validatePath({
    leaf,
    intermediates,
    anchors: [{ certificate: root, set: 'test' }],
    at,
    rules,
    refuse: (chain) => {
      const { statuses } = checkRevocation({ chain, crls: [], ocsps, at, now: at, rules: REVOCATION_RULES });
      const isAsked = (certificate: Certificate): boolean => certificate === leaf || ocsps.some(({ basic }) => basic?.responses.some(({ serial }) => serial === certificate.serial));
      const open = statuses.find(({ certificate, status }) => status !== 'good' && isAsked(certificate));
      return open === undefined ? null : `${open.status}: ${open.reasons.join('; ')}`;
    },
  });
  return result.outcome === 'PASSED' ? null : result.checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join('; ');
}

import { readFileSync } from 'node:fs';
import { GatewayError } from '../../../src/domain/errors.ts';
import { readCrl } from '../../../src/formats/crl/read-crl.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { REVOCATION_RULES, checkRevocation } from '../../../src/formats/x509/path/revocation.ts';
import { readPem, type PemBlock } from '../../../src/formats/x509/pem.ts';
import { vectorPath } from '../../support/vectors.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** BoringSSL's 66 CRLs with the status each must give; UNKNOWN means that the CRL must not be used. */
export const suite: Suite = { name: 'crl', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('crl'));
}

interface Expected {
  readonly verifyTime: string;
  readonly cases: readonly { readonly file: string; readonly revocationStatus: 'GOOD' | 'REVOKED' | 'UNKNOWN' }[];
}

const WEEK_MS = 7 * 86_400_000;

export function outcomes(): CaseOutcome[] {
  const folder = vectorPath('boringssl-pki', 'crl_unittest');
  const { verifyTime, cases } = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as Expected;
  return cases.map(({ file, revocationStatus }) => {
    const { status, detail } = statusIn(readPem(readFileSync(`${folder}/${file}`)), new Date(verifyTime));
    return { id: file, shouldPass: revocationStatus === 'GOOD', passed: status === 'GOOD', agrees: status === revocationStatus, detail: `${status}: ${detail}` };
  });
}

function statusIn(blocks: readonly PemBlock[], at: Date): { status: 'GOOD' | 'REVOKED' | 'UNKNOWN'; detail: string } {
  const der = (label: string): Uint8Array[] => blocks.filter((block) => block.label === label).map((block) => block.der);
  try {
    const certificates = [...der('CERTIFICATE'), ...der('CA CERTIFICATE'), ...der('CA CERTIFICATE 2')].map((bytes) => readCertificate(bytes));
    const anchor = certificates.at(-1);
    if (anchor === undefined || certificates.length < 2) throw new Error('A case without its certificates');
    const crls = der('CRL').map((bytes) => readCrl(bytes));
    const { statuses } = checkRevocation({ chain: { certificates, anchor: { certificate: anchor, set: 'test' } }, crls, ocsps: [], at, now: at, rules: { ...REVOCATION_RULES, maxAgeMs: WEEK_MS, scope: 'leaf' } });
    const [status] = statuses;
    const detail = status?.reasons.join('; ') ?? '';
    if (status?.status === 'good') return { status: 'GOOD', detail };
    return { status: status?.status === 'revoked' ? 'REVOKED' : 'UNKNOWN', detail };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { status: 'UNKNOWN', detail: error.message };
  }
}

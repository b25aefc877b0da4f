import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { GatewayError } from '../../../src/domain/errors.ts';
import { checkTimestampResponse, readTimestampResponse, type TimestampResponse } from '../../../src/formats/tsp/response.ts';
import { checkTimestampToken } from '../../../src/formats/tsp/check-token.ts';
import { readTimestampRequest } from '../../../src/formats/tsp/read-timestamp-request.ts';
import { readTimestampToken } from '../../../src/formats/tsp/token.ts';
import { readCertificates, type Certificate } from '../../../src/formats/x509/certificate.ts';
import { commonName } from '../../../src/formats/x509/name.ts';
import { pathRules, TIMESTAMP_PURPOSE } from '../../../src/formats/x509/path/rules.ts';
import { validatePath } from '../../../src/formats/x509/path/validate-path.ts';
import { vectorPath } from '../../support/vectors.ts';
import { ANY_ALGORITHM } from '../algorithms-any.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** Responses of rfc3161-client: genuine, of another request, with injected certificates, damaged. */
export const suite: Suite = { name: 'tsp', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('tsp'));
}

interface Vectors {
  readonly cases: readonly { readonly file: string; readonly expected: string }[];
}

export function outcomes(): CaseOutcome[] {
  const { cases } = JSON.parse(readFileSync(vectorPath('rfc3161-client', 'expected.json'), 'utf8')) as Vectors;
  return cases.map(({ file, expected }) => judge(file, expected));
}

/** The forged certificate that came with one response asks for trust under this name: a verifier told to accept only it must refuse. */
const DEMANDED_NAME: Readonly<Record<string, string>> = { 'test_tsa/response-injected-certs.tsr': 'Spoofed TSA' };

function judge(file: string, expected: string): CaseOutcome {
  const folder = file.split('/')[0] ?? '';
  const outcome = { id: file, shouldPass: expected.startsWith('VALID') };
  try {
    const response = readTimestampResponse(readFileSync(vectorPath('rfc3161-client', file)));
    const fault = folder === 'test_tsa' ? (answersRequest(response, folder), tokenFault(response, folder, DEMANDED_NAME[file])) : tokenFault(response, folder, undefined);
    // Without the authority's certificate in the token it has to be given: leaving it out must not pass.
    const agrees = expected.includes('only when the TSA certificate is given') ? fault === null && tokenFault(response, folder, undefined, false) !== null : undefined;
    return { ...outcome, passed: fault === null, detail: fault ?? expected, ...(agrees === undefined ? {} : { agrees }) };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ...outcome, passed: false, detail: `${error.code}: ${error.message}` };
  }
}

function answersRequest(response: TimestampResponse, folder: string): void {
  const request = readTimestampRequest(readFileSync(vectorPath('rfc3161-client', folder, 'request.der')));
  const nonce = request.nonceDer?.subarray(2) ?? new Uint8Array();
  checkTimestampResponse(response, { imprint: request.hashedMessage, digestAlgorithm: 'sha512', nonce, certReq: true });
}

function tokenFault(response: TimestampResponse, folder: string, demandedName: string | undefined, chainGiven = true): string | null {
  const payload = vectorPath('rfc3161-client', folder, 'payload');
  const data = existsSync(payload) ? readFileSync(payload) : Buffer.from('hello');
  const given = readCertificates(readFileSync(vectorPath('rfc3161-client', folder, 'ts_chain.pem')));
  const token = readTimestampToken(response.tokenDer ?? new Uint8Array());
  const result = checkTimestampToken(token, {
    imprint: (digest) => createHash(digest).update(data).digest(),
    certificates: chainGiven ? given : [],
    at: new Date('2026-11-24T00:00:00Z'),
  });
  if (result.certificate === null || result.indication !== 'PASSED') return result.checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join('; ');
  if (demandedName !== undefined && commonName(result.certificate.subjectName) !== demandedName) return `signed by ${result.certificate.subject}, not by ${demandedName}`;
  return pathFault(result.certificate, [...token.signedData.certificates, ...given], given, result.genTime);
}

/** Path at genTime: what expired since does no harm. */
function pathFault(leaf: Certificate, intermediates: readonly Certificate[], given: readonly Certificate[], at: Date): string | null {
  const anchors = given.filter((certificate) => certificate.sha256Hex !== leaf.sha256Hex).map((certificate) => ({ certificate, set: 'vectors' }));
  const rules = pathRules(ANY_ALGORITHM, { leaf: { keyUsage: [], onlyKeyUsage: null, purpose: TIMESTAMP_PURPOSE, mayBeCa: false, asAnchor: 'refused' } });
  const path = validatePath({ leaf, intermediates, anchors, at, rules });
  return path.outcome === 'PASSED' ? null : path.checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join('; ');
}

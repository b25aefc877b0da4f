import { createHash } from 'node:crypto';
import { GatewayError } from '../../../src/domain/errors.ts';
import { buildName } from '../../../src/formats/x509/build-name.ts';
import { extendedKeyUsageExtension, keyUsageExtension } from '../../../src/formats/x509/build-extensions.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { EKU } from '../../../src/formats/x509/extensions.ts';
import { checkTimestampToken, type CheckTimestampInput } from '../../../src/formats/tsp/check-token.ts';
import { checkTimestampResponse, readTimestampResponse } from '../../../src/formats/tsp/response.ts';
import { readTimestampToken } from '../../../src/formats/tsp/token.ts';
import { testCa, testTsa, type TestIdentity } from '../../support/certificates.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';
import { DATA, GEN_TIME, NONCE, POLICY, response, token, withCertificates, withSignerInfos, type TokenInput } from './tokens.ts';

/** Every class of time-stamp that must be refused, and those that must not, made by an authority of our own. */
export const suite: Suite = { name: 'tsp-own', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('tsp-own'));
}

/** One variant of a case: passed, or why not. */
type Variant = () => string | null;

interface Case {
  readonly id: string;
  readonly rule: string;
  readonly shouldPass: boolean;
  readonly variants: readonly Variant[];
}

export function outcomes(): CaseOutcome[] {
  return cases().map(({ id, rule, shouldPass, variants }) => {
    const faults = variants.map((variant) => variant());
    const passed = shouldPass ? faults.every((fault) => fault === null) : faults.some((fault) => fault === null);
    return { id, shouldPass, passed, detail: `${rule}: ${faults.map((fault) => fault ?? 'passed').join(' | ')}` };
  });
}

function cases(): Case[] {
  const ca = testCa();
  const tsa = testTsa(ca, { key: 'p256' });
  const good = token({ tsa });
  const refused = (id: string, rule: string, ...variants: Variant[]): Case => ({ id, rule, shouldPass: false, variants });
  const accepted = (id: string, rule: string, ...variants: Variant[]): Case => ({ id, rule, shouldPass: true, variants });
  const made = (input: Omit<TokenInput, 'tsa'>, by: TestIdentity = tsa): Uint8Array => token({ tsa: by, ...input });
  return [
    refused('TSP-1', 'status not granted (RFC 3161 §2.4.2)', () => answer(response(null, 2)), () => answer(response(good, 3)), () => answer(response(null, 0)), () => answer(response(good, 9))),
    refused('TSP-2', 'imprint of other data', () => answer(response(made({ data: Buffer.from('other') }))), () => judge(made({ data: Buffer.from('other') }))),
    refused('TSP-3', 'imprint with another algorithm', () => answer(response(made({ imprintDigest: 'sha512' })))),
    refused('TSP-4', 'nonce missing, wrong, of another length', ...[null, Buffer.from('00c0ffee0badf00e', 'hex'), NONCE.subarray(0, 7), Buffer.concat([NONCE, Buffer.of(0)])].map((nonce) => () => answer(response(made({ nonce }))))),
    refused('TSP-5', 'another policy than asked for', () => answer(response(made({ policyOid: '1.2.3.4.2' })))),
    refused('TSP-6', 'two SignerInfos', () => judge(withSignerInfos(good, 2))),
    refused('TSP-7', 'no SignerInfo', () => judge(withSignerInfos(good, 0))),
    refused('TSP-8', 'extended key usage missing, not critical, with a second purpose (RFC 3161 §2.3)', ...wrongUsages(ca).map((identity) => () => judge(made({}, identity)))),
    refused('TSP-9', 'signing-certificate missing, or another’s', () => judge(made({ essCertificateDer: null })), () => judge(made({ essCertificateDer: testTsa(ca, { key: 'p256' }).certificateDer }))),
    refused('TSP-10', 'signed by an injected certificate of the authority’s name and number', ...injected(ca, tsa)),
    accepted('TSP-11', 'the authority’s certificate is not the first', () => judge(withCertificates(good, [ca.certificateDer, testTsa(ca, { key: 'p256' }).certificateDer, tsa.certificateDer]))),
    accepted('TSP-12', 'no certificate in the token, but it was given', () => judge(withCertificates(good, []), { certificates: [readCertificate(tsa.certificateDer)] })),
    accepted('TSP-13', 'certificate expired now, valid at genTime', () => judge(made({ genTime: new Date('2020-06-01T00:00:00Z') }, expired(ca)))),
    refused('TSP-14', 'genTime in the future beyond the skew', () => judge(made({ genTime: new Date(GEN_TIME.getTime() + 301_000) }))),
    refused('TSP-15', 'genTime before the certificate begins, or after its end', () => judge(made({ genTime: new Date('2018-01-01T00:00:00Z') }, expired(ca))), () => judge(made({}, expired(ca)))),
    refused('TSP-16', 'token of another document, replayed', () => judge(good, { imprint: (digest) => createHash(digest).update('another document').digest() })),
    refused('TSP-17', 'token copied from another signature over the same document', () => judge(made({ data: Buffer.from('value of signature 1') }), { imprint: (digest) => createHash(digest).update('value of signature 2').digest() })),
    refused('TSP-18', 'signature value, signed attributes or content changed', ...[10, 400, good.length - 1].map((fromEnd) => () => judge(flipped(good, good.length - fromEnd)))),
  ];
}

function wrongUsages(ca: TestIdentity): TestIdentity[] {
  const usage = keyUsageExtension(['digitalSignature']);
  const extensions = [[usage], [usage, extendedKeyUsageExtension([EKU.TIME_STAMPING], false)], [usage, extendedKeyUsageExtension([EKU.TIME_STAMPING, EKU.CLIENT_AUTH], true)]];
  return extensions.map((extensionsDer) => testTsa(ca, { key: 'p256', extensionsDer }));
}

function expired(ca: TestIdentity): TestIdentity {
  return testTsa(ca, { key: 'p256', notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2021-01-01T00:00:00Z') });
}

/** A forger's certificate with the same subject, issuer name and serial number: alone, and beside the genuine one. */
function injected(ca: TestIdentity, tsa: TestIdentity): Variant[] {
  const serialNumber = Buffer.from(readCertificate(tsa.certificateDer).serialHex, 'hex');
  const forgerCa = { ...testCa(), subjectDer: ca.subjectDer };
  const forger = testTsa(forgerCa, { key: 'p256', serialNumber, name: [['C', 'VN'], ['CN', 'Dấu thời gian thử nghiệm']] });
  if (!Buffer.from(forger.subjectDer).equals(buildName([['C', 'VN'], ['CN', 'Dấu thời gian thử nghiệm']]))) throw new Error('the forged certificate does not bear the name');
  const forged = token({ tsa: forger, essCertificateDer: tsa.certificateDer });
  return [() => judge(withCertificates(forged, [forger.certificateDer, tsa.certificateDer])), () => judge(withCertificates(forged, [tsa.certificateDer])), () => judge(withCertificates(forged, [forger.certificateDer]))];
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[Math.max(0, at)] = (changed[Math.max(0, at)] ?? 0) ^ 1;
  return changed;
}

/** The way of a signer: response against request, then the token. */
function answer(responseDer: Uint8Array): string | null {
  return reasonOf(() => {
    const imprint = createHash('sha256').update(DATA).digest();
    return judge(checkTimestampResponse(readTimestampResponse(responseDer), { imprint, digestAlgorithm: 'sha256', nonce: NONCE, policyOid: POLICY, certReq: true }).der);
  });
}

/** The way of a verifier: the token alone. */
function judge(tokenDer: Uint8Array, input: Partial<CheckTimestampInput> = {}): string | null {
  return reasonOf(() => {
    const result = checkTimestampToken(readTimestampToken(tokenDer), { imprint: (digest) => createHash(digest).update(DATA).digest(), at: GEN_TIME, ...input });
    if (result.indication === 'PASSED') return null;
    return `${result.subIndication ?? 'no reason'}: ${result.checks.filter(({ status }) => status === 'failed').map(({ name }) => name).join(', ')}`;
  });
}

function reasonOf(attempt: () => string | null): string | null {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}

import { GatewayError } from '../../domain/errors.ts';
import { digestOf, findDigest } from '../algorithms/digests.ts';
import { algorithmFault, type AlgorithmPolicy } from '../algorithms/policy.ts';
import { verifyValue } from '../algorithms/verify.ts';
import { freshnessFault, type Freshness } from '../crl/check-crl.ts';
import type { Certificate } from '../x509/certificate.ts';
import { EKU } from '../x509/extensions.ts';
import { sameName } from '../x509/name.ts';
import type { BasicOcspResponse, OcspResponse, SingleResponse } from './read-ocsp-response.ts';

export interface OcspCheckInput {
  readonly response: OcspResponse;
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  /** Further certificates that may be the responder's. */
  readonly others: readonly Certificate[];
  readonly freshness: Freshness;
  /** Null: not looked at. */
  readonly algorithms: AlgorithmPolicy | null;
  /** extnValue content of the nonce that was asked with; null: none was, or the answer comes from a document. */
  readonly nonceDer: Uint8Array | null;
}

/** Either what the response says of the certificate, or why it must not be used. */
export type OcspCheck =
  | { readonly usable: true; readonly single: SingleResponse; readonly basic: BasicOcspResponse; readonly responder: Certificate }
  | { readonly usable: false; readonly fault: string; readonly stale: boolean };

/**
 * Whether the response may be relied on for this certificate: successful, authorised and signed responder, right CertID, dates, nonce.
 * Revocation of a delegated responder's own certificate is the caller's question unless `ocspNoCheck` forgoes it.
 * @see RFC 6960 §3.2, §4.2.2.2; RFC 9654
 */
export function checkOcspResponse(input: OcspCheckInput): OcspCheck {
  const { basic, status } = input.response;
  if (basic === null) return refused(`the responder answered ${status}`);
  if (basic.unknownCritical.length > 0) return refused(`the response has the critical extension ${basic.unknownCritical.join(', ')}, which is not processed`);
  const single = mostSevere(basic.responses.filter((candidate) => isAbout(candidate, input)));
  if (single === null) return refused('the response does not speak of this certificate and issuer');
  if (single.unknownCritical.length > 0) return refused(`the answer has the critical extension ${single.unknownCritical.join(', ')}, which is not processed`);
  const nonce = nonceFault(basic, input.nonceDer);
  if (nonce !== null) return refused(nonce);
  const authorised = findResponder(basic, input);
  if (typeof authorised === 'string') return refused(authorised);
  const dates = dateFault(basic, single, input);
  return dates === null ? { usable: true, single, basic, responder: authorised } : { usable: false, fault: `the response ${dates}`, stale: true };
}

function refused(fault: string): OcspCheck {
  return { usable: false, fault, stale: false };
}

/** Name and key of the issuer and the serial number, hashed as the CertID says (RFC 6960 §4.1.1). */
function isAbout(single: SingleResponse, { certificate, issuer }: OcspCheckInput): boolean {
  const digest = findDigest(single.hashAlgorithm);
  if (digest === null || single.serial !== certificate.serial) return false;
  const sameIssuer = Buffer.compare(single.issuerNameHash, digestOf(digest, certificate.issuerDer)) === 0;
  return sameIssuer && Buffer.compare(single.issuerKeyHash, digestOf(digest, issuer.publicKey.keyBytes)) === 0;
}

const SEVERITY = { revoked: 2, unknown: 1, good: 0 } as const;

/** Contradicting answers in one response: the worst holds. */
function mostSevere(singles: readonly SingleResponse[]): SingleResponse | null {
  return singles.reduce<SingleResponse | null>((worst, single) => (worst === null || SEVERITY[single.status] > SEVERITY[worst.status] ? single : worst), null);
}

/** RFC 6960 §4.4.1: a nonce that comes back must be the one that was sent; one that does not leaves the dates to decide. */
function nonceFault(basic: BasicOcspResponse, asked: Uint8Array | null): string | null {
  if (asked === null || basic.nonceDer === null) return null;
  return Buffer.compare(asked, basic.nonceDer) === 0 ? null : 'the nonce is not the one that was sent';
}

/** RFC 6960 §4.2.2.2: the issuer itself, or a responder that the issuer certified for this and nothing else decided. */
function findResponder(basic: BasicOcspResponse, input: OcspCheckInput): Certificate | string {
  const candidates = [input.issuer, ...basic.certificates, ...input.others].filter((candidate) => isNamed(candidate, basic));
  if (candidates.length === 0) return 'the certificate of the responder that the response names is not known';
  const faults = new Set<string>();
  for (const candidate of candidates.slice(0, 20)) {
    const fault = responderFault(candidate, basic, input);
    if (fault === null) return candidate;
    faults.add(fault);
  }
  return [...faults].join('; ');
}

function isNamed(certificate: Certificate, { responderId }: BasicOcspResponse): boolean {
  if ('name' in responderId) return sameName(responderId.name, certificate.subjectName);
  return Buffer.compare(responderId.keyHash, digestOf('sha1', certificate.publicKey.keyBytes)) === 0;
}

function responderFault(candidate: Certificate, basic: BasicOcspResponse, input: OcspCheckInput): string | null {
  const { issuer, algorithms, freshness } = input;
  const signed = signedBy(basic.signatureAlgorithm, basic.tbsDer, basic.signature, candidate.spkiDer);
  if (signed.fault !== null) return `the response ${signed.fault}`;
  if (algorithms !== null) {
    const weak = algorithmFault(algorithms, { digest: signed.digest, keyType: candidate.publicKey.type, keyBits: candidate.publicKey.bits }, freshness.at);
    if (weak !== null) return `the response is signed with what policy refuses: ${weak}`;
  }
  const isIssuer = sameName(candidate.subjectName, issuer.subjectName) && Buffer.compare(candidate.spkiDer, issuer.spkiDer) === 0;
  return isIssuer ? null : delegationFault(candidate, basic, issuer);
}

function delegationFault(responder: Certificate, basic: BasicOcspResponse, issuer: Certificate): string | null {
  if (responder.extendedKeyUsage?.has(EKU.OCSP_SIGNING) !== true) return 'the responder is not certified for OCSP signing';
  if (!sameName(responder.issuerName, issuer.subjectName)) return 'the responder was not certified by the issuer of the certificate';
  const signed = signedBy(responder.signatureAlgorithm, responder.tbsDer, responder.signature, issuer.spkiDer);
  if (signed.fault !== null) return `the responder's certificate ${signed.fault}`;
  if (basic.producedAt < responder.notBefore || basic.producedAt > responder.notAfter) return 'the responder’s certificate was not valid when it answered';
  const { keyUsage, unknownCritical } = responder;
  if (keyUsage !== null && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation')) return 'the responder’s keyUsage allows no signatures';
  return unknownCritical.length > 0 ? 'the responder’s certificate has a critical extension that is not processed' : null;
}

function signedBy(algorithm: BasicOcspResponse['signatureAlgorithm'], data: Uint8Array, signature: Uint8Array, spkiDer: Uint8Array): { fault: string | null; digest: ReturnType<typeof verifyValue>['digest'] } {
  try {
    const { valid, digest } = verifyValue({ algorithm, spkiDer, data, signature });
    return { fault: valid ? null : 'is not signed with the key it names', digest };
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ALGORITHM_UNSUPPORTED') return { fault: 'is signed with an algorithm that is not supported', digest: null };
    throw error;
  }
}

/** RFC 6960 §3.2 (5), (6); produced while the certificate was in force, unless the responder says how far back it remembers. */
function dateFault(basic: BasicOcspResponse, single: SingleResponse, { certificate, freshness }: OcspCheckInput): string | null {
  const { producedAt } = basic;
  if (producedAt.getTime() > freshness.now.getTime() + freshness.skewMs) return `was produced in the future (${producedAt.toISOString()})`;
  if (producedAt < certificate.notBefore) return 'was produced before the certificate was valid';
  const remembers = single.archiveCutoff !== null && single.archiveCutoff <= certificate.notAfter;
  if (producedAt > certificate.notAfter && single.status === 'good' && !remembers) return 'was produced after the certificate had expired, when a responder need not know it any more';
  return freshnessFault(single, freshness);
}

import { GatewayError } from '../domain/errors.ts';
import { readIssuerCertificates } from '../formats/cms/issuer-certificates.ts';
import { isRolledBack } from '../formats/crl/check-crl.ts';
import { readCrls, type Crl } from '../formats/crl/read-crl.ts';
import { checkOcspResponse } from '../formats/ocsp/check-ocsp.ts';
import { readOcspResponse, type OcspResponse } from '../formats/ocsp/read-ocsp-response.ts';
import { buildOcspRequest } from '../formats/ocsp/request.ts';
import { verifyValue } from '../formats/algorithms/verify.ts';
import { octetString } from '../formats/asn1/writer.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { sameName } from '../formats/x509/name.ts';
import type { RevocationRules } from '../formats/x509/path/revocation.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { RevocationSource } from '../ports/revocation-source.ts';
import { rememberAnswers, type Answer } from './remembered-answers.ts';

export interface LookupPorts {
  readonly source: RevocationSource;
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface OcspAnswer {
  readonly ocsp: OcspResponse;
  readonly responder: Certificate;
}

/** Remembered questions to responders and CRL and certificate servers. Each throws REVOCATION_UNAVAILABLE, URL_FORBIDDEN, or what reading throws. */
export interface RevocationLookup {
  ocsp(url: string, certificate: Certificate, issuer: Certificate, others: readonly Certificate[], rules: RevocationRules): Promise<OcspAnswer>;
  /** `signers`: the certificate's issuer first, then others that may have signed the CRL. */
  crl(url: string, signers: readonly [Certificate, ...Certificate[]]): Promise<Crl>;
  issuers(url: string): Promise<readonly Certificate[]>;
}

const HOUR_MS = 3_600_000;
/** However long an issuer's answers hold: a revocation should be seen the same day. */
const MAX_KEPT_MS = HOUR_MS;
/** Issuers' certificates do not say how long they hold, and only a path shows that they are the right ones. */
const ISSUERS_KEPT_MS = 300_000;
const FAILURE_MS = 30_000;
/** An answer that is neither bound to our request nor limited by its maker could be last year's. */
const MAX_UNBOUND_AGE_MS = 300_000;

/**
 * Asks and remembers: an OCSP response or CRL until its nextUpdate, at most an hour; a failure for 30 s. An OCSP response that does not
 * answer our request (responder, nonce, dates) is not kept, nor a CRL that is not signed by whom it names: what anybody on the way could have
 * sent must not stand in the way of the genuine one. A CRL older than one seen before is refused.
 * @see RFC 6960 §3.2, RFC 9654, RFC 5280 §5.2.3
 */
export function revocationLookup({ source, clock, chance }: LookupPorts): RevocationLookup {
  const ocsps = rememberAnswers<OcspAnswer>(clock, { maxBytes: 16 * 1024 * 1024, maxEntries: 5_000, failureMs: FAILURE_MS });
  const crls = rememberAnswers<Crl>(clock, { maxBytes: 128 * 1024 * 1024, maxEntries: 500, failureMs: FAILURE_MS });
  const issuers = rememberAnswers<readonly Certificate[]>(clock, { maxBytes: 8 * 1024 * 1024, maxEntries: 1_000, failureMs: FAILURE_MS });
  return {
    ocsp: (url, certificate, issuer, others, rules) =>
      ocsps.recall(`${certificate.sha256Hex} ${issuer.sha256Hex} ${url}`, async () => {
        const nonce = chance.bytes(32);
        const der = await source.fetchOcsp(url, buildOcspRequest({ certificate, issuer, nonce }));
        return readOcspAnswer(der, { certificate, issuer, others, rules, nonceDer: octetString(nonce), now: clock.now() });
      }),
    crl: (url, signers) => crls.recall(`${signers[0].sha256Hex} ${url}`, async (previous) => readCrlAnswer(await source.fetchCrl(url), signers, previous, clock.now())),
    issuers: (url) => issuers.recall(url, async () => readIssuersAnswer(await source.fetchIssuers(url), clock.now())),
  };
}

interface OcspQuestion {
  readonly certificate: Certificate;
  readonly issuer: Certificate;
  readonly others: readonly Certificate[];
  readonly rules: RevocationRules;
  readonly nonceDer: Uint8Array;
  readonly now: Date;
}

function readOcspAnswer(der: Uint8Array, { now, rules, ...question }: OcspQuestion): Answer<OcspAnswer> {
  const ocsp = readOcspResponse(der);
  const freshness = { at: now, now, maxAgeMs: rules.maxAgeMs, skewMs: rules.skewMs };
  const check = checkOcspResponse({ response: ocsp, ...question, freshness, algorithms: rules.algorithms });
  if (!check.usable) throw unusable(check.fault);
  const { single, basic, responder } = check;
  const isBound = basic.nonceDer !== null || single.nextUpdate !== null;
  if (!isBound && now.getTime() - basic.producedAt.getTime() > MAX_UNBOUND_AGE_MS + rules.skewMs) throw unusable('the response has neither our nonce nor a nextUpdate, and is old');
  return { value: { ocsp, responder }, until: keptUntil(single.nextUpdate, now), sizeBytes: der.length };
}

function readCrlAnswer(bytes: Uint8Array, signers: readonly Certificate[], previous: Crl | null, now: Date): Answer<Crl> {
  const [crl, extra] = readCrls(bytes);
  if (crl === undefined || extra !== undefined) throw unusable('it is not one CRL');
  const candidates = signers.filter(({ subjectName }) => sameName(subjectName, crl.issuerName));
  if (candidates.length === 0) throw unusable('the CRL is of an issuer whose certificate is not known');
  if (!candidates.some((signer) => isSignedBy(crl, signer))) throw unusable('the CRL is not signed with the key of its issuer');
  if (previous !== null && isRolledBack(crl, previous)) throw unusable('the CRL is older than the one seen before');
  return { value: crl, until: keptUntil(crl.nextUpdate, now), sizeBytes: bytes.length };
}

/** Whether that key may sign CRLs, and with this algorithm, is for validation to say. */
function isSignedBy(crl: Crl, { spkiDer }: Certificate): boolean {
  return verifyValue({ algorithm: crl.signatureAlgorithm, spkiDer, data: crl.tbsDer, signature: crl.signature }).valid;
}

function readIssuersAnswer(bytes: Uint8Array, now: Date): Answer<readonly Certificate[]> {
  return { value: readIssuerCertificates(bytes), until: new Date(now.getTime() + ISSUERS_KEPT_MS), sizeBytes: bytes.length };
}

/** Without nextUpdate newer information may be had at any time (RFC 6960 §4.2.2.1): only those who ask together share the answer. */
function keptUntil(nextUpdate: Date | null, now: Date): Date {
  return nextUpdate === null ? now : new Date(Math.min(nextUpdate.getTime(), now.getTime() + MAX_KEPT_MS));
}

function unusable(why: string): GatewayError {
  return new GatewayError('REVOCATION_UNAVAILABLE', `The answer cannot be used: ${why}`);
}

import type { Check, SubIndication } from '../../domain/validation-report.ts';
import { findDigest, type DigestName } from '../algorithms/digests.ts';
import { checkSignerInfo, type SignerInfoResult } from '../cms/check-signer-info.ts';
import { worstOf, type Finding } from '../cms/finding.ts';
import type { Certificate } from '../x509/certificate.ts';
import { EKU, EXTENSION } from '../x509/extensions.ts';
import { sameName } from '../x509/name.ts';
import type { TimestampToken } from './token.ts';

export interface CheckTimestampInput {
  /** Digest of the data that the token should cover. */
  readonly imprint: (digest: DigestName) => Uint8Array;
  /** Where to look for the authority's certificate when the token does not carry it. */
  readonly certificates?: readonly Certificate[];
  /** The time at which is judged: a genTime later than this by more than `skewMs` comes from a wrong clock. */
  readonly at: Date;
  /** Default 5 minutes. */
  readonly skewMs?: number;
}

export interface TimestampCheckResult {
  readonly indication: 'PASSED' | 'INDETERMINATE' | 'FAILED';
  readonly subIndication: SubIndication | null;
  readonly genTime: Date;
  readonly certificate: Certificate | null;
  readonly checks: readonly Check[];
  readonly algorithms: SignerInfoResult['algorithms'];
}

const DEFAULT_SKEW_MS = 5 * 60_000;

/**
 * Applies every rule to a token short of the certificate's path and revocation, which the caller judges at a time of its
 * choice; PASSED here says only that nothing speaks against the token itself.
 * @see RFC 3161 §2.3, §2.4.2; RFC 5816 §2.2; ETSI EN 319 102-1 §5.4
 */
export function checkTimestampToken(token: TimestampToken, input: CheckTimestampInput): TimestampCheckResult {
  const { signedData, info } = token;
  const [signerInfo] = signedData.signerInfos;
  const imprint = checkImprint(token, input);
  if (signerInfo === undefined) return withoutSigner(token, imprint);
  const signer = checkSignerInfo({ signedData, signerInfo, profile: 'timestamp', certificates: input.certificates ?? [] });
  const certificate = signer.signerCertificate;
  const findings = [imprint, ...(certificate === null ? [] : [checkUsage(certificate), checkValidity(certificate, info.genTime), checkTsaName(token, certificate)]), checkSkew(token, input)];
  const subIndication = signer.subIndication ?? worstOf(findings);
  return {
    indication: indicationOf(subIndication),
    subIndication,
    genTime: info.genTime,
    certificate,
    checks: [...signer.checks, ...findings.map(({ check }) => check)],
    algorithms: signer.algorithms,
  };
}

/** No certificate at hand leaves it open; everything else that fails is final. */
function indicationOf(subIndication: SubIndication | null): TimestampCheckResult['indication'] {
  if (subIndication === null) return 'PASSED';
  return subIndication === 'NO_SIGNING_CERTIFICATE_FOUND' ? 'INDETERMINATE' : 'FAILED';
}

function withoutSigner(token: TimestampToken, imprint: Finding): TimestampCheckResult {
  const none: Check = { name: 'one-signer-info', clause: 'RFC 3161 §2.4.2', status: 'failed', detail: '0 SignerInfo' };
  const algorithms = { digest: null, signature: null, keyBits: null, weak: null };
  return { indication: 'FAILED', subIndication: 'FORMAT_FAILURE', genTime: token.info.genTime, certificate: null, checks: [none, imprint.check], algorithms };
}

function checkImprint({ info }: TimestampToken, input: CheckTimestampInput): Finding {
  const digest = findDigest(info.imprintAlgorithm);
  if (digest === null) return finding('message-imprint', 'RFC 3161 §2.4.2', false, `${info.imprintAlgorithm.oid} is not a digest known here`, 'HASH_FAILURE');
  const matches = Buffer.compare(input.imprint(digest), info.imprint) === 0;
  return finding('message-imprint', 'RFC 3161 §2.4.2; EN 319 102-1 §5.4.4', matches, matches ? `${digest} of the data` : 'the time-stamp is for other data', 'HASH_FAILURE');
}

/** The certificate must be for time-stamping alone, and say so critically (RFC 3161 §2.3). */
function checkUsage(certificate: Certificate): Finding {
  const purposes = certificate.extendedKeyUsage;
  const critical = certificate.extensions.some((extension) => extension.oid === EXTENSION.EXTENDED_KEY_USAGE && extension.critical);
  const only = purposes !== null && purposes.size === 1 && purposes.has(EKU.TIME_STAMPING);
  const usage = certificate.keyUsage;
  const signs = usage === null || usage.has('digitalSignature') || usage.has('nonRepudiation');
  const detail = purposes === null ? 'no extended key usage' : !only ? 'has purposes other than time-stamping' : !critical ? 'extended key usage is not critical' : !signs ? 'key usage does not allow signatures' : 'for time-stamping only';
  return finding('timestamp-certificate-usage', 'RFC 3161 §2.3', only && critical && signs, detail, 'SIG_CONSTRAINTS_FAILURE');
}

/** At genTime, not now: an authority's certificate expires long before what it stamped. */
function checkValidity(certificate: Certificate, genTime: Date): Finding {
  const early = genTime < certificate.notBefore;
  const late = genTime > certificate.notAfter;
  const detail = early ? 'genTime lies before the certificate begins' : late ? 'genTime lies after the certificate ended' : 'the certificate was valid at genTime';
  return finding('timestamp-certificate-validity', 'RFC 3161 §2.4.2; EN 319 102-1 §5.4', !early && !late, detail, early ? 'NOT_YET_VALID' : 'EXPIRED');
}

/** A hint only: the certificate was found by its hash, and some authorities write this name in another form. */
function checkTsaName({ info }: TimestampToken, certificate: Certificate): Finding {
  const name = info.tsa;
  const matches = name === null || name.kind !== 'dn' || sameName(name.name, certificate.subjectName);
  const detail = name === null ? 'not stated' : matches ? 'the certificate\'s subject' : 'the name in the token is not the certificate\'s subject';
  return { check: { name: 'timestamp-authority-name', clause: 'RFC 3161 §2.4.2', status: matches ? 'passed' : 'warning', detail }, subIndication: null };
}

function checkSkew({ info }: TimestampToken, input: CheckTimestampInput): Finding {
  const ahead = info.genTime.getTime() - input.at.getTime() > (input.skewMs ?? DEFAULT_SKEW_MS);
  return finding('timestamp-not-in-future', 'RFC 3161 §2.2', !ahead, ahead ? 'genTime lies in the future' : 'genTime is not in the future', 'TIMESTAMP_ORDER_FAILURE');
}

function finding(name: string, clause: string, passed: boolean, detail: string, subIndication: SubIndication): Finding {
  return { check: { name, clause, status: passed ? 'passed' : 'failed', detail }, subIndication };
}

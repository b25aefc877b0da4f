import type { Check, SubIndication } from '../../domain/validation-report.ts';
import { isGatewayError } from '../../domain/errors.ts';
import type { AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { reliableUntil, type AlgorithmPolicy } from '../algorithms/policy.ts';
import { readScheme } from '../algorithms/schemes.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateStatus, RevocationEvidence, RevocationRules } from '../x509/path/revocation.ts';
import type { ExistenceProofs } from './context.ts';

export interface PastInput {
  /** Leaf first, anchor last. */
  readonly chain: readonly Certificate[];
  /** Of the chain without its anchor, leaf first. */
  readonly statuses: readonly CertificateStatus[];
  /** The proven time of what the leaf signed. */
  readonly at: Date;
  readonly now: Date;
  readonly existed: ExistenceProofs;
  readonly algorithms: AlgorithmPolicy;
  readonly rules: Pick<RevocationRules, 'maxAgeMs' | 'slidesTo'>;
  /** Whether the dates of the anchor's own certificate count. */
  readonly anchorEnds: boolean;
}

export interface PastJudgement {
  /** null: what is known of the past carries the proven time. */
  readonly subIndication: SubIndication | null;
  readonly check: Check;
  /** SHA-256 of revocation information that nothing proves to be old enough: other information may do better. */
  readonly unproven: readonly string[];
}

/** Up to when the certificates looked at so far may be believed. */
interface ControlTime {
  readonly time: Date;
  /** What it would mean for something made later than this; null while nothing has lowered it. */
  readonly cause: Cause | null;
}

interface Cause {
  readonly subIndication: SubIndication;
  readonly text: string;
}

interface Unproven extends Cause {
  readonly revocation: readonly string[];
}

const NAME = 'control-time';
const CLAUSE = 'EN 319 102-1 §5.6.2.2';

/**
 * Slides the control time down the chain from now, the certificate below the anchor first: to the end or the revocation of each
 * certificate, to the last moment for which its revocation information speaks, and to the day from which the algorithms of either are no
 * longer relied on. A certificate and its revocation information must be proven to have existed by then, or they could have been made with
 * a key that had fallen. What the leaf signed must be proven to be no younger than what is left.
 * @see ETSI EN 319 102-1 V1.4.1 §5.6.2.1, §5.6.2.2, §5.6.2.4
 */
export function judgePast(input: PastInput): PastJudgement {
  const { chain, at, now, anchorEnds } = input;
  const anchor = chain[chain.length - 1];
  let control: ControlTime = { time: now, cause: null };
  if (anchor !== undefined && anchorEnds) control = lowered(control, anchor.notAfter, expiry(anchor));
  for (let index = chain.length - 2; index >= 0; index--) {
    const unproven = unprovenAt(index, control, input);
    if (unproven !== null) return { subIndication: unproven.subIndication, check: failed(unproven.text), unproven: unproven.revocation };
    control = slide(index, control, input);
  }
  const { time, cause } = control;
  if (at > time && cause !== null) return { subIndication: cause.subIndication, check: failed(`${cause.text} ${time.toISOString()}, and nothing proves an earlier time than ${at.toISOString()}`), unproven: [] };
  return { subIndication: null, check: { name: NAME, clause: CLAUSE, status: 'passed', detail: `everything up to ${time.toISOString()} may be believed` }, unproven: [] };
}

function failed(detail: string): Check {
  return { name: NAME, clause: CLAUSE, status: 'failed', detail };
}

/**
 * Whether nothing that vouches for the leaf has ended, was revoked or is signed with algorithms given up since: then nothing has to slide,
 * and revocation information need only be fresh at the proven time.
 * @see ETSI EN 319 102-1 V1.4.1 §5.5.4 steps 6 and 10
 */
export function standsToday(input: PastInput): boolean {
  const { chain, statuses, now, anchorEnds } = input;
  const lasts = (end: Date | null): boolean => end === null || end >= now;
  const anchor = chain[chain.length - 1];
  if (anchor !== undefined && anchorEnds && !lasts(anchor.notAfter)) return false;
  return statuses.every(({ certificate, status, evidence }, index) => {
    const issuer = chain[index + 1];
    const ends = evidence?.kind === 'ocsp' ? [evidence.responder.notAfter, evidence.responderRevokedAt] : [];
    const signer = evidence?.kind === 'ocsp' ? evidence.responder : issuer;
    const algorithms = evidence === null ? [] : signedPieces(evidence).map(({ algorithm }) => endOfAlgorithms(algorithm, signer, input));
    return status === 'good' && [certificate.notAfter, endOfAlgorithms(certificate.signatureAlgorithm, issuer, input), ...ends, ...algorithms].every(lasts);
  });
}

/** §5.6.2.2 step 2 a): both must be proven no later than the control time, and than the end of what they themselves are signed with. */
function unprovenAt(index: number, control: ControlTime, input: PastInput): Unproven | null {
  const certificate = input.chain[index];
  const status = input.statuses[index];
  if (certificate === undefined) return null;
  const certificateEnd = earliest(control.time, endOfAlgorithms(certificate.signatureAlgorithm, input.chain[index + 1], input));
  if (!isProven(certificate.sha256Hex, certificateEnd, input)) {
    return { subIndication: 'NO_POE', text: couldBeLater(certificate, 'certificate', certificateEnd), revocation: [] };
  }
  const evidence = status?.evidence ?? null;
  if (evidence === null) return null;
  for (const { sha256Hex, algorithm, kind } of signedPieces(evidence)) {
    const signer = evidence.kind === 'ocsp' ? evidence.responder : input.chain[index + 1];
    const ofResponder = evidence.kind === 'ocsp' ? earliestOf([evidence.responder.notAfter, evidence.responderRevokedAt]) : null;
    const end = earliest(earliest(control.time, ofResponder), endOfAlgorithms(algorithm, signer, input));
    if (!isProven(sha256Hex, end, input)) return { subIndication: 'REVOCATION_OUT_OF_BOUNDS_NO_POE', text: couldBeLater(certificate, kind, end), revocation: [sha256Hex] };
  }
  return null;
}

/** Without a proof it exists now. */
function isProven(sha256Hex: string, end: Date, { now, existed }: PastInput): boolean {
  if (end >= now) return true;
  const proven = existed(sha256Hex);
  return proven !== null && proven <= end;
}

function couldBeLater({ subject }: Certificate, what: string, end: Date): string {
  return `“${subject}”: the ${what} could have been made after ${end.toISOString()}, and nothing proves that it was not`;
}

/** §5.6.2.2 steps 2 b) to 2 d), and the end of the certificate itself. */
function slide(index: number, before: ControlTime, input: PastInput): ControlTime {
  const certificate = input.chain[index];
  const status = input.statuses[index];
  if (certificate === undefined || status === undefined) return before;
  const issuer = input.chain[index + 1];
  let control = lowered(before, certificate.notAfter, expiry(certificate));
  if (status.status === 'revoked') control = lowered(control, status.revokedAt, revocation(certificate, index === 0));
  else control = lowered(control, endOfFreshness(status, control.time, input.rules), { subIndication: 'TRY_LATER', text: `“${certificate.subject}”: its revocation information speaks of no later time than` });
  const signer = status.evidence?.kind === 'ocsp' ? status.evidence.responder : issuer;
  const weak: Cause = { subIndication: 'CRYPTO_CONSTRAINTS_FAILURE_NO_POE', text: `“${certificate.subject}”: its algorithms or those of its revocation information are not accepted since` };
  control = lowered(control, endOfAlgorithms(certificate.signatureAlgorithm, issuer, input), weak);
  const pieces = status.evidence === null ? [] : signedPieces(status.evidence);
  return pieces.reduce((time, { algorithm }) => lowered(time, endOfAlgorithms(algorithm, signer, input), weak), control);
}

function expiry({ subject }: Certificate): Cause {
  return { subIndication: 'OUT_OF_BOUNDS_NO_POE', text: `“${subject}” ended on` };
}

function revocation({ subject }: Certificate, isLeaf: boolean): Cause {
  return { subIndication: isLeaf ? 'REVOKED_NO_POE' : 'REVOKED_CA_NO_POE', text: `“${subject}” was revoked on` };
}

/**
 * Information that is not fresh at the control time speaks of the time of its issuance alone (§5.6.2.2 step 2 c), or, where the policy
 * takes the issuer at its word, of the time until its nextUpdate.
 */
function endOfFreshness({ thisUpdate, nextUpdate }: CertificateStatus, control: Date, { maxAgeMs, slidesTo }: PastInput['rules']): Date | null {
  if (thisUpdate === null) return null;
  const lastFresh = earliestOf([nextUpdate, maxAgeMs === null ? null : new Date(thisUpdate.getTime() + maxAgeMs)]);
  if (lastFresh === null || control <= lastFresh) return null;
  return slidesTo === 'thisUpdate' ? thisUpdate : lastFresh;
}

interface SignedPiece {
  readonly sha256Hex: string;
  readonly algorithm: AlgorithmIdentifier;
  readonly kind: 'CRL' | 'OCSP response';
}

function signedPieces(evidence: RevocationEvidence): SignedPiece[] {
  if (evidence.kind === 'crl') {
    const lists = evidence.delta === null ? [evidence.crl] : [evidence.crl, evidence.delta];
    return lists.map(({ sha256Hex, signatureAlgorithm }) => ({ sha256Hex, algorithm: signatureAlgorithm, kind: 'CRL' }));
  }
  const { ocsp } = evidence;
  return ocsp.basic === null ? [] : [{ sha256Hex: ocsp.sha256Hex, algorithm: ocsp.basic.signatureAlgorithm, kind: 'OCSP response' }];
}

function endOfAlgorithms(algorithm: AlgorithmIdentifier, signer: Certificate | undefined, { algorithms }: PastInput): Date | null {
  if (signer === undefined) return null;
  const { type, bits } = signer.publicKey;
  return reliableUntil(algorithms, { digest: digestNamedBy(algorithm), keyType: type, keyBits: bits });
}

function digestNamedBy(algorithm: AlgorithmIdentifier): ReturnType<typeof readScheme>['digest'] {
  try {
    return readScheme(algorithm).digest;
  } catch (error) {
    // An algorithm that cannot be read has already failed as a signature.
    if (isGatewayError(error)) return null;
    throw error;
  }
}

function lowered(control: ControlTime, end: Date | null, cause: Cause): ControlTime {
  return end === null || end >= control.time ? control : { time: end, cause };
}

function earliest(time: Date, other: Date | null): Date {
  return other !== null && other < time ? other : time;
}

function earliestOf(times: readonly (Date | null)[]): Date | null {
  return times.reduce((first, time) => (time !== null && (first === null || time < first) ? time : first), null);
}

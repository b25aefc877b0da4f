import { GatewayError, type ErrorCode } from '../domain/errors.ts';
import { isAtLeast, type SignatureLevel } from '../domain/signature.ts';
import type { Check, SignatureReport, SubIndication, TimestampReport } from '../domain/validation-report.ts';
import { NOTHING_AFTER_CMS } from '../formats/ades/judge-cms.ts';
import { CMS_MEDIA_TYPE, PDF_MEDIA_TYPE, type JudgedDocument } from '../formats/ades/judge-document.ts';

/**
 * The signatures of a PDF that are to be raised.
 * @param fieldName the only one; absent: all
 * @throws PDF_BROKEN and others when the document cannot be read; NOT_SIGNED, PDF_FIELD_NOT_FOUND
 */
export function pdfSignaturesToRaise(judged: JudgedDocument, fieldName: string | undefined): readonly SignatureReport[] {
  return signaturesToRaise(judged, { mediaType: PDF_MEDIA_TYPE, id: fieldName, noSuch: 'PDF_FIELD_NOT_FOUND' });
}

/**
 * The signatures of a CMS file that are to be raised.
 * @param id the only one, as reports name it; absent: all
 * @throws CMS_MALFORMED and others when the file cannot be read; NOT_SIGNED, SIGNATURE_INVALID, REQUEST_INVALID when there is no such signature, or what a detached one signs was not given
 */
export function cmsSignaturesToRaise(judged: JudgedDocument, id: string | undefined): readonly SignatureReport[] {
  const chosen = signaturesToRaise(judged, { mediaType: CMS_MEDIA_TYPE, id, noSuch: 'REQUEST_INVALID' });
  const trailing = chosen.flatMap(({ checks }) => checks).find(({ name, status }) => name === NOTHING_AFTER_CMS && status === 'failed');
  if (trailing !== undefined) throw new GatewayError('SIGNATURE_INVALID', `The file cannot be raised: ${trailing.detail}`);
  const lacking = chosen.find(({ integrity }) => integrity === 'unknown');
  if (lacking === undefined) return chosen;
  throw new GatewayError('REQUEST_INVALID', `The signature “${lacking.id}” does not hold what it signs: give that with it (--detached FILE, or the part “detached”)`);
}

interface Choice {
  readonly mediaType: string;
  readonly id: string | undefined;
  readonly noSuch: ErrorCode;
}

function signaturesToRaise({ signatures, mediaType, error }: JudgedDocument, choice: Choice): readonly SignatureReport[] {
  if (error !== null) throw new GatewayError(error.code, error.detail);
  if (mediaType !== choice.mediaType) throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', `The document is ${mediaType}, not ${choice.mediaType}`);
  const all = signatures.filter(({ kind }) => kind === 'signature');
  if (all.length === 0) throw new GatewayError('NOT_SIGNED', 'The document has no signature that could be raised: sign it first');
  if (choice.id === undefined) return all;
  const chosen = all.filter(({ id }) => id === choice.id);
  if (chosen.length === 0) throw new GatewayError(choice.noSuch, `The document has no signature of the name given; it has ${all.map(({ id }) => `“${id}”`).join(', ')}`);
  return chosen;
}

/** What is broken stays broken, whatever is added to it. @throws SIGNATURE_INVALID, LEVEL_UNSUPPORTED */
export function checkIntact({ id, format, level, integrity, coverage, checks }: SignatureReport): void {
  const broken = (why: string): GatewayError => new GatewayError('SIGNATURE_INVALID', `The signature “${id}” cannot be raised: ${why}`);
  if (integrity !== 'intact') throw broken(`what it signed is not what the document holds (${reasonsOf(checks)})`);
  if (coverage.extent !== 'file' && coverage.extent !== 'revision') throw broken(`what it covers is not clear (${reasonsOf(checks)})`);
  if (coverage.changesAfter === 'forbidden') throw broken(`changes were made after it that it does not allow: ${coverage.changes.join('; ')}`);
  if (coverage.changesAfter === 'unknown') throw broken(`the changes made after it cannot be worked out: ${coverage.changes.join('; ')}`);
  if (level !== 'basic' && level !== 'none') return;
  const why = level === 'basic' ? `a signature of the format ${format} has no baseline level` : `it lacks what level B-B asks for (${reasonsOf(checks)})`;
  throw new GatewayError('LEVEL_UNSUPPORTED', `The signature “${id}” cannot be raised: ${why}`);
}

const CODE_OF: Readonly<Partial<Record<SubIndication, ErrorCode>>> = {
  NO_CERTIFICATE_CHAIN_FOUND: 'CERTIFICATE_CHAIN',
  NO_CERTIFICATE_CHAIN_FOUND_NO_POE: 'CERTIFICATE_CHAIN',
  NO_SIGNING_CERTIFICATE_FOUND: 'CERTIFICATE_CHAIN',
  CHAIN_CONSTRAINTS_FAILURE: 'CERTIFICATE_CHAIN',
  CERTIFICATE_CHAIN_GENERAL_FAILURE: 'REVOCATION_UNAVAILABLE',
  TRY_LATER: 'REVOCATION_UNAVAILABLE',
  REVOCATION_OUT_OF_BOUNDS_NO_POE: 'REVOCATION_UNAVAILABLE',
  REVOKED: 'CERTIFICATE_REVOKED',
  REVOKED_NO_POE: 'CERTIFICATE_REVOKED',
  REVOKED_CA_NO_POE: 'CERTIFICATE_REVOKED',
  EXPIRED: 'CERTIFICATE_EXPIRED',
  OUT_OF_BOUNDS_NO_POE: 'CERTIFICATE_EXPIRED',
  OUT_OF_BOUNDS_NOT_REVOKED: 'CERTIFICATE_EXPIRED',
  NOT_YET_VALID: 'CERTIFICATE_NOT_YET_VALID',
  CRYPTO_CONSTRAINTS_FAILURE: 'ALGORITHM_UNSUPPORTED',
  CRYPTO_CONSTRAINTS_FAILURE_NO_POE: 'ALGORITHM_UNSUPPORTED',
};

/**
 * Only what is valid now can be kept valid: signature and time-stamps with their chains and revocation.
 * @param timestamps of the whole document
 * @throws the code that fits what is wrong, in words that name it
 */
export function checkTrusted(report: SignatureReport, timestamps: readonly TimestampReport[]): void {
  const { id, indication, subIndication, checks } = report;
  if (indication !== 'TOTAL-PASSED') throw notTrusted(`The signature “${id}”`, subIndication, checks);
  const stamp = timestamps.find(({ type, covers, indication: passed }) => type === 'signature' && covers === id && passed !== 'PASSED');
  if (stamp !== undefined) throw notTrusted(`The time-stamp of the signature “${id}”`, stamp.subIndication, stamp.checks);
}

/** A time-stamp just made proves nothing unless its authority is trusted. @throws as `checkTrusted` */
export function checkStamp(stamp: TimestampReport | undefined): void {
  if (stamp?.indication !== 'PASSED') throw notTrusted(stamp?.type === 'archive' ? 'The archive time-stamp' : 'The document time-stamp', stamp?.subIndication ?? null, stamp?.checks ?? []);
}

function notTrusted(what: string, subIndication: SubIndication | null, checks: readonly Check[]): GatewayError {
  const code = (subIndication === null ? undefined : CODE_OF[subIndication]) ?? 'SIGNATURE_INVALID';
  return new GatewayError(code, `${what} does not verify, so that its validity cannot be kept (${subIndication ?? 'no reason given'}: ${reasonsOf(checks)}); nothing was released`);
}

function reasonsOf(checks: readonly Check[]): string {
  const reasons = checks.filter(({ name, status }) => status === 'failed' || (status === 'warning' && name === 'revocation-fetched')).map(({ detail }) => detail);
  return reasons.length === 0 ? 'no check failed' : reasons.slice(0, 5).join('; ');
}

/**
 * The level that our own verifier finds in the result, which a document must have before it leaves.
 * @throws SIGNATURE_CHECK_FAILED
 */
export function checkReached({ signatures }: JudgedDocument, id: string, wanted: SignatureLevel): SignatureReport['level'] {
  const report = signatures.find((one) => one.id === id && one.kind === 'signature');
  const level = report?.level ?? 'none';
  const reached = level !== 'none' && level !== 'basic' && isAtLeast(level, wanted) && (wanted === 'B-T' || report?.indication === 'TOTAL-PASSED');
  if (reached) return level;
  throw new GatewayError('SIGNATURE_CHECK_FAILED', `The signature “${id}” came to ${level}, ${report?.indication ?? 'missing'}, instead of ${wanted} (${reasonsOf(report?.checks ?? [])}); nothing was released`);
}

import { isGatewayError } from '../../domain/errors.ts';
import type { Check, Coverage, SignatureReport, TimestampReport } from '../../domain/validation-report.ts';
import { digestOf, sha256HexOf, type DigestName } from '../algorithms/digests.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { readCarriedCertificates, readMaterial, proofsFrom, servingContext, type ValidationContext } from './context.ts';
import { unsignedPieces } from './carried-pieces.ts';
import { validateArchiveTimestamps, type ArchivedSignature } from './archive-timestamps.ts';
import { unreadableSignature } from './unreadable-signature.ts';
import { validateSignature, type ValidatedSignature, type ValidateSignatureInput } from './validate-signature.ts';
import { judgeBareTimestamp } from './judge-bare-timestamp.ts';
import { CONTENT_TYPE } from '../cms/oids.ts';
import { readSignedData, readSignerInfo, type SignerInfo } from '../cms/signed-data.ts';
import { readValidationValues } from '../cms/validation-values.ts';

export interface JudgedSignatures {
  readonly signatures: readonly SignatureReport[];
  readonly timestamps: readonly TimestampReport[];
}

export const NOTHING_AFTER_CMS = 'nothing-after-cms';

/** A counter-signature may carry others; no honest one goes deeper. */
const MAX_COUNTER_DEPTH = 3;
/** Judged per signature; the rest are reported as one that is not readable. */
const MAX_COUNTER_SIGNATURES = 20;

/**
 * Validates every signature of a CMS file, detached over `contentDigest` or with the content inside. A time-stamp token is a CMS too,
 * but no signature: it is judged as a time-stamp.
 * @throws CMS_MALFORMED, ASN1_LIMIT when the file is no CMS SignedData: the caller says UNREADABLE
 * @see ETSI EN 319 122-1
 */
export function judgeCms(bytes: Uint8Array, contentDigest: ((digest: DigestName) => Uint8Array) | undefined, context: ValidationContext): JudgedSignatures {
  const signedData = readSignedData(bytes);
  const trailing: Check[] = signedData.sizeBytes === bytes.length ? [] : [{ name: NOTHING_AFTER_CMS, clause: 'RFC 5652 §3', status: 'failed', detail: `${bytes.length - signedData.sizeBytes} bytes follow the CMS` }];
  if (signedData.contentType === CONTENT_TYPE.tstInfo) return { signatures: [], timestamps: [judgeBareTimestamp(bytes, { contentDigest, trailing, context })] };
  const results = signedData.signerInfos.map((signerInfo, index) => judgeSigner(`Signature${index + 1}`, { signedData, signerInfo, contentDigest, context }, trailing));
  return joinResults(results);
}

/** The archive time-stamps first: what they cover is proven by them. */
function judgeSigner(id: string, signer: ArchivedSignature, containerChecks: readonly Check[]): JudgedSignatures {
  const { certificatesDer, crlsDer, ocspsDer } = readValidationValues(signer.signerInfo.unsignedAttributes);
  const values = { certificates: readCarriedCertificates(certificatesDer), material: readMaterial('embedded', crlsDer, ocspsDer) };
  const serving = (served: string): ArchivedSignature => ({ ...signer, context: servingContext(signer.context, () => ({ id: served, place: null })) });
  const archive = validateArchiveTimestamps(id, serving(archiveOf(id)), values);
  const { signatures, timestamps } = validateWithCounterSignatures({
    id,
    kind: 'signature',
    format: 'CAdES',
    profile: 'cades',
    coverage: WHOLE_FILE,
    containerChecks,
    containerWarnings: [],
    certification: null,
    reason: null,
    containerTime: null,
    ...serving(id),
    ...values,
    ...archive,
  });
  const isArchived = archive.coveringTimestamps.some(({ report }) => report.indication !== 'FAILED');
  return {
    signatures: signatures.map((report) => (isArchived && report.id === id && report.level === 'B-LT' ? { ...report, level: 'B-LTA' } : report)),
    timestamps: [...timestamps, ...archive.reports],
  };
}

/** Under this id is told what the archive time-stamps of a signature rest on. */
export const archiveOf = (id: string): string => `${id}/archive`;

export const WHOLE_FILE: Coverage = { extent: 'file', revision: 1, of: 1, changesAfter: 'none', changes: [] };

/** The signature, then those that sign its value (RFC 5652 §11.4). */
export function validateWithCounterSignatures(input: ValidateSignatureInput, depth = 0): JudgedSignatures {
  const validated = validateSignature(input);
  const values = validated.signer.counterSignatures.slice(0, MAX_COUNTER_SIGNATURES + 1);
  const counters = values.map((valueDer, index) => validateCounterSignature(input, validated, valueDer, index, depth + 1));
  return joinResults([{ signatures: [validated.report], timestamps: validated.timestamps }, ...counters]);
}

function validateCounterSignature(parent: ValidateSignatureInput, { report }: ValidatedSignature, valueDer: Uint8Array, index: number, depth: number): JudgedSignatures {
  const id = `${parent.id}/counter-${index + 1}`;
  const beyond = depth > MAX_COUNTER_DEPTH || index >= MAX_COUNTER_SIGNATURES;
  const signerInfo = beyond ? `only ${MAX_COUNTER_SIGNATURES} counter-signatures, ${MAX_COUNTER_DEPTH} deep, are judged` : signerInfoOrReason(valueDer);
  if (typeof signerInfo === 'string') {
    const check: Check = { name: 'signature-readable', clause: 'RFC 5652 §11.4', status: 'failed', detail: signerInfo };
    return { signatures: [unreadableSignature({ id, kind: 'counter-signature', format: report.format, coverage: report.coverage, checks: [check], certification: null, reason: null, containerTime: null, at: parent.context.at })], timestamps: [] };
  }
  const contentDigest = (digest: DigestName): Uint8Array => digestOf(digest, parent.signerInfo.signature);
  // Covered with all in it, or not at all.
  const proven = parent.existed(sha256HexOf(valueDer));
  const known = proven === null ? { proof: null, coveringTimestamps: [] } : { proof: { time: proven, source: parent.proof?.source ?? ('timestamp' as const) }, existed: proofsFrom([{ time: proven, pieces: new Set(unsignedPieces(signerInfo)) }], parent.existed) };
  return validateWithCounterSignatures({ ...parent, ...known, id, kind: 'counter-signature', profile: 'counter-signature', signerInfo, contentDigest, containerChecks: [], containerWarnings: [], certification: null, reason: null, containerTime: null }, depth);
}

function signerInfoOrReason(valueDer: Uint8Array): SignerInfo | string {
  try {
    return readSignerInfo(readAsn1(valueDer, { rules: 'BER' }));
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED', 'ASN1_LIMIT', 'CMS_MALFORMED')) return error.message;
    throw error;
  }
}

export function joinResults(results: readonly JudgedSignatures[]): JudgedSignatures {
  return { signatures: results.flatMap(({ signatures }) => signatures), timestamps: results.flatMap(({ timestamps }) => timestamps) };
}

import { isGatewayError } from '../../domain/errors.ts';
import type { Check, Coverage, SignatureReport, TimestampReport } from '../../domain/validation-report.ts';
import { sha256HexOf, type DigestName } from '../algorithms/digests.ts';
import { carriedPieces } from './carried-pieces.ts';
import { piecesOfMaterial, proofsFrom, readCarriedCertificates, readMaterial, servingContext, type ExistenceProofs, type ProofOfExistence, type RevocationMaterial, type ValidationContext } from './context.ts';
import { unreadableSignature } from './unreadable-signature.ts';
import type { ValidateSignatureInput } from './validate-signature.ts';
import { validateTimestamp, type CoveringTimestamp, type ValidatedTimestamp } from './validate-timestamp.ts';
import type { ByteSource } from '../byte-source.ts';
import type { SignatureProfile } from '../cms/check-signer-info.ts';
import { readSignedData, type SignedData } from '../cms/signed-data.ts';
import { readDss, type DocumentSecurityStore } from '../pades/dss.ts';
import { signedBytes } from '../pades/embed.ts';
import { readPdfSignatures, type PdfSignature } from '../pades/signatures.ts';
import { vriKey } from '../pades/validation-data.ts';
import type { RangeDigests } from '../range-digests.ts';
import type { PdfRevision } from '../pdf/document.ts';
import type { Certificate } from '../x509/certificate.ts';
import { joinResults, validateWithCounterSignatures, type JudgedSignatures } from './judge-cms.ts';

/**
 * Reads and digests a PDF once, and gives the function that validates every signature and document time-stamp in it, wherever the file
 * hides it: called again when more certificates or revocation information have come in.
 * @param digests of the same document
 * @param password of an encrypted document, user's or owner's; the empty one is always tried
 * @throws DOCUMENT_EMPTY, PDF_NOT_PDF, PDF_BROKEN, PDF_ENCRYPTED, PDF_LIMIT: the caller says UNREADABLE
 * @see ETSI EN 319 142-1, ISO 32000-2 §12.8
 */
export function pdfJudge(source: ByteSource, digests: RangeDigests, password?: string): (context: ValidationContext) => JudgedSignatures {
  const { signatures, document } = readPdfSignatures(source, password === undefined ? {} : { password });
  const read = { source, digests: signatureDigests(digests), store: readStore(document.latest), cms: rememberedCms(), readStoreOf: (revision: number) => readStore(document.at(revision - 1)), dssOf: (revision: number) => readDss(document.at(revision - 1)) };
  const coveredBy = rememberedPieces(signatures, read);
  return (context) => judgeSignatures(signatures, { ...read, coveredBy, context });
}

function judgeSignatures(signatures: readonly PdfSignature[], pdf: PdfContext): JudgedSignatures {
  const stamps = validateDocumentTimestamps(signatures.filter(({ kind }) => kind === 'document-timestamp'), pdf);
  const existed = proofsOf(stamps, pdf);
  const results = signatures
    .filter(({ kind }) => kind === 'signature')
    .map((signature) => {
      const known = { proof: proofFor(signature, stamps), stamps: stampsOver(signature, stamps), existed };
      return withLongTermLevel(validatePdfSignature(signature, known, pdf), signature, known, pdf);
    });
  return joinResults([...results, { signatures: [], timestamps: stamps.map(({ validated }) => validated.report) }]);
}

interface PdfContext {
  readonly source: ByteSource;
  readonly digests: SignatureDigests;
  readonly store: { readonly certificates: readonly Certificate[]; readonly material: RevocationMaterial };
  readonly readStoreOf: (revision: number) => PdfContext['store'];
  readonly cms: (signature: PdfSignature) => SignedData | string;
  /** SHA-256 of all that a time-stamp over that revision, counted from 1, proves to have existed. */
  readonly coveredBy: (revision: number) => ReadonlySet<string>;
  readonly context: ValidationContext;
}

/** Each CMS is read once, or known to be unreadable, with the reason. */
function rememberedCms(): PdfContext['cms'] {
  const known = new Map<PdfSignature, SignedData | string>();
  return (signature) => {
    const found = known.get(signature) ?? signedDataOrReason(signature.contents);
    known.set(signature, found);
    return found;
  };
}

/** The store of the revision, and what the signatures and time-stamps before it carry, themselves included. */
function rememberedPieces(signatures: readonly PdfSignature[], { cms, dssOf }: { readonly cms: PdfContext['cms']; readonly dssOf: (revision: number) => DocumentSecurityStore }): PdfContext['coveredBy'] {
  const known = new Map<number, ReadonlySet<string>>();
  return (revision) => {
    const before = (): PdfSignature[] => signatures.filter(({ coverage }) => coverage.revision < revision);
    const found = known.get(revision) ?? new Set([...piecesOfStore(dssOf(revision)), ...before().flatMap((signature) => piecesOfSignature(signature, cms))]);
    known.set(revision, found);
    return found;
  };
}

function piecesOfStore({ certificatesDer, crlsDer, ocspsDer }: DocumentSecurityStore): string[] {
  return [...certificatesDer, ...crlsDer, ...ocspsDer].map(sha256HexOf);
}

function piecesOfSignature(signature: PdfSignature, cms: PdfContext['cms']): string[] {
  const signedData = cms(signature);
  return [sha256HexOf(signature.contents), ...(typeof signedData === 'string' ? [] : carriedPieces(signedData))];
}

/** A document time-stamp that passed proves that all it covers existed (EN 319 142-1 §5.4.3, EN 319 102-1 §5.6.2.3). */
function proofsOf(stamps: readonly DocumentTimestamp[], { coveredBy }: PdfContext): ExistenceProofs {
  return proofsFrom(stamps.flatMap(({ signature, validated: { proves } }) => (proves === null ? [] : [{ time: proves, pieces: coveredBy(signature.coverage.revision) }])));
}

/** The store of the newest revision: later signers add to it, so nothing of older ones is lost. */
function readStore(latest: PdfRevision): PdfContext['store'] {
  const { certificatesDer, crlsDer, ocspsDer } = readDss(latest);
  return { certificates: readCarriedCertificates(certificatesDer), material: readMaterial('embedded', crlsDer, ocspsDer) };
}

type Known = Pick<ValidateSignatureInput, 'proof' | 'existed'> & { readonly stamps: readonly DocumentTimestamp[] };

/** B-LTA is B-LT with a document time-stamp over all that makes it so (EN 319 142-1 §6.3): over the signature alone it is a B-T's. */
function withLongTermLevel(result: JudgedSignatures, signature: PdfSignature, known: Known, pdf: PdfContext): JudgedSignatures {
  const newest = known.stamps.findLast(({ validated }) => validated.report.indication !== 'FAILED');
  if (newest === undefined || result.signatures[0]?.level !== 'B-LT') return result;
  const covered = newest.signature.coverage.revision;
  if (!isWholeStore(covered, pdf) && !isLongTermWith(pdf.readStoreOf(covered), signature, known, pdf)) return result;
  return { ...result, signatures: result.signatures.map((report) => (report.level === 'B-LT' ? { ...report, level: 'B-LTA' } : report)) };
}

function isWholeStore(revision: number, { store, coveredBy }: PdfContext): boolean {
  const covered = coveredBy(revision);
  const pieces = piecesOfMaterial(store.material);
  return pieces.length > 0 && pieces.every((piece) => covered.has(piece));
}

/** Whether the store as it was then would have done; nobody is asked or told about that. */
function isLongTermWith(store: PdfContext['store'], signature: PdfSignature, known: Known, pdf: PdfContext): boolean {
  const { onQuestion: _, onReliance: __, ...context } = pdf.context;
  const [then] = validatePdfSignature(signature, known, { ...pdf, store, context }).signatures;
  return then?.level === 'B-LT';
}

/** What is relied on for this signature or time-stamp is told with its name. */
function servedContext(context: ValidationContext, { id, contents, coverage }: PdfSignature): ValidationContext {
  return servingContext(context, () => ({ id, place: { vriKey: vriKey(contents), revision: coverage.revision } }));
}

type SignatureDigests = (signature: PdfSignature) => (digest: DigestName) => Uint8Array | null;

function signatureDigests(digests: RangeDigests): SignatureDigests {
  const all = new Map<PdfSignature, Map<DigestName, Uint8Array>>();
  return (signature) => {
    const { byteRange } = signature;
    const known = all.get(signature) ?? new Map<DigestName, Uint8Array>();
    all.set(signature, known);
    return (digest) => {
      if (byteRange === null) return null;
      const value = known.get(digest) ?? digests(digest, byteRange);
      known.set(digest, value);
      return value;
    };
  };
}

interface DocumentTimestamp {
  readonly signature: PdfSignature;
  readonly validated: ValidatedTimestamp;
}

/** From the newest to the oldest, since each proves that the ones before it existed. */
function validateDocumentTimestamps(signatures: readonly PdfSignature[], pdf: PdfContext): DocumentTimestamp[] {
  const judged: DocumentTimestamp[] = [];
  for (const signature of [...signatures].reverse()) {
    judged.unshift({ signature, validated: validateDocumentTimestamp(signature, proofsOf(judged, pdf), pdf) });
  }
  return judged;
}

function validateDocumentTimestamp(signature: PdfSignature, existed: ExistenceProofs, { digests, store, context }: PdfContext): ValidatedTimestamp {
  const digest = digests(signature);
  const validated = validateTimestamp({
    type: 'document',
    covers: signature.id,
    tokenDer: signature.contents,
    imprint: (name) => digest(name) ?? new Uint8Array(),
    certificates: store.certificates,
    embedded: store.material,
    existed,
    context: servedContext(context, signature),
  });
  const container = containerChecks(signature, null);
  const report: TimestampReport = { ...validated.report, checks: [...container, ...validated.report.checks] };
  if (!container.some(({ status }) => status === 'failed')) return { ...validated, report };
  return { ...validated, report: { ...report, indication: 'FAILED', subIndication: 'FORMAT_FAILURE' }, proves: null, selfContained: false };
}

/** The earliest document time-stamp that passed over this revision or a later one. */
function proofFor(signature: PdfSignature, stamps: readonly DocumentTimestamp[]): ProofOfExistence | null {
  const times = stampsOver(signature, stamps).flatMap(({ validated }) => (validated.proves === null ? [] : [validated.proves.getTime()]));
  return times.length === 0 ? null : { time: new Date(Math.min(...times)), source: 'document-timestamp' };
}

function stampsOver(signature: PdfSignature, stamps: readonly DocumentTimestamp[]): DocumentTimestamp[] {
  return stamps.filter((stamp) => stamp.signature !== signature && stamp.signature.coverage.revision > signature.coverage.revision);
}

const MAX_BARE_BYTES = 64 * 1024 * 1024;

interface Flavour {
  readonly format: 'PAdES' | 'PKCS7';
  readonly profile: SignatureProfile;
  /** adbe.pkcs7.sha1 carries the SHA-1 of the document inside and signs that (ISO 32000-2 §12.8.3.3). */
  readonly digestInside: boolean;
}

const FLAVOURS: Readonly<Record<string, Flavour>> = {
  'ETSI.CAdES.detached': { format: 'PAdES', profile: 'pades', digestInside: false },
  'adbe.pkcs7.detached': { format: 'PKCS7', profile: 'cms', digestInside: false },
  'adbe.pkcs7.sha1': { format: 'PKCS7', profile: 'cms', digestInside: true },
};

function validatePdfSignature(signature: PdfSignature, { proof, stamps, existed }: Known, { source, digests, store, cms, coveredBy, context }: PdfContext): JudgedSignatures {
  const flavour = FLAVOURS[signature.subFilter ?? ''];
  if (flavour === undefined) return unreadable(signature, `the signature format ${signature.subFilter ?? 'without a name'} is not supported`, context);
  const signedData = cms(signature);
  if (typeof signedData === 'string') return unreadable(signature, signedData, context);
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) return unreadable(signature, 'the CMS has no signer', context);
  const digest = digests(signature);
  const inside = flavour.digestInside ? [checkDigestInside(signedData, digest)] : [];
  const result = validateWithCounterSignatures({
    id: signature.id,
    kind: 'signature',
    format: flavour.format,
    profile: flavour.profile,
    signedData,
    signerInfo,
    contentDigest: flavour.digestInside ? undefined : digest,
    contentBytes: flavour.profile === 'cms' && !flavour.digestInside ? () => contentBytes(source, signature) : undefined,
    coverage: coverageOf(signature),
    containerChecks: [...containerChecks(signature, signedData), ...inside],
    containerWarnings: signature.warnings,
    certification: certificationOf(signature),
    reason: signature.reason,
    containerTime: signature.claimedTime,
    certificates: store.certificates,
    material: store.material,
    proof,
    coveringTimestamps: stamps.map((stamp): CoveringTimestamp => ({ ...stamp.validated, covers: (sha256Hex) => coveredBy(stamp.signature.coverage.revision).has(sha256Hex) })),
    existed,
    context: servedContext(context, signature),
  });
  const [own, ...counters] = result.signatures;
  if (own === undefined) return result;
  const broken = inside.some(({ status }) => status === 'failed') ? ({ integrity: 'broken', indication: 'TOTAL-FAILED', subIndication: 'HASH_FAILURE' } as const) : {};
  return { ...result, signatures: [{ ...own, ...broken }, ...counters] };
}

/** Only the rare signature without signed attributes needs the bytes at once; above 64 MiB it is refused instead. */
function contentBytes(source: ByteSource, { byteRange }: PdfSignature): Uint8Array | null {
  const sizeBytes = (byteRange ?? []).reduce((sum, value, index) => sum + (index % 2 === 1 ? value : 0), 0);
  return byteRange === null || sizeBytes > MAX_BARE_BYTES ? null : Buffer.concat([...signedBytes(source, byteRange)]);
}

function signedDataOrReason(contents: Uint8Array): SignedData | string {
  try {
    return readSignedData(contents);
  } catch (error) {
    if (isGatewayError(error, 'CMS_MALFORMED', 'ASN1_LIMIT')) return error.message;
    throw error;
  }
}

function unreadable(signature: PdfSignature, reason: string, context: ValidationContext): JudgedSignatures {
  const check: Check = { name: 'signature-readable', clause: 'ISO 32000-2 §12.8.1', status: 'failed', detail: reason };
  const format = FLAVOURS[signature.subFilter ?? '']?.format ?? signature.subFilter ?? 'unknown';
  const report = unreadableSignature({
    id: signature.id,
    kind: 'signature',
    format,
    coverage: coverageOf(signature),
    checks: [...containerChecks(signature, null), check],
    certification: certificationOf(signature),
    reason: signature.reason,
    containerTime: signature.claimedTime,
    at: context.at,
  });
  return { signatures: [report], timestamps: [] };
}

function coverageOf({ coverage, changes }: PdfSignature): Coverage {
  const { extent, revision, of } = coverage;
  return { extent, revision, of, changesAfter: changes.after, changes: changes.after === 'unknown' ? [changes.reason] : changes.changes };
}

const certificationOf = ({ certifies, docMdp }: PdfSignature): SignatureReport['certification'] => (certifies ? docMdp : null);

/** ByteRange and coverage, later changes, and what stands behind the CMS within /Contents. */
function containerChecks(signature: PdfSignature, signedData: SignedData | null): Check[] {
  const { coverage, changes, formatFaults } = signature;
  const sound = coverage.extent === 'file' || coverage.extent === 'revision';
  const checks: Check[] = [
    { name: 'coverage', clause: 'ISO 32000-2 §12.8.1; EN 319 142-1 §5.3', status: sound ? 'passed' : 'failed', detail: sound ? `revision ${coverage.revision} of ${coverage.of}, whole` : coverage.faults.join('; ') },
  ];
  const formed = formatFaults.length === 0;
  checks.push({ name: 'signature-dictionary', clause: 'ISO 32000-2 §12.8.1 table 255', status: formed ? 'passed' : 'failed', detail: formed ? 'well formed' : formatFaults.join('; ') });
  if (signature.kind === 'signature') {
    const status = changes.after === 'forbidden' ? 'failed' : changes.after === 'unknown' ? 'skipped' : 'passed';
    const detail = changes.after === 'unknown' ? changes.reason : changes.changes.length === 0 ? 'nothing was changed afterwards' : changes.changes.join('; ');
    checks.push({ name: 'changes-after', clause: 'ISO 32000-2 §12.8.2', status, detail });
  }
  if (signedData !== null) {
    const clean = signature.contents.subarray(signedData.sizeBytes).every((byte) => byte === 0);
    checks.push({ name: 'contents-padding', clause: 'ISO 32000-2 §12.8.1', status: clean ? 'passed' : 'failed', detail: clean ? 'only zeros follow the CMS' : 'other bytes than zeros follow the CMS' });
  }
  return checks;
}

function checkDigestInside({ encapsulatedContent }: SignedData, digest: (name: DigestName) => Uint8Array | null): Check {
  const actual = digest('sha1');
  const matches = actual !== null && encapsulatedContent !== null && Buffer.compare(actual, encapsulatedContent) === 0;
  return { name: 'document-digest', clause: 'ISO 32000-2 §12.8.3.3', status: matches ? 'passed' : 'failed', detail: matches ? 'the signed SHA-1 is the document\'s' : 'the signed SHA-1 is not the document\'s' };
}

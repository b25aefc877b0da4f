import { isGatewayError } from '../../domain/errors.ts';
import type { CoverageExtent } from '../../domain/validation-report.ts';
import type { ByteSource } from '../byte-source.ts';
import type { Change } from '../pdf/diff/change.ts';
import { diffRevisions } from '../pdf/diff/diff-revisions.ts';
import { disagreements } from '../pdf/disagreements.ts';
import type { PdfDocument, PdfRevision } from '../pdf/document.ts';
import { openPdf } from '../pdf/document.ts';
import { unlistedObjects } from '../pdf/dormant-objects.ts';
import type { PdfField } from '../pdf/fields.ts';
import { fieldsOf } from '../pdf/fields.ts';
import { PDF_LIMITS, limit } from '../pdf/limits.ts';
import type { PdfDict, PdfObject, PdfString } from '../pdf/objects.ts';
import { isDict, isName, isRef, isString } from '../pdf/objects.ts';
import type { ScanResult } from '../pdf/scan.ts';
import { scanDocument } from '../pdf/scan.ts';
import { readDate, readTextString } from '../pdf/text.ts';
import { sameEntry } from '../pdf/xref.ts';
import { coverageOf, readByteRange } from './coverage.ts';
import type { ChangeJudgement, ChangeRules } from './judge-changes.ts';
import { judgeChanges } from './judge-changes.ts';
import type { DocMdpLevel, FieldLock } from './permissions.ts';
import { permissionsInForce } from './permissions.ts';
import { shadowWarnings } from './shadow-warnings.ts';

/** A signature or document time-stamp as the PDF presents it; nothing about its cryptographic validity. */
export interface PdfSignature {
  /** Name of its field, or `object <n>` for one that no field refers to. */
  readonly id: string;
  readonly fieldName: string | null;
  readonly kind: 'signature' | 'document-timestamp';
  /** Such as `ETSI.CAdES.detached`; null when absent. */
  readonly subFilter: string | null;
  /** /Contents as it stands, padding included; empty when there is none. */
  readonly contents: Uint8Array;
  /** Ranges to hash, as offset and length in turn; null when /ByteRange is unusable. */
  readonly byteRange: readonly number[] | null;
  /** /M: what the signer says, proving nothing. */
  readonly claimedTime: Date | null;
  readonly name: string | null;
  readonly reason: string | null;
  readonly location: string | null;
  readonly contactInfo: string | null;
  readonly docMdp: DocMdpLevel | null;
  /** Whether the catalog names it as the certification of the document. */
  readonly certifies: boolean;
  readonly locks: readonly FieldLock[];
  readonly coverage: {
    readonly extent: CoverageExtent;
    /** Counted from 1. */
    readonly revision: number;
    readonly of: number;
    readonly faults: readonly string[];
  };
  /** `unknown` when the differences could not be worked out; `reason` says why. */
  readonly changes: ChangeJudgement | { readonly after: 'unknown'; readonly reason: string };
  /** Rules of the signature dictionary itself that are broken: such a signature is none (FORMAT_FAILURE). */
  readonly formatFaults: readonly string[];
  readonly warnings: readonly string[];
}

export interface PdfSignatures {
  readonly document: PdfDocument;
  /** In the order of their revisions. */
  readonly signatures: readonly PdfSignature[];
  /** End of each revision, in bytes from the start; null where it has none of its own. */
  readonly revisionEnds: readonly (number | null)[];
  /** Where the reading by cross-reference and the reading from front to back differ. */
  readonly disagreements: readonly string[];
}

/**
 * Every signature of a document, from its form and from a scan of its bytes, with coverage and what was changed afterwards.
 * @param options password of an encrypted document, user's or owner's; the empty one is always tried
 * @throws DOCUMENT_EMPTY, PDF_NOT_PDF, PDF_BROKEN, PDF_ENCRYPTED, PDF_LIMIT when the document cannot be read at all
 * @see ISO 32000-2 §12.8, ETSI EN 319 142-1 §5
 */
export function readPdfSignatures(source: ByteSource, { password }: { readonly password?: string } = {}): PdfSignatures {
  const document = openPdf(source, { passwords: password === undefined ? [''] : ['', password] });
  const scan = scanDocument(document);
  const differing = disagreements(document, scan);
  const candidates = [...fromFields(document), ...unreferenced(document, scan)];
  if (candidates.length > PDF_LIMITS.signatures) throw limit(`more than ${PDF_LIMITS.signatures} signatures`);
  const history = changeHistory(document);
  const shared = sharedDictionaries(candidates);
  const shadows = shadowHistory(document, scan);
  const signatures = candidates.map((candidate) => describe(document, candidate, { history, shadows, differing, isShared: candidate.num !== undefined && shared.has(candidate.num) }));
  return {
    document,
    signatures: signatures.sort((a, b) => a.coverage.revision - b.coverage.revision),
    revisionEnds: document.revisions.map(({ end }) => end ?? null),
    disagreements: differing,
  };
}

interface Candidate {
  readonly field: PdfField | undefined;
  readonly dict: PdfDict;
  /** Object that holds the dictionary: its own, or the field's when it is direct. */
  readonly num: number | undefined;
}

function fromFields({ latest }: PdfDocument): Candidate[] {
  const found: Candidate[] = [];
  for (const field of fieldsOf(latest)) {
    if (field.type !== 'Sig' || field.value === null) continue;
    const dict = latest.resolve(field.value);
    if (isDict(dict)) found.push({ field, dict, num: isRef(field.value) ? field.value.num : field.ref?.num });
  }
  return found;
}

/** Signature dictionaries in the file that no field of the latest revision leads to. */
function unreferenced(document: PdfDocument, scan: ScanResult): Candidate[] {
  const known = new Set(fromFields(document).map(({ dict }) => contentsStart(document, dict)));
  return scan.objects.flatMap(({ dict, num }) => {
    if (dict === undefined || !dict.entries.has('ByteRange') || !dict.entries.has('Contents')) return [];
    const type = dict.entries.get('Type');
    if (type !== undefined && !isName(type, 'Sig') && !isName(type, 'DocTimeStamp')) return [];
    return known.has(contentsStart(document, dict)) ? [] : [{ field: undefined, dict, num }];
  });
}

function contentsStart(document: PdfDocument, dict: PdfDict): number {
  const contents = document.latest.resolve(dict.entries.get('Contents'));
  return isString(contents) ? contents.start : -1;
}

function sharedDictionaries(candidates: readonly Candidate[]): Set<number> {
  const seen = new Set<number>();
  const shared = new Set<number>();
  for (const { num } of candidates) {
    if (num === undefined) continue;
    if (seen.has(num)) shared.add(num);
    seen.add(num);
  }
  return shared;
}

/** What is known of the whole document when one of its signatures is described. */
interface Surroundings {
  readonly history: ChangeHistory;
  /** Warnings about a revision, counted from 0. */
  readonly shadows: (revision: number) => readonly string[];
  readonly differing: readonly string[];
  readonly isShared: boolean;
}

function describe(document: PdfDocument, candidate: Candidate, { history, shadows, differing, isShared }: Surroundings): PdfSignature {
  const { field, dict, num } = candidate;
  const { latest } = document;
  const raw = latest.resolve(dict.entries.get('Contents'));
  const contents: PdfString | undefined = isString(raw) ? raw : undefined;
  const byteRange = readByteRange(document.source, latest.resolve(dict.entries.get('ByteRange')));
  const revision = num === undefined ? 0 : lastWritten(document, num);
  const lost = field === undefined ? ['no field of the document leads to the signature'] : [];
  const coverage = coverageOf({ document, dict, contents, byteRange, revision, disagreements: [...lost, ...differing] });
  const { docMdp, locks, warnings } = rulesOf(document, candidate);
  const text = (key: string): string | null => readTextString(latest.get(dict, key)) ?? null;
  const changes = history.after(revision, { docMdp, locks, hadValidationData: document.at(revision).catalog.entries.has('DSS') });
  return {
    id: field?.name ?? `object ${num ?? 0}`,
    fieldName: field?.name ?? null,
    kind: isTimestamp(latest.get(dict, 'Type'), latest.get(dict, 'SubFilter')) ? 'document-timestamp' : 'signature',
    subFilter: nameText(latest.get(dict, 'SubFilter')),
    contents: contents?.bytes ?? new Uint8Array(),
    byteRange: byteRange ?? null,
    claimedTime: readDate(latest.get(dict, 'M')) ?? null,
    name: text('Name'),
    reason: text('Reason'),
    location: text('Location'),
    contactInfo: text('ContactInfo'),
    docMdp,
    certifies: certifies(document, candidate),
    locks,
    coverage: { ...coverage, revision: revision + 1, of: document.revisions.length },
    changes,
    formatFaults: formatFaults(latest, dict, contents, isShared),
    warnings: [...warnings, ...(changes.after === 'unknown' ? [] : changes.warnings), ...shadows(revision)],
  };
}

const SUB_FILTERS = new Set(['adbe.pkcs7.detached', 'adbe.pkcs7.sha1', 'ETSI.CAdES.detached', 'ETSI.RFC3161']);

/** ISO 32000-2 table 255 and §12.8.5: a known /SubFilter, and /Type DocTimeStamp exactly where the /SubFilter is a time-stamp's. */
function formatFaults(view: PdfRevision, dict: PdfDict, contents: PdfString | undefined, isShared: boolean): string[] {
  const subFilter = nameText(view.get(dict, 'SubFilter'));
  const type = nameText(view.get(dict, 'Type'));
  const faults: string[] = [];
  if (subFilter === null || !SUB_FILTERS.has(subFilter)) faults.push('/SubFilter names no format that this software knows');
  if (type !== null && type !== 'Sig' && type !== 'DocTimeStamp') faults.push('/Type is not that of a signature');
  if ((type === 'DocTimeStamp') !== (subFilter === 'ETSI.RFC3161')) faults.push('/Type and /SubFilter disagree whether this is a document time-stamp');
  if (contents === undefined || contents.bytes.length === 0) faults.push('/Contents is empty');
  else if (!isZeroPadded(contents.bytes)) faults.push('/Contents holds more than one value and padding zeros');
  if (isShared) faults.push('two fields share one signature');
  return faults;
}

/** Whether only zeros follow a value of definite length; one of indefinite length is left to the CMS reader. */
function isZeroPadded(bytes: Uint8Array): boolean {
  const first = bytes[1] ?? 0;
  if (first === 0x80) return true;
  let end = 2 + first;
  if (first > 0x80) {
    const count = first - 0x80;
    if (count > 6) return false;
    end = 2 + count + bytes.subarray(2, 2 + count).reduce((value, byte) => value * 256 + byte, 0);
  }
  return end <= bytes.length && Buffer.alloc(bytes.length - end).equals(bytes.subarray(end));
}

const nameText = (value: PdfObject): string | null => (isName(value) ? value.text : null);

const isTimestamp = (type: PdfObject, subFilter: PdfObject): boolean => isName(type, 'DocTimeStamp') || isName(subFilter, 'ETSI.RFC3161');

/** What is not understood permits nothing. */
function rulesOf({ latest }: PdfDocument, { field, dict }: Candidate): { readonly docMdp: DocMdpLevel | null; readonly locks: readonly FieldLock[]; readonly warnings: readonly string[] } {
  const { docMdp, locks, unclear } = permissionsInForce(latest, dict, field?.dict);
  if (!unclear) return { docMdp, locks, warnings: [] };
  return { docMdp: 1, locks, warnings: ['the signature names permissions that cannot be read; no change after it counts as permitted'] };
}

function certifies({ latest }: PdfDocument, { num }: Candidate): boolean {
  const perms = latest.dict(latest.catalog.entries.get('Perms'));
  const named = perms?.entries.get('DocMDP');
  return num !== undefined && isRef(named) && named.num === num;
}

/** Index of the revision that last wrote an object. */
function lastWritten(document: PdfDocument, num: number): number {
  for (let index = document.revisions.length - 1; index > 0; index--) {
    const mentioned = document.revisions[index]?.sections.some((section) => section.lookup(num) !== undefined || section.hybrid?.lookup(num) !== undefined);
    if (mentioned === true && !sameEntry(document.at(index).entry(num), document.at(index - 1).entry(num))) return index;
  }
  return 0;
}

/** Each revision looked through once. */
function shadowHistory(document: PdfDocument, scan: ScanResult): Surroundings['shadows'] {
  const known = new Map<number, readonly string[]>();
  const unlisted = unlistedObjects(document, scan);
  return (revision) => {
    const warnings = known.get(revision) ?? shadowWarnings(document.at(revision), unlisted);
    known.set(revision, warnings);
    return warnings;
  };
}

interface ChangeHistory {
  after(revision: number, rules: ChangeRules): PdfSignature['changes'];
}

/** Each revision compared once with the one before it, however many signatures ask. */
function changeHistory(document: PdfDocument): ChangeHistory {
  const steps = new Map<number, readonly Change[] | string>();
  const stepTo = (index: number): readonly Change[] | string => {
    const known = steps.get(index);
    if (known !== undefined) return known;
    const found = tryDiff(document, index);
    steps.set(index, found);
    return found;
  };
  return {
    after(revision, rules) {
      const changes: Change[] = [];
      for (let index = revision + 1; index < document.revisions.length; index++) {
        const step = stepTo(index);
        if (typeof step === 'string') return { after: 'unknown', reason: step };
        changes.push(...step);
      }
      return judgeChanges(changes, document.revisions.length - 1 - revision, rules);
    },
  };
}

function tryDiff(document: PdfDocument, index: number): readonly Change[] | string {
  try {
    return diffRevisions(document.at(index - 1), document.at(index));
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return error.message;
    throw error;
  }
}

import type { DigestAlgorithm, SignatureLevel } from '../domain/signature.ts';
import type { SignatureReport, TimestampReport } from '../domain/validation-report.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import type { DocumentSecurityStore } from '../formats/pades/dss.ts';
import type { ValidationDataOf } from '../formats/pades/validation-data.ts';
import { checkIntact, checkReached, checkStamp, checkTrusted, pdfSignaturesToRaise } from './check-raisable.ts';
import { checkNothingMissing, distinctValues, lookAlone, lookToRaise, reportsOf, type Look, type LongTermPorts } from './look-at-document.ts';
import { stampPdf, type StampedPdf } from './stamp-pdf.ts';
import type { ObtainedTimestamp, TimestampPorts } from './timestamp-value.ts';

export interface RaisePorts extends TimestampPorts {
  readonly longTerm: LongTermPorts;
}

export interface RaiseTerms {
  readonly level: Exclude<SignatureLevel, 'B-B'>;
  /** The one signature that must reach the level; absent: all that the document has. */
  readonly fieldName?: string | undefined;
  /** What was appended to the document already. */
  readonly appended: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Size of a token of these authorities, where one is known. */
  readonly tokenBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RaisedPdf {
  /** What was appended before, and all that follows. */
  readonly appended: Uint8Array;
  readonly signatures: readonly { readonly fieldName: string; readonly from: SignatureReport['level']; readonly to: SignatureReport['level'] }[];
  /** The last document time-stamp made; null when none was. */
  readonly documentTimestamp: ObtainedTimestamp | null;
}

/**
 * Raises signatures of a PDF, whoever made them, in further incremental updates: trusted time by a document time-stamp where they have none
 * (B-T), validation data for every certificate of every chain (B-LT), a document time-stamp over all of it (B-LTA), which renews the
 * protection where there is one already. The signatures themselves are not touched, and our own verifier has found the level in the
 * result, with the anchors given and nothing fetched, before it is answered.
 * @throws NOT_SIGNED, PDF_FIELD_NOT_FOUND, SIGNATURE_INVALID, LEVEL_UNSUPPORTED for what cannot be raised; CERTIFICATE_CHAIN, CERTIFICATE_REVOKED,
 * CERTIFICATE_EXPIRED, ALGORITHM_UNSUPPORTED; REVOCATION_UNAVAILABLE naming the certificate; what `stampPdf`, `addValidationData` throw; CANCELLED
 * @see ETSI EN 319 142-1 §5.4, §6.3
 */
export async function raiseLevel(ports: RaisePorts, pdf: GrowingPdf, terms: RaiseTerms): Promise<RaisedPdf> {
  const before = await lookToRaise(ports, pdf.judge(terms.appended), terms);
  const chosen = pdfSignaturesToRaise(before.judged, terms.fieldName);
  for (const report of chosen) checkIntact(report);
  const { appended, stamp, alone } = await raised(ports, pdf, terms, before, chosen.map(({ id }) => id));
  const after = alone ?? (await lookAlone(ports, pdf.judge(appended), terms));
  const signatures = chosen.map(({ id, level: from }) => ({ fieldName: id, from, to: checkReached(after.judged, id, terms.level) }));
  return { appended, signatures, documentTimestamp: stamp?.timestamp ?? null };
}

interface Grown {
  readonly appended: Uint8Array;
  /** The last document time-stamp made here. */
  readonly stamp: Pick<StampedPdf, 'timestamp' | 'fieldName'> | null;
  /** What a verifier without a network sees of it, where that was looked at already. */
  readonly alone?: Look;
}

async function raised(ports: RaisePorts, pdf: GrowingPdf, terms: RaiseTerms, before: Look, ids: readonly string[]): Promise<Grown> {
  const { level } = terms;
  const needsTime = reportsOf(before, ids).some((report) => report.level === 'B-B');
  const timed = needsTime ? await stamped(ports, pdf, terms, { appended: terms.appended, stamp: null }) : { appended: terms.appended, stamp: null };
  if (level === 'B-T') return timed;
  const kept = await withValidationData(ports, pdf, timed, needsTime ? await lookToRaise(ports, pdf.judge(timed.appended), terms) : before, ids);
  if (level === 'B-LT') return kept;
  const archived = await stamped(ports, pdf, terms, kept);
  const alone = await lookAlone(ports, pdf.judge(archived.appended), terms);
  if (archived.stamp !== null && stampNamed(archived.stamp.fieldName, alone)?.indication === 'PASSED') return { ...archived, alone };
  // The authority is one whose chain the store does not know yet.
  return withValidationData(ports, pdf, archived, await lookToRaise(ports, pdf.judge(archived.appended), terms), ids);
}

const stampNamed = (fieldName: string, { judged }: Look): TimestampReport | undefined => judged.timestamps.find(({ type, covers }) => type === 'document' && covers === fieldName);

async function stamped(ports: RaisePorts, pdf: GrowingPdf, { digestAlgorithm, tokenBytes, signal }: RaiseTerms, { appended, stamp }: Grown): Promise<Grown> {
  const made = await stampPdf(ports, pdf, { appended, digestAlgorithm, tokenBytes: stamp?.timestamp.token.der.length ?? tokenBytes, signal });
  return { appended: made.appended, stamp: made };
}

/** With what the signatures and the time-stamp made here rest on, of which nothing may be missing, and other document time-stamps over them that are good. */
async function withValidationData(ports: RaisePorts, pdf: GrowingPdf, { appended, stamp }: Grown, seen: Look, ids: readonly string[]): Promise<Grown> {
  const reports = reportsOf(seen, ids);
  const { timestamps } = seen.judged;
  for (const report of reports) checkTrusted(report, timestamps);
  if (stamp !== null) checkStamp(stampNamed(stamp.fieldName, seen));
  const own = stamp === null ? ids : [...ids, stamp.fieldName];
  const needed = seen.reliances.filter(({ served }) => own.includes(served.id));
  checkNothingMissing(needed);
  const first = Math.min(...reports.map(({ coverage }) => coverage.revision));
  const good = new Set(timestamps.flatMap(({ type, covers, indication }) => (type === 'document' && indication === 'PASSED' ? [covers] : [])));
  const others = seen.reliances.filter(({ served }) => !own.includes(served.id) && good.has(served.id) && (served.place?.revision ?? 0) > first);
  const update = await pdf.addValidationData(appended, { entries: entriesOf([...needed, ...others], ids), at: ports.clock.now(), revisionId: ports.chance.bytes(16) });
  return { appended: update === null ? appended : Buffer.concat([appended, update]), stamp };
}

function entriesOf(needed: Look['reliances'], ids: readonly string[]): ValidationDataOf[] {
  const placed = needed.flatMap(({ reliance, served: { id, place } }) => (place === null ? [] : [{ reliance, id, vriKey: place.vriKey }]));
  return [...new Map(placed.map((one) => [one.vriKey, one])).values()].map(({ vriKey, id }) => {
    const join = (list: keyof DocumentSecurityStore): Uint8Array[] => distinctValues(placed.flatMap((one) => (one.vriKey === vriKey ? one.reliance[list] : [])));
    return { vriKey, onlyWithNewValues: !ids.includes(id), certificatesDer: join('certificatesDer'), crlsDer: join('crlsDer'), ocspsDer: join('ocspsDer') };
  });
}

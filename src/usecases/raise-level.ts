import { GatewayError } from '../domain/errors.ts';
import type { DigestAlgorithm, SignatureLevel } from '../domain/signature.ts';
import type { SignatureReport } from '../domain/validation-report.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import type { DocumentSecurityStore } from '../formats/pades/dss.ts';
import type { ValidationDataOf } from '../formats/pades/validation-data.ts';
import { checkIntact, checkReached, checkTrusted, signaturesToRaise } from './check-raisable.ts';
import { lookAtPdf, type Look, type LongTermPorts } from './look-at-pdf.ts';
import { stampPdf } from './stamp-pdf.ts';
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
  const before = await look(ports, pdf, terms.appended, terms);
  const chosen = signaturesToRaise(before.judged, terms.fieldName);
  for (const report of chosen) checkIntact(report);
  const result = await raised(ports, pdf, terms, before, chosen.map(({ id }) => id));
  const after = await lookAtPdf({ ...ports.longTerm, collector: undefined, clock: ports.clock }, pdf, result.appended, terms.signal);
  const signatures = chosen.map(({ id, level: from }) => ({ fieldName: id, from, to: checkReached(after.judged, id, terms.level) }));
  return { ...result, signatures };
}

type Raised = Pick<RaisedPdf, 'appended' | 'documentTimestamp'>;

async function raised(ports: RaisePorts, pdf: GrowingPdf, terms: RaiseTerms, before: Look, ids: readonly string[]): Promise<Raised> {
  const { level, tokenBytes } = terms;
  const needsTime = reportsOf(before, ids).some((report) => report.level === 'B-B');
  const timed: Raised = needsTime ? await stamped(ports, pdf, terms, terms.appended, tokenBytes) : { appended: terms.appended, documentTimestamp: null };
  if (level === 'B-T') return timed;
  const seen = needsTime ? await look(ports, pdf, timed.appended, terms) : before;
  const kept = await withValidationData(ports, pdf, timed.appended, { seen, ids, onlyNewValues: false });
  if (level === 'B-LT') return { ...timed, appended: kept };
  const archived = await stamped(ports, pdf, terms, kept, timed.documentTimestamp?.token.der.length ?? tokenBytes);
  // The authority may be one whose chain the store does not know yet.
  const final = await look(ports, pdf, archived.appended, terms);
  return { ...archived, appended: await withValidationData(ports, pdf, archived.appended, { seen: final, ids, onlyNewValues: true }) };
}

async function stamped(ports: RaisePorts, pdf: GrowingPdf, { digestAlgorithm, signal }: RaiseTerms, before: Uint8Array, tokenBytes: number | undefined): Promise<Raised> {
  const { appended, timestamp } = await stampPdf(ports, pdf, { appended: before, digestAlgorithm, tokenBytes, signal });
  return { appended, documentTimestamp: timestamp };
}

function look({ longTerm, clock }: RaisePorts, pdf: GrowingPdf, appended: Uint8Array, { level, signal }: RaiseTerms): Promise<Look> {
  const collector = level === 'B-T' ? undefined : longTerm.collector;
  return lookAtPdf({ ...longTerm, collector, clock }, pdf, appended, signal);
}

const reportsOf = ({ judged }: Look, ids: readonly string[]): SignatureReport[] => judged.signatures.filter(({ id, kind }) => kind === 'signature' && ids.includes(id));

/** With what the signatures and the document time-stamps over them rest on; nothing may be missing of it. */
async function withValidationData(ports: RaisePorts, pdf: GrowingPdf, appended: Uint8Array, { seen, ids, onlyNewValues }: { readonly seen: Look; readonly ids: readonly string[]; readonly onlyNewValues: boolean }): Promise<Uint8Array> {
  const reports = reportsOf(seen, ids);
  for (const report of reports) checkTrusted(report, seen.judged.timestamps);
  const first = Math.min(...reports.map(({ coverage }) => coverage.revision));
  const needed = seen.reliances.filter(({ served }) => ids.includes(served.id) || (isDocumentTimestamp(seen, served.id) && served.revision > first));
  const missing = [...new Set(needed.flatMap(({ reliance }) => reliance.missing))];
  if (missing.length > 0) throw new GatewayError('REVOCATION_UNAVAILABLE', `The level asked for needs revocation information for every certificate, and some cannot be had: ${missing.join(' | ')}; nothing was released`);
  const update = await pdf.addValidationData(appended, { entries: entriesOf(needed), at: ports.clock.now(), revisionId: ports.chance.bytes(16), onlyNewValues });
  return update === null ? appended : Buffer.concat([appended, update]);
}

const isDocumentTimestamp = ({ judged }: Look, id: string): boolean => judged.timestamps.some(({ type, covers }) => type === 'document' && covers === id);

function entriesOf(needed: Look['reliances']): ValidationDataOf[] {
  return [...new Set(needed.map(({ served }) => served.vriKey))].map((vriKey) => {
    const join = (list: keyof DocumentSecurityStore): Uint8Array[] => distinct(needed.flatMap(({ reliance, served }) => (served.vriKey === vriKey ? reliance[list] : [])));
    return { vriKey, certificatesDer: join('certificatesDer'), crlsDer: join('crlsDer'), ocspsDer: join('ocspsDer') };
  });
}

function distinct(values: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(values.map((der) => [Buffer.from(der).toString('latin1'), der])).values()];
}

import { GatewayError } from '../domain/errors.ts';
import { isAtLeast, type DigestAlgorithm, type SignatureLevel } from '../domain/signature.ts';
import type { SignatureReport, TimestampReport } from '../domain/validation-report.ts';
import type { CmsSigner, GrowingCms } from '../formats/ades/growing-cms.ts';
import { archiveOf } from '../formats/ades/judge-cms.ts';
import { attribute, buildSignatureTimestampAttribute } from '../formats/cms/build-attributes.ts';
import { addUnsignedAttribute } from '../formats/cms/build-signed-data.ts';
import type { CmsAdditions } from '../formats/cms/grow-signed-data.ts';
import { ATTRIBUTE } from '../formats/cms/oids.ts';
import { checkIntact, checkReached, checkStamp, checkTrusted, cmsSignaturesToRaise } from './check-raisable.ts';
import { checkNothingMissing, distinctValues, lookAlone, lookToRaise, reportsOf, type Look } from './look-at-document.ts';
import type { RaisePorts } from './raise-level.ts';
import { timestampDigest, type ObtainedTimestamp } from './timestamp-value.ts';

export interface RaiseCmsTerms {
  readonly level: Exclude<SignatureLevel, 'B-B'>;
  /** The one signature that must reach the level, as reports name it; absent: all of the file. */
  readonly signatureId?: string | undefined;
  /** What was added to the file already. */
  readonly added: CmsAdditions;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly signal?: AbortSignal | undefined;
}

export interface RaisedCms {
  /** What was added before, and all that follows. */
  readonly added: CmsAdditions;
  readonly signatures: readonly { readonly id: string; readonly from: SignatureReport['level']; readonly to: SignatureReport['level'] }[];
  /** The last archive time-stamp made; null when none was. */
  readonly archiveTimestamp: ObtainedTimestamp | null;
}

/**
 * Raises signatures of a CMS file, whoever made them: a time-stamp over the signature value where there is none (B-T), certificates and
 * revocation information of every chain in the sets of SignedData (B-LT), an archive-time-stamp-v3 over all of it (B-LTA), which renews the
 * protection where there is one already. What is signed is not touched, and our own verifier has found the level in the result, with the
 * anchors given and nothing fetched, before it is answered.
 * @throws NOT_SIGNED, SIGNATURE_INVALID, LEVEL_UNSUPPORTED for what cannot be raised, REQUEST_INVALID without what a detached signature signs;
 * CERTIFICATE_CHAIN, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED, ALGORITHM_UNSUPPORTED; REVOCATION_UNAVAILABLE naming the certificate; what
 * `timestampDigest` and `cms` throw; CANCELLED
 * @see ETSI EN 319 122-1 §5.3, §5.5, §6.3
 */
export async function raiseCms(ports: RaisePorts, cms: GrowingCms, terms: RaiseCmsTerms): Promise<RaisedCms> {
  const before = await lookToRaise(ports, cms.judge(terms.added), terms);
  const reports = cmsSignaturesToRaise(before.judged, terms.signatureId);
  for (const report of reports) checkIntact(report);
  const signers = await chosenSigners(cms, terms, reports);
  const grown = await raised({ ports, cms, terms, signers }, before);
  const { judged } = await lookAlone(ports, cms.judge(grown.added), terms);
  const signatures = reports.map(({ id, level: from }) => ({ id, from, to: checkReached(judged, id, terms.level) }));
  return { added: grown.added, signatures, archiveTimestamp: grown.archiveTimestamp };
}

interface ChosenSigner extends CmsSigner {
  readonly index: number;
}

interface Raising {
  readonly ports: RaisePorts;
  readonly cms: GrowingCms;
  readonly terms: RaiseCmsTerms;
  readonly signers: readonly ChosenSigner[];
}

interface GrownCms {
  readonly added: CmsAdditions;
  readonly archiveTimestamp: ObtainedTimestamp | null;
}

/** @throws LEVEL_UNSUPPORTED for attributes that the level excludes */
async function chosenSigners(cms: GrowingCms, { level, digestAlgorithm }: RaiseCmsTerms, reports: readonly SignatureReport[]): Promise<ChosenSigner[]> {
  const signers = await cms.signers(digestAlgorithm);
  const chosen = signers.map((signer, index) => ({ ...signer, index })).filter(({ id }) => reports.some((report) => report.id === id));
  if (!isAtLeast(level, 'B-LT')) return chosen;
  // The sets of SignedData belong to all signers.
  const hindered = signers.find(({ obstacles }) => obstacles.length > 0);
  if (hindered === undefined) return chosen;
  throw new GatewayError('LEVEL_UNSUPPORTED', `The file cannot be raised to ${level}: the signature “${hindered.id}” carries ${hindered.obstacles.join(', ')}, with which there is no such level (EN 319 122-1 §5.5.3, §6.3)`);
}

async function raised(raising: Raising, before: Look): Promise<GrownCms> {
  const { ports, cms, terms, signers } = raising;
  const untimed = signers.filter(({ id }) => reportsOf(before, [id]).some(({ level }) => level === 'B-B'));
  const timed = await withSignatureTimestamps(raising, terms.added, untimed);
  if (terms.level === 'B-T') return { added: timed, archiveTimestamp: null };
  const seen = untimed.length === 0 ? before : await lookToRaise(ports, cms.judge(timed), terms);
  const kept = withValidationData(raising, timed, seen);
  if (terms.level === 'B-LT') return { added: kept, archiveTimestamp: null };
  const archived = await withArchiveTimestamps(raising, kept);
  const alone = await lookAlone(ports, cms.judge(archived.added), terms);
  if (signers.every(({ id }) => newestArchive(id, alone)?.indication === 'PASSED')) return archived;
  // The authority is one whose chain the file does not hold yet.
  const online = await lookToRaise(ports, cms.judge(archived.added), terms);
  for (const { id } of signers) checkStamp(newestArchive(id, online));
  return { ...archived, added: withValidationData(raising, archived.added, online) };
}

/** The one that says that it was made last: those of a signature are reported in that order, and what cannot be judged after them. */
function newestArchive(id: string, { judged }: Look): TimestampReport | undefined {
  return judged.timestamps.filter(({ type, covers, genTime }) => type === 'archive' && covers === id && genTime !== null).at(-1);
}

async function withSignatureTimestamps({ ports, terms }: Raising, added: CmsAdditions, signers: readonly ChosenSigner[]): Promise<CmsAdditions> {
  const attributes = [];
  for (const { index, valueDigest } of signers) {
    const { token } = await timestampDigest(ports, valueDigest, terms.digestAlgorithm, terms.signal);
    attributes.push({ signerIndex: index, attributeDer: buildSignatureTimestampAttribute(token.der) });
  }
  return { ...added, unsignedAttributes: [...added.unsignedAttributes, ...attributes] };
}

async function withArchiveTimestamps({ ports, cms, terms, signers }: Raising, before: CmsAdditions): Promise<GrownCms> {
  let grown: GrownCms = { added: before, archiveTimestamp: null };
  for (const { index } of signers) {
    const { imprint, hashIndexDer } = await cms.archiveTarget(grown.added, index, terms.digestAlgorithm);
    const archiveTimestamp = await timestampDigest(ports, imprint, terms.digestAlgorithm, terms.signal);
    const tokenDer = addUnsignedAttribute(archiveTimestamp.token.der, attribute(ATTRIBUTE.atsHashIndexV3, hashIndexDer));
    const made = { signerIndex: index, attributeDer: attribute(ATTRIBUTE.archiveTimestampV3, tokenDer) };
    grown = { added: { ...grown.added, unsignedAttributes: [...grown.added.unsignedAttributes, made] }, archiveTimestamp };
  }
  return grown;
}

/** With what the signatures rest on, of which nothing may be missing, and with what their archive time-stamps do, where it is all known. */
function withValidationData({ signers }: Raising, added: CmsAdditions, seen: Look): CmsAdditions {
  const ids = signers.map(({ id }) => id);
  for (const report of reportsOf(seen, ids)) checkTrusted(report, seen.judged.timestamps);
  const needed = seen.reliances.filter(({ served }) => ids.includes(served.id));
  checkNothingMissing(needed);
  const archives = ids.map(archiveOf);
  const kept = [...needed, ...seen.reliances.filter(({ reliance, served }) => archives.includes(served.id) && reliance.missing.length === 0)];
  const join = (list: 'certificatesDer' | 'crlsDer' | 'ocspsDer'): Uint8Array[] => distinctValues([...added[list], ...kept.flatMap(({ reliance }) => reliance[list])]);
  return { ...added, certificatesDer: join('certificatesDer'), crlsDer: join('crlsDer'), ocspsDer: join('ocspsDer') };
}

import type { EvidenceFindings, EvidenceObject, EvidenceReceipt, MessageFacts } from '../../domain/evidence-report.ts';
import type { ReceiptStatement } from '../../domain/evidence.ts';
import { isGatewayError } from '../../domain/errors.ts';
import type { MessageManifest } from '../../domain/message.ts';
import type { Check, SignatureReport, TimestampReport } from '../../domain/validation-report.ts';
import { readCarriedCertificates, readMaterial, type ValidationContext } from '../ades/context.ts';
import type { AsicManifest, ManifestObject } from '../asic/manifest.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { NoteVerifier } from '../transparency-log/signed-note.ts';
import { judgeEvidenceSignature } from './judge-signature.ts';
import { judgeLogPart, type LogPart } from './log-part.ts';
import { BODY, MANIFEST, manifestEntry, META_INF, ownSignatureEntry, partName, signatureEntry, statementEntry, THE_MESSAGE } from './names.ts';
import { ownSignatureFault } from './own-signature.ts';
import type { EvidenceFiles } from './read-evidence.ts';
import { readMessageManifest, readStatement } from './read-statements.ts';

export interface JudgedEvidence {
  readonly findings: EvidenceFindings;
  readonly signatures: readonly SignatureReport[];
  readonly timestamps: readonly TimestampReport[];
}

/** One signature with what it covers. */
interface Attested {
  readonly name: string;
  readonly manifest: AsicManifest;
  readonly entry: string;
  readonly log: LogPart;
  readonly signature: SignatureReport;
}

const CLAUSE = { container: 'EN 319 162-1 §4.4', manifest: 'EN 319 162-1 A.4', statement: 'RFC 8785', own: 'RFC 9421 §3.2' } as const;
const KNOWN_FILES = /^META-INF\/(?:README\.(?:vi|en)\.txt|certificates\/[0-9a-f]{64}\.cer|revocation\/[0-9a-f]{64}\.(?:crl|ors))$/;

/**
 * Judges what a container proves of a message: its manifest and papers, each receipt, each signature with its place in the log and the time
 * that proves, and that nothing else lies in it. Pure; answers, and does not throw for bad containers.
 */
export function judgeEvidence(read: EvidenceFiles, pinned: NoteVerifier | null, context: ValidationContext): JudgedEvidence {
  const { files, manifests, unreadable } = read;
  const der = (folder: string, ending: string): Uint8Array[] => [...files].flatMap(([name, { bytes }]) => (name.startsWith(`${META_INF}${folder}/`) && name.endsWith(ending) && bytes !== null ? [bytes] : []));
  const certificates = readCarriedCertificates(der('certificates', '.cer'));
  const embedded = readMaterial('embedded', der('revocation', '.crl'), der('revocation', '.ors'));
  const attested = [...manifests].map(([entry, manifest]): Attested => {
    const name = nameOf(entry);
    const log = judgeLogPart({ files, name, pinned, certificates, embedded, context });
    return { name, manifest, entry, log, signature: judgeEvidenceSignature({ read, name, entry, manifest, log, certificates, embedded, context }) };
  });
  const main = attested.find(({ name }) => name === THE_MESSAGE);
  const message = messageOf(files);
  const receipts = attested.filter(({ name }) => name !== THE_MESSAGE).map((one) => receiptOf(one, files, message.facts));
  const objects = main === undefined ? [] : objectsOf(main.manifest, files, erasedBy(receipts), message.manifest);
  const checks = [
    ...[...unreadable].map(([entry, why]): Check => ({ name: 'manifest-readable', clause: CLAUSE.manifest, status: 'failed', detail: `${entry}: ${why}` })),
    ...message.checks,
    ...(main === undefined ? [{ name: 'message-attested', clause: CLAUSE.manifest, status: 'failed', detail: 'no ASiCManifest.xml says what is in the container' } as const] : []),
    ...objectChecks(objects),
    ...(main === undefined || message.manifest === null ? [] : [matchCheck(main.manifest, message.manifest, files)]),
    ...receipts.flatMap(({ checks: own }) => own),
    strangersCheck(read, attested),
  ];
  return {
    findings: { message: message.facts, objects, receipts: receipts.flatMap(({ receipt }) => receipt ?? []), log: attested.map(({ log }) => log.finding), checks },
    signatures: attested.map(({ signature }) => signature),
    timestamps: distinct(attested.flatMap(({ log }) => log.timestamps)),
  };
}

/** `META-INF/ASiCManifest-delivered-x.xml` → `delivered-x`. */
function nameOf(entry: string): string {
  const [, name] = /^META-INF\/ASiCManifest-(.+)\.xml$/.exec(entry) ?? [];
  return name ?? THE_MESSAGE;
}

function messageOf(files: EvidenceFiles['files']): { readonly manifest: MessageManifest | null; readonly facts: MessageFacts | null; readonly checks: readonly Check[] } {
  const file = files.get(MANIFEST);
  const bytes = file?.bytes ?? null;
  const said = (status: Check['status'], detail: string): Check => ({ name: 'message-manifest', clause: CLAUSE.statement, status, detail });
  if (file === undefined || bytes === null) return { manifest: null, facts: null, checks: [said('failed', 'the container has no manifest.json')] };
  try {
    const manifest = readMessageManifest(bytes);
    const isCanonical = canonicalJson(JSON.parse(Buffer.from(bytes).toString('utf8'))) === Buffer.from(bytes).toString('utf8');
    const { messageId, type, dossierCode, from, to, createdAt } = manifest;
    const facts = { messageId, type, dossierCode, from: from.agencyCode ?? from.partnerId, to, createdAt, manifestSha256: Buffer.from(file.digests.get('sha256') ?? []).toString('hex') as MessageFacts['manifestSha256'] };
    return { manifest, facts, checks: [said(isCanonical ? 'passed' : 'failed', isCanonical ? 'canonical, so that its digest is the message’s' : 'it is not canonical (RFC 8785)')] };
  } catch (error) {
    if (!isGatewayError(error, 'EVIDENCE_MALFORMED')) throw error;
    return { manifest: null, facts: null, checks: [said('failed', error.message)] };
  }
}

interface JudgedReceipt {
  readonly receipt: EvidenceReceipt | null;
  readonly statement: ReceiptStatement | null;
  /** Whether it is signed, and about this message: only then may it excuse what is missing. */
  readonly holds: boolean;
  readonly checks: readonly Check[];
}

function receiptOf({ name, manifest, signature }: Attested, files: EvidenceFiles['files'], message: MessageFacts | null): JudgedReceipt {
  const said = (status: Check['status'], detail: string): Check => ({ name: 'receipt', clause: CLAUSE.statement, status, detail: `${name}: ${detail}` });
  const bad = (detail: string): JudgedReceipt => ({ receipt: null, statement: null, holds: false, checks: [said('failed', detail)] });
  const bytes = files.get(statementEntry(name))?.bytes ?? null;
  const own = files.get(ownSignatureEntry(name))?.bytes ?? null;
  const named = manifest.objects.map((object) => object.name);
  if (bytes === null || named[0] !== statementEntry(name) || named.slice(1).some((other) => other !== ownSignatureEntry(name))) return bad('its manifest does not name its statement');
  const changed = manifest.objects.filter((object) => !isIntact(object, files));
  if (changed.length > 0) return bad(`${changed.map((object) => object.name).join(', ')} was changed`);
  try {
    const statement = readStatement(bytes, statementEntry(name));
    const isAbout = statement.messageId === message?.messageId && statement.manifestSha256 === message.manifestSha256;
    const ownFault = own === null ? null : ownSignatureFault(own, statement);
    const claimsOwn = statement.kind === 'delivered' && statement.signedBy === 'recipient';
    const checks = [
      said(isAbout ? 'passed' : 'failed', isAbout ? 'it binds the digest of the message’s manifest' : 'it is about another message'),
      ...(own === null && !claimsOwn ? [] : [{ name: 'own-signature', clause: CLAUSE.own, status: own === null || ownFault !== null ? 'failed' : 'passed', detail: `${name}: ${own === null ? 'the recipient’s own signature is not there' : (ownFault ?? 'signed by the recipient with a key of its own')}` } as const]),
    ];
    const receipt: EvidenceReceipt = {
      name,
      kind: statement.kind,
      recipient: statement.kind === 'erased' ? null : statement.recipient,
      at: statement.at,
      signedBy: claimsOwn && own !== null && ownFault === null ? 'recipient' : 'gateway',
      basis: statement.kind === 'erased' ? `${statement.procedure}: ${statement.basis}` : null,
    };
    return { receipt, statement, holds: isAbout && signature.integrity === 'intact' && signature.indication !== 'TOTAL-FAILED', checks };
  } catch (error) {
    if (!isGatewayError(error, 'EVIDENCE_MALFORMED')) throw error;
    return bad(error.message);
  }
}

/** Names with their digests that signed statements say were erased, and by which rule. */
function erasedBy(receipts: readonly JudgedReceipt[]): ReadonlyMap<string, string> {
  return new Map(receipts.flatMap(({ statement, holds }) => (holds && statement?.kind === 'erased' ? statement.objects.map(({ name, sha256 }) => [`${name} ${sha256}`, `${statement.procedure}: ${statement.basis}`] as const) : [])));
}

function objectsOf({ objects }: AsicManifest, files: EvidenceFiles['files'], erased: ReadonlyMap<string, string>, manifest: MessageManifest | null): EvidenceObject[] {
  return objects.map((object) => {
    const file = files.get(object.name);
    const sha256 = Buffer.from(object.digest).toString('hex');
    const index = manifest?.parts.findIndex((part, position) => partName(part, position) === object.name) ?? -1;
    const status = file !== undefined ? (isIntact(object, files) ? 'intact' : 'changed') : erased.has(`${object.name} ${sha256}`) ? 'erased' : 'missing';
    return { name: object.name, title: manifest?.parts[index]?.name ?? null, sha256, sizeBytes: file?.sizeBytes ?? manifest?.parts[index]?.sizeBytes ?? null, status };
  });
}

function isIntact({ name, digestAlgorithm, digest }: ManifestObject, files: EvidenceFiles['files']): boolean {
  return Buffer.compare(Buffer.from(files.get(name)?.digests.get(digestAlgorithm) ?? []), digest) === 0;
}

function objectChecks(objects: readonly EvidenceObject[]): Check[] {
  const words = { intact: 'as it was signed', changed: 'it is not what was signed', missing: 'it is not there, and nothing says why', erased: 'erased under a rule that a signed statement names' } as const;
  const status = { intact: 'passed', changed: 'failed', missing: 'failed', erased: 'warning' } as const;
  return objects.map((object) => ({ name: 'data-object', clause: CLAUSE.manifest, status: status[object.status], detail: `${object.name}: ${words[object.status]}` }));
}

/** The two manifests name the same things: what the sender sent, and what the gateway signed. */
function matchCheck({ objects }: AsicManifest, manifest: MessageManifest, files: EvidenceFiles['files']): Check {
  const wanted = new Map([[MANIFEST, files.get(MANIFEST)?.digests.get('sha256')], [BODY, Buffer.from(manifest.bodySha256, 'hex')], ...manifest.parts.map((part, position) => [partName(part, position), Buffer.from(part.sha256, 'hex')] as const)]);
  const isSame = objects.length === wanted.size && objects.every(({ name, digestAlgorithm, digest }) => digestAlgorithm === 'sha256' && Buffer.compare(Buffer.from(wanted.get(name) ?? []), digest) === 0);
  const sizes = manifest.parts.every((part, position) => [undefined, part.sizeBytes].includes(files.get(partName(part, position))?.sizeBytes));
  return { name: 'manifests-agree', clause: CLAUSE.statement, status: isSame && sizes ? 'passed' : 'failed', detail: isSame && sizes ? 'manifest.json and ASiCManifest.xml name the same papers' : 'manifest.json and ASiCManifest.xml do not name the same papers' };
}

/** What no signature covers and nobody knows has no place in evidence. */
function strangersCheck({ files, manifests, unreadable }: EvidenceFiles, attested: readonly Attested[]): Check {
  const known = new Set([...manifests.keys(), ...unreadable.keys(), ...attested.flatMap(({ manifest, log, name }) => [...manifest.objects.map((object) => object.name), ...log.used, signatureEntry(name), manifestEntry(name)])]);
  const strangers = [...files.keys()].filter((name) => !known.has(name) && !KNOWN_FILES.test(name));
  return { name: 'nothing-else', clause: CLAUSE.container, status: strangers.length === 0 ? 'passed' : 'failed', detail: strangers.length === 0 ? 'nothing lies in the container that is not signed or proves something' : `no manifest names ${strangers.join(', ')}` };
}

function distinct(timestamps: readonly TimestampReport[]): TimestampReport[] {
  return [...new Map(timestamps.map((one) => [one.covers, one])).values()];
}

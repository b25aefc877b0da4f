import { createPublicKey } from 'node:crypto';
import { EVIDENCE_SINCE } from '../domain/evidence.ts';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { MessageId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import type { Caller } from '../domain/partner.ts';
import type { ValidationContext } from '../formats/ades/context.ts';
import { digestOf, sha256HexOf } from '../formats/algorithms/digests.ts';
import { readManifest } from '../formats/asic/manifest.ts';
import { writeContainer, type NewEntry } from '../formats/asic/write-container.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import { judgeEvidence } from '../formats/evidence/judge-evidence.ts';
import { BODY, MANIFEST, manifestEntry, META_INF, ownSignatureEntry, partName, proofEntry, signatureEntry, statementEntry, THE_MESSAGE } from '../formats/evidence/names.ts';
import type { LogProof } from '../formats/evidence/proof.ts';
import type { EvidenceFile, EvidenceFiles } from '../formats/evidence/read-evidence.ts';
import { erasedObjects } from '../formats/evidence/statements.ts';
import { readmeEn, readmeVi } from '../formats/evidence/readme.ts';
import { inclusionSpans, spanHash } from '../formats/transparency-log/merkle-tree.ts';
import { verifierKeyOf } from '../formats/transparency-log/signed-note.ts';
import { nodesOfTiles, tilesFor } from '../formats/transparency-log/tiles.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import type { KeptEvidence } from '../ports/evidence-records.ts';
import type { LogCheckpoint } from '../ports/log-records.ts';
import type { Records } from '../ports/records.ts';
import type { Log } from '../ports/telemetry.ts';
import { judgeWithCollector } from './judge-with-collector.ts';
import { anchorsFor, type LongTermPorts } from './look-at-document.ts';
import { findVisibleMessage, noSuchMessage } from './read-message.ts';

export interface ExportEvidencePorts {
  readonly records: Pick<Records, 'messages' | 'evidence' | 'log' | 'audit'>;
  readonly documents: Pick<DocumentStore, 'stream'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Where certificates and revocation information for the container come from; absent: it holds only what the signatures hold. */
  readonly longTerm?: LongTermPorts | undefined;
}

export interface ExportedEvidence {
  /** File name. */
  readonly name: string;
  /** Papers are read when their turn comes. */
  readonly open: () => AsyncIterable<Uint8Array>;
}

/** Whoever asks: a party of the message, or who runs the gateway, named as in the audit. */
export type EvidenceReader = Caller | { readonly operator: string };

/** Checkpoints are made every 20 seconds, when there is something to make them of. */
const NEXT_CHECKPOINT_MS = 20_000;

/**
 * The evidence of a message as an ASiC-E container: what was signed when it happened, unchanged, with its places in the log. A recipient
 * sees its own receipts, the sender all. Audited.
 * @throws MESSAGE_NOT_FOUND; EVIDENCE_NOT_KEPT for messages of before; EVIDENCE_PENDING until a time-stamped checkpoint covers all of it
 * @see ETSI EN 319 162-1 §4.4
 */
export async function exportEvidence(ports: ExportEvidencePorts, reader: EvidenceReader, id: MessageId, signal?: AbortSignal): Promise<ExportedEvidence> {
  const message = await visibleMessage(ports, reader, id);
  const manifest = await ports.records.messages.manifest(id);
  const evidence = visibleTo(reader, message, await ports.records.evidence.ofMessage(id));
  if (manifest === null || !evidence.some(({ name }) => name === THE_MESSAGE)) {
    throw new GatewayError('EVIDENCE_NOT_KEPT', `There is no evidence of the message ${id}: it came in before version ${EVIDENCE_SINCE} of the gateway, which kept none`);
  }
  const proven = (await Promise.all(evidence.map((one) => entriesOf(ports, one)))).flat();
  const small: NewEntry[] = [{ name: MANIFEST, content: Buffer.from(manifest) }, ...proven];
  const entries: NewEntry[] = [...dataOf(ports, message, manifest, evidence), ...distinct(proven), ...(await validationDataOf(ports, small, signal))];
  const actor = 'operator' in reader ? reader.operator : `partner:${reader.partnerId}`;
  await ports.records.audit.add({ at: ports.clock.now(), actor, action: 'export-evidence', subject: `message:${id}`, detail: { receipts: evidence.length - 1 } });
  return { name: `${message.dossierCode}-${message.type.replace('dossier.', '')}-${id}.asice`, open: () => writeContainer(entries) };
}

async function visibleMessage({ records }: ExportEvidencePorts, reader: EvidenceReader, id: MessageId): Promise<Message> {
  if (!('operator' in reader)) return (await findVisibleMessage(records, reader, id)).message;
  const message = await records.messages.find(id);
  if (message === null) throw noSuchMessage(id);
  return message;
}

function visibleTo(reader: EvidenceReader, { fromPartnerId }: Message, evidence: readonly KeptEvidence[]): readonly KeptEvidence[] {
  const seesAll = 'operator' in reader || reader.partnerId === fromPartnerId;
  return evidence.filter(({ kind, partnerId }) => seesAll || kind === 'message' || kind === 'erased' || partnerId === reader.partnerId);
}

/** Manifest, body and papers; what a signed statement says was erased is left out. */
function dataOf({ documents }: ExportEvidencePorts, { body, parts }: Message, manifest: string, evidence: readonly KeptEvidence[]): NewEntry[] {
  const erased = new Set(evidence.flatMap(({ kind, statement }) => (kind === 'erased' ? erasedObjects(statement).map(({ name }) => name) : [])));
  const all: NewEntry[] = [
    { name: MANIFEST, content: Buffer.from(manifest) },
    { name: BODY, content: Buffer.from(canonicalJson(body)) },
    ...parts.map((part, position) => ({ name: partName(part, position), content: () => documents.stream(part.sha256) })),
  ];
  return all.filter(({ name }) => !erased.has(name));
}

/** What was signed, the signature, its place in the log. @throws EVIDENCE_PENDING */
async function entriesOf(ports: ExportEvidencePorts, evidence: KeptEvidence): Promise<(NewEntry & { readonly content: Uint8Array })[]> {
  const { name, manifestXml, cmsDer, statement, ownSignature } = evidence;
  return [
    { name: manifestEntry(name), content: manifestXml },
    { name: signatureEntry(name), content: cmsDer },
    ...(statement === null ? [] : [{ name: statementEntry(name), content: Buffer.from(statement) }]),
    ...(ownSignature === null ? [] : [{ name: ownSignatureEntry(name), content: Buffer.from(ownSignature) }]),
    ...(await proofOf(ports, evidence)),
  ];
}

async function proofOf({ records: { log } }: ExportEvidencePorts, { messageId, name, kind }: KeptEvidence): Promise<(NewEntry & { readonly content: Uint8Array })[]> {
  const entry = kind === 'message' ? await log.find('message', messageId) : await log.find('receipt', `${messageId}/${name}`);
  const index = entry?.index ?? null;
  const checkpoint = index === null ? null : await log.checkpointCovering(index + 1, true);
  if (entry === null || index === null || checkpoint === null) {
    throw new GatewayError('EVIDENCE_PENDING', 'The log has no time-stamped checkpoint over all of this yet: ask again in half a minute', { retryAfterMs: NEXT_CHECKPOINT_MS });
  }
  const { size, note } = checkpoint;
  const folder = `${META_INF}log/${size}`;
  const tokens = (await log.timestamps(size)).map(({ tokenDer }, number) => ({ name: `${folder}-${number + 1}.tst`, content: tokenDer }));
  const path = await inclusionPath(log, index, size);
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const proof: LogProof = {
    version: 1,
    logKey: await logKeyOf(log, checkpoint),
    leaf: { index, salt: base64(entry.salt) },
    tree: { size, path: path.map(base64) },
    checkpoint: `${folder}.txt`,
    timestamps: tokens.map((token) => token.name),
  };
  return [{ name: proofEntry(name), content: Buffer.from(canonicalJson(proof)) }, { name: proof.checkpoint, content: Buffer.from(note) }, ...tokens];
}

/** PATH(index, D_size). @see RFC 9162 §2.1.3.1 */
async function inclusionPath(log: Records['log'], index: number, size: number): Promise<readonly Uint8Array[]> {
  const spans = inclusionSpans(index, size);
  const tiles = new Map(await Promise.all(tilesFor(spans).map(async (place) => [`${place.level}/${place.index}`, (await log.tile(place.level, place.index))?.hashes] as const)));
  const nodeAt = nodesOfTiles((place) => tiles.get(`${place.level}/${place.index}`));
  return spans.map((span) => spanHash(span, nodeAt));
}

async function logKeyOf(log: Records['log'], { keyId }: LogCheckpoint): Promise<string> {
  const key = (await log.keys()).find(({ id }) => id === keyId);
  if (key === undefined) throw new GatewayError('INTERNAL', 'A checkpoint is signed by a key that is not recorded');
  return verifierKeyOf({ keyName: key.name, publicKey: createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.publicKey).toString('base64url') }, format: 'jwk' }) });
}

/** Certificates and revocation information on which a judgement of today rests, so that years later it can be made without a network. */
async function validationDataOf({ longTerm, clock, log }: ExportEvidencePorts, small: readonly NewEntry[], signal: AbortSignal | undefined): Promise<NewEntry[]> {
  const readmes = [{ name: `${META_INF}README.vi.txt`, content: Buffer.from(readmeVi()) }, { name: `${META_INF}README.en.txt`, content: Buffer.from(readmeEn()) }];
  if (longTerm === undefined) return readmes;
  const { trustStore, policy, collector } = longTerm;
  const [signature, timestamp] = await Promise.all([anchorsFor(trustStore, 'signature'), anchorsFor(trustStore, 'timestamp')]);
  const found = new Map<string, Uint8Array>();
  const keep = (folder: string, ending: string, der: Uint8Array): void => void found.set(`${META_INF}${folder}/${sha256HexOf(der)}.${ending}`, der);
  const context: ValidationContext = {
    policy,
    at: clock.now(),
    anchors: { signature, timestamp },
    certificates: [],
    revocation: { crls: [], ocsps: [] },
    onReliance: ({ certificatesDer, crlsDer, ocspsDer }) => {
      for (const der of certificatesDer) keep('certificates', 'cer', der);
      for (const der of crlsDer) keep('revocation', 'crl', der);
      for (const der of ocspsDer) keep('revocation', 'ors', der);
    },
  };
  try {
    await judgeWithCollector(collector, context, (known) => judgeEvidence(inMemory(small), null, known), signal);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    log.warn('evidence.validation-data-missing', { code: error.code }); // the container says what it is worth without
  }
  return [...readmes, ...[...found].map(([name, content]) => ({ name, content }))];
}

function inMemory(entries: readonly NewEntry[]): EvidenceFiles {
  const bytesOf = ({ content }: NewEntry): Uint8Array => (content instanceof Uint8Array ? content : new Uint8Array());
  const files = new Map(entries.map((entry): [string, EvidenceFile] => [entry.name, { sizeBytes: bytesOf(entry).length, bytes: bytesOf(entry), digests: new Map([['sha256', digestOf('sha256', bytesOf(entry))]]) }]));
  return { files, manifests: new Map(entries.flatMap((entry) => (entry.name.startsWith(`${META_INF}ASiCManifest`) ? [[entry.name, readManifest(bytesOf(entry))] as const] : []))), unreadable: new Map() };
}

/** Several signatures may stand under one checkpoint. */
function distinct(entries: readonly NewEntry[]): NewEntry[] {
  return [...new Map(entries.map((entry) => [entry.name, entry])).values()];
}

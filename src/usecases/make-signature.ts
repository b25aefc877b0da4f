import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { DocumentId, PartnerId } from '../domain/ids.ts';
import type { SignatureOptions, SignatureRecord } from '../formats/api/signatures.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import type { AppearanceFonts } from '../formats/pades/appearance/canvas.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import type { Chance } from '../ports/chance.ts';
import type { DocumentStore, SpooledBytes, StoredBytes } from '../ports/document-store.ts';
import type { SignatureEvidence, SigningKeyRecord } from '../ports/key-records.ts';
import type { RecordSet } from '../ports/records.ts';
import type { Signer } from '../ports/signer.ts';
import { answerOnceLeased, LEASE_MS, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { noSuchDossier } from './read-dossier.ts';
import { signBytes } from './sign-bytes.ts';
import type { SignatureFacts, SigningPorts } from './sign-digest.ts';
import { signDocument } from './sign-document.ts';
import { presentationOf } from './signature-presentation.ts';

export interface MakeSignaturePorts extends OncePorts, Omit<SigningPorts, 'signer'> {
  readonly documents: DocumentStore;
  readonly chance: Chance;
  readonly maxDocumentBytes: number;
  readonly fonts: AppearanceFonts;
  /** The key's signer, wherever the key lives. */
  readonly signerOf: (key: SigningKeyRecord) => Promise<Signer>;
  /** Picture of the signature or seal kept with the key, PNG; null: none. */
  readonly pictureOf: (key: SigningKeyRecord) => Promise<Uint8Array | null>;
  readonly openSource: (path: string) => ByteSource & { close(): void };
}

export interface SignatureUpload {
  readonly bytes: SpooledBytes;
  /** File name for people. */
  readonly name: string;
  readonly options: SignatureOptions;
  readonly signal: AbortSignal;
}

/** Name of the policy that decided, for the evidence. */
const POLICY = 'default';

/**
 * Signs a document with a key granted to the caller, at the level asked for or not at all. The signed document is kept as a document of
 * the caller's; the one handed in is not kept. Success and failure are both recorded as evidence, never the document.
 * @throws KEY_NOT_GRANTED (also when there is no such key: nobody learns which exist), DOSSIER_NOT_FOUND, LEVEL_UNSUPPORTED,
 * ALGORITHM_UNSUPPORTED; what `presentationOf`, `signDocument`, `signBytes` throw; as `answerOnceLeased`
 * @see Circular 15/2025/TT-BKHCN Art. 5
 */
export async function makeSignature(ports: MakeSignaturePorts, call: Call, upload: SignatureUpload): Promise<Once<SignatureRecord>> {
  const { options, bytes, name } = upload;
  const request = { operation: 'POST /v1/signatures', status: 200, input: { sha256: bytes.sha256, name, options } };
  return answerOnceLeased(ports, call, request, async (recordAnswer) => {
    const key = await grantedKey(ports, call, options);
    await checkDossier(ports, call, options.dossierCode);
    const made = await recordingFailure(ports, call, key, upload, () => sign(ports, key, upload));
    const record: SignatureRecord = { ...made.document, signatureId: ports.chance.uuid(), documentId: ports.chance.uuid(), keyId: key.id, level: options.level };
    await ports.records.transaction(async (tx) => {
      await recordSuccess(ports, tx, call, upload, record, made.facts);
      await recordAnswer(tx, record);
    });
    return record;
  });
}

/** Time a signature may take: half of what its claim on an idempotency key holds. */
export const SIGNING_LIMIT_MS = LEASE_MS / 2;

async function grantedKey({ records }: MakeSignaturePorts, { caller }: Call, { keyId, scheme }: SignatureOptions): Promise<SigningKeyRecord> {
  const key = (await records.keys.isGranted(caller.partnerId, keyId)) ? await records.keys.find(keyId) : null;
  if (key === null || key.disabledAt !== null) throw new GatewayError('KEY_NOT_GRANTED', `You may not sign with a key named ${keyId}: GET /v1/keys lists those you may use`);
  if (key.purpose !== 'document' && key.purpose !== 'seal') throw new GatewayError('KEY_NOT_GRANTED', `The key ${keyId} is not for documents`);
  if (scheme !== undefined && scheme !== key.scheme) throw new GatewayError('ALGORITHM_UNSUPPORTED', `The key ${keyId} signs with ${key.scheme}: leave out "scheme", or name that one`);
  return key;
}

async function checkDossier({ records }: MakeSignaturePorts, { caller }: Call, code: DossierCode | undefined): Promise<void> {
  if (code !== undefined && !(await records.dossiers.isParty(code, caller.partnerId))) throw noSuchDossier(code);
}

interface MadeSignature {
  readonly document: StoredBytes & { readonly mediaType: string; readonly name: string };
  readonly facts: SignatureFacts;
}

async function sign(ports: MakeSignaturePorts, key: SigningKeyRecord, upload: SignatureUpload): Promise<MadeSignature> {
  const signing: SigningPorts = { ...ports, signer: await ports.signerOf(key) };
  const source = ports.openSource(upload.bytes.path);
  try {
    if (upload.options.format === 'pades') return await signPades(ports, signing, key, source, upload);
    if (upload.options.format === 'cades') return await signCades(ports, signing, source, upload);
    throw new GatewayError('LEVEL_UNSUPPORTED', `Signatures of the format ${upload.options.format} cannot be made yet; ask for pades or cades`);
  } finally {
    source.close();
  }
}

async function signPades(ports: MakeSignaturePorts, signing: SigningPorts, key: SigningKeyRecord, source: ByteSource, upload: SignatureUpload): Promise<MadeSignature> {
  const { options, bytes, signal } = upload;
  const picturePng = (await ports.pictureOf(key)) ?? undefined;
  const certificate = readCertificate(key.chainDer[0]);
  const presentation = presentationOf(options, { certificate, at: ports.clock.now(), fonts: ports.fonts, picturePng });
  const digest = options.digest === undefined ? {} : { digestAlgorithm: options.digest };
  const { increment, facts } = await signDocument(signing, { source, level: options.level, presentation, signal, ...digest });
  const stored = await ports.documents.put(appended(source, bytes.sizeBytes, increment), ports.maxDocumentBytes);
  return { document: { ...stored, mediaType: 'application/pdf', name: signedName(upload.name, '.pdf') }, facts };
}

async function signCades(ports: MakeSignaturePorts, signing: SigningPorts, source: ByteSource, { options, name, signal }: SignatureUpload): Promise<MadeSignature> {
  const digest = options.digest === undefined ? {} : { digestAlgorithm: options.digest };
  const { cmsDer, facts } = await signBytes(signing, { source, level: options.level, signal, ...digest });
  const stored = await ports.documents.put(appended(source, 0, cmsDer), ports.maxDocumentBytes);
  return { document: { ...stored, mediaType: 'application/pkcs7-signature', name: `${name.slice(0, 190)}.p7s` }, facts };
}

const CHUNK_BYTES = 256 * 1024;

/** The first `length` bytes of `source`, then `tail`. */
async function* appended(source: ByteSource, length: number, tail: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < length; at += CHUNK_BYTES) yield Uint8Array.from(source.read(at, Math.min(CHUNK_BYTES, length - at)));
  yield tail;
}

function signedName(name: string, extension: string): string {
  const stem = name.toLowerCase().endsWith(extension) ? name.slice(0, -extension.length) : name;
  return `${stem.slice(0, 180)}.signed${extension}`;
}

async function recordSuccess(ports: MakeSignaturePorts, tx: RecordSet, { caller }: Call, upload: SignatureUpload, record: SignatureRecord, facts: SignatureFacts): Promise<void> {
  const at = ports.clock.now();
  const { sha256, sizeBytes, mediaType, name } = record;
  await tx.documents.add({ id: record.documentId as DocumentId, partnerId: caller.partnerId, sha256, sizeBytes, mediaType, name, createdAt: at });
  await tx.keys.addEvidence({ ...evidenceOf(caller.partnerId, upload, at), id: record.signatureId, outputSha256: sha256, result: 'signed', detail: detailOf(facts) });
  const code = upload.options.dossierCode;
  if (code === undefined) return;
  const data = { signatureId: record.signatureId, keyId: record.keyId, level: record.level, documentSha256: sha256 };
  await tx.dossiers.addEvent(code, { kind: 'signature.made', at, actor: caller.partnerId, messageId: null, deliveryId: null, postalOrderId: null, data });
}

async function recordingFailure<T>(ports: MakeSignaturePorts, { caller }: Call, key: SigningKeyRecord, upload: SignatureUpload, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = isGatewayError(error) ? error.code : 'INTERNAL';
    const evidence = { ...evidenceOf(caller.partnerId, upload, ports.clock.now()), id: ports.chance.uuid(), outputSha256: null, result: 'failed', detail: { code, certificateSha256: key.certificateSha256 } } as const;
    await ports.records.keys.addEvidence(evidence).catch(() => undefined); // nothing was released, and the first failure is the one to tell
    throw error;
  }
}

function evidenceOf(partnerId: PartnerId, { options, bytes }: SignatureUpload, at: Date): Omit<SignatureEvidence, 'id' | 'outputSha256' | 'result' | 'detail'> {
  return { at, partnerId, keyId: options.keyId, inputSha256: bytes.sha256, level: options.level, policy: POLICY };
}

function detailOf(facts: SignatureFacts): SignatureEvidence['detail'] {
  const { timestamp } = facts;
  return {
    scheme: facts.scheme,
    digestAlgorithm: facts.digestAlgorithm,
    contentDigestHex: facts.contentDigestHex,
    signatureSha256: facts.signatureSha256,
    certificateSha256: facts.certificateSha256,
    certificateSerialHex: facts.certificateSerialHex,
    checkedAt: facts.checkedAt.toISOString(),
    timestampAuthority: timestamp?.authority ?? null,
    timestampAt: timestamp?.genTime.toISOString() ?? null,
    timestampTokenSha256: timestamp?.tokenSha256 ?? null,
  };
}

import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { DocumentId, PartnerId } from '../domain/ids.ts';
import { isAtLeast, type DigestAlgorithm } from '../domain/signature.ts';
import type { ContentDigester } from '../formats/algorithms/digests.ts';
import type { SignatureOptions, SignatureRecord } from '../formats/api/signatures.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import type { AppearanceFonts } from '../formats/pades/appearance/canvas.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import type { Chance } from '../ports/chance.ts';
import type { AskConsent } from '../ports/consent.ts';
import type { SpooledBytes, StoredBytes } from '../ports/document-store.ts';
import type { SignatureEvidence, SigningKeyRecord } from '../ports/key-records.ts';
import type { RecordSet } from '../ports/records.ts';
import type { Signer } from '../ports/signer.ts';
import { answerOnceLeased, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import type { CheckedSigner } from './check-signer.ts';
import { placeByText, type TextFinder } from './place-by-text.ts';
import { putCades } from './put-cades.ts';
import { putGrown, type PutGrownPorts } from './put-grown.ts';
import { noSuchDossier } from './read-dossier.ts';
import { signDigestedBytes } from './sign-bytes.ts';
import { checkReadyToSign, type SignatureFacts, type SigningPorts } from './sign-digest.ts';
import { signGrowingPdf } from './sign-document.ts';
import { presentationOf } from './signature-presentation.ts';
import { timed, type TimedPorts } from './timed.ts';

export interface MakeSignaturePorts extends OncePorts, PutGrownPorts, TimedPorts, Omit<SigningPorts, 'signer'> {
  readonly chance: Chance;
  readonly fonts: AppearanceFonts;
  /** The key's signer, wherever the key lives. */
  readonly signerOf: (key: SigningKeyRecord, answers: SignerAnswers) => Promise<Signer>;
  /** Picture of the signature or seal kept with the key, PNG; null: none. */
  readonly pictureOf: (key: SigningKeyRecord) => Promise<Uint8Array | null>;
  /** Path and revocation of the signer's certificate before its key is used; null where no anchors of signers are configured. */
  readonly checkSigner: (key: Pick<SigningKeyRecord, 'chainDer'>, request: OwnSignerCheck) => Promise<CheckedSigner | null>;
  /** Where an uploaded file is read, prepared and digested. */
  readonly pdfOf: (path: string, signal: AbortSignal) => GrowingPdf;
  readonly textOf: (path: string, signal: AbortSignal) => TextFinder;
  readonly digesterOf: (path: string, signal: AbortSignal) => ContentDigester;
}

/** What only the caller knows, for this one signature; kept nowhere. */
export interface SignerAnswers {
  readonly oneTimePassword: string | null;
  /** For keys whose every use a person allows in a browser; absent: nobody can be asked. */
  readonly consent?: AskConsent;
}

export interface OwnSignerCheck {
  readonly digestAlgorithm: DigestAlgorithm;
  /** Whatever the policy permits: a level that keeps revocation information cannot be had without it. */
  readonly mustKnowStatus: boolean;
  readonly signal: AbortSignal;
}

export interface SignatureUpload {
  readonly bytes: SpooledBytes;
  /** File name for people. */
  readonly name: string;
  readonly options: SignatureOptions;
  readonly signal: AbortSignal;
  /** For keys at a remote service that ask for one; null: the caller gave none. Not part of `options`, which are kept. */
  readonly oneTimePassword?: string | null;
  /** Recorded together with the signature, or neither is. */
  readonly alsoRecord?: (records: RecordSet, record: SignatureRecord) => Promise<void>;
}

/** For the evidence, where no policy was asked: only what signing itself checks of a certificate. */
const NO_POLICY = 'none';
const DEFAULT_DIGEST: DigestAlgorithm = 'sha256';

/**
 * Signs a document with a key granted to the caller, at the level asked for or not at all. The signed document is kept as a document of
 * the caller's; the one handed in is not kept. Success and failure are both recorded as evidence, never the document.
 * @throws KEY_NOT_GRANTED (also when there is no such key: nobody learns which exist), DOSSIER_NOT_FOUND, LEVEL_UNSUPPORTED,
 * ALGORITHM_UNSUPPORTED; what `checkSigner`, `presentationOf`, `signGrowingPdf`, `signDigestedBytes` throw; as `answerOnceLeased`
 * @see Circular 15/2025/TT-BKHCN Art. 5
 */
export async function makeSignature(ports: MakeSignaturePorts, call: Call, upload: SignatureUpload): Promise<Once<SignatureRecord>> {
  const { options, bytes, name } = upload;
  const request = { operation: 'POST /v1/signatures', status: 200, input: { sha256: bytes.sha256, name, options } };
  return answerOnceLeased(ports, call, request, async (recordAnswer) => {
    const key = await grantedKey(ports, call, options);
    await checkDossier(ports, call, options.dossierCode);
    const use: KeyUseMade = { id: null };
    const made = await recordingFailure(ports, call, key.chainDer[0], upload, use, () => timed(ports, 'signing', () => sign(ports, call, key, upload, use), () => options.level));
    const record: SignatureRecord = { ...made.document, signatureId: ports.chance.uuid(), documentId: ports.chance.uuid(), keyId: key.id, level: options.level };
    await ports.records.transaction(async (tx) => {
      await recordSuccess(ports, tx, call, upload, record, { ...made, useId: use.id });
      await upload.alsoRecord?.(tx, record);
      await recordAnswer(tx, record);
    });
    return record;
  });
}

/** Time a signature may take in one request. */
export const SIGNING_LIMIT_MS = 300_000;

/** @throws KEY_NOT_GRANTED, ALGORITHM_UNSUPPORTED */
export async function grantedKey({ records }: { readonly records: Pick<RecordSet, 'keys'> }, { caller }: Pick<Call, 'caller'>, { keyId, scheme }: SignatureOptions): Promise<SigningKeyRecord> {
  const key = await records.keys.findGranted(caller.partnerId, keyId);
  if (key === null || key.disabledAt !== null) throw new GatewayError('KEY_NOT_GRANTED', `You may not sign with a key named ${keyId}: GET /v1/keys lists those you may use`);
  if (key.purpose !== 'document' && key.purpose !== 'seal') throw new GatewayError('KEY_NOT_GRANTED', `The key ${keyId} is not for documents`);
  if (scheme !== undefined && scheme !== key.scheme) throw new GatewayError('ALGORITHM_UNSUPPORTED', `The key ${keyId} signs with ${key.scheme}: leave out "scheme", or name that one`);
  return key;
}

/** What is made of the document. @throws LEVEL_UNSUPPORTED, REQUEST_INVALID when format and packaging do not go together */
export function formatOf({ format, packaging }: Pick<SignatureOptions, 'format' | 'packaging'>): 'pades' | 'cades' {
  if (format !== 'pades' && format !== 'cades') throw new GatewayError('LEVEL_UNSUPPORTED', `Signatures of the format ${format} cannot be made yet; ask for pades or cades`);
  if (format === 'cades' || packaging === undefined) return format;
  throw new GatewayError('REQUEST_INVALID', 'A PDF holds its signature itself: "packaging" is for the format cades', { faults: [{ pointer: '/options/packaging', detail: 'is for the format cades' }] });
}

/** @throws DOSSIER_NOT_FOUND */
export async function checkDossier({ records }: { readonly records: Pick<RecordSet, 'dossiers'> }, { caller }: Pick<Call, 'caller'>, code: DossierCode | undefined): Promise<void> {
  if (code !== undefined && !(await records.dossiers.isParty(code, caller.partnerId))) throw noSuchDossier(code);
}

/** The id under which the use of the key was written down; null until the key is asked. */
export interface KeyUseMade {
  id: string | null;
}

/** Nothing asks a key before it stands in the journal that it is asked. */
export function journalled({ records, chance, clock }: Pick<MakeSignaturePorts, 'records' | 'chance' | 'clock'>, partnerId: PartnerId | null, key: Pick<SigningKeyRecord, 'id'>, signer: Signer, use: KeyUseMade): Signer {
  const writeDown = async (): Promise<void> => {
    const id = chance.uuid();
    await records.keys.addUse({ id, keyId: key.id, partnerId, at: clock.now() });
    use.id = id;
  };
  const { signContent } = signer;
  return {
    ...signer,
    async sign(toBeSigned, digest, signal) {
      await writeDown();
      return signer.sign(toBeSigned, digest, signal);
    },
    ...(signContent && {
      signContent: async (content, signal) => {
        await writeDown();
        return signContent(content, signal);
      },
    }),
  };
}

interface MadeSignature {
  readonly document: StoredBytes & { readonly mediaType: string; readonly name: string };
  readonly facts: SignatureFacts;
  readonly checked: CheckedSigner | null;
}

async function sign(ports: MakeSignaturePorts, call: Call, key: SigningKeyRecord, upload: SignatureUpload, use: KeyUseMade): Promise<MadeSignature> {
  const { options, signal } = upload;
  const format = formatOf(options);
  const signer = await ports.signerOf(key, { oneTimePassword: upload.oneTimePassword ?? null });
  const signing: SigningPorts = { ...ports, signer: journalled(ports, call.caller.partnerId, key, signer, use) };
  await checkReadyToSign(signing, options.level); // what can be refused without asking anybody is refused first
  const checked = await ports.checkSigner(key, { digestAlgorithm: options.digest ?? DEFAULT_DIGEST, mustKnowStatus: isAtLeast(options.level, 'B-LT'), signal });
  const made = format === 'pades' ? await signPades(ports, signing, key, upload) : await signCades(ports, signing, upload);
  return { ...made, checked };
}

type Made = Omit<MadeSignature, 'checked'>;

async function signPades(ports: MakeSignaturePorts, signing: SigningPorts, key: SigningKeyRecord, { options, bytes, name, signal }: SignatureUpload): Promise<Made> {
  const picturePng = (await ports.pictureOf(key)) ?? undefined;
  const certificate = readCertificate(key.chainDer[0]);
  const placed = options.anchor === undefined ? options : { ...options, placement: await placeByText(ports.textOf(bytes.path, signal), options.anchor) };
  const presentation = presentationOf(placed, { certificate, at: ports.clock.now(), fonts: ports.fonts, picturePng, documentNumber: options.documentNumber });
  const terms = { level: options.level, digestAlgorithm: options.digest ?? DEFAULT_DIGEST, presentation, commitment: options.commitment, signal };
  const { increment, facts } = await signGrowingPdf(signing, ports.pdfOf(bytes.path, signal), terms);
  const stored = await putGrown(ports, bytes, increment);
  return { document: { ...stored, mediaType: 'application/pdf', name: signedName(name, '.pdf') }, facts };
}

async function signCades(ports: MakeSignaturePorts, signing: SigningPorts, { options, bytes, name, signal }: SignatureUpload): Promise<Made> {
  const terms = { level: options.level, digestAlgorithm: options.digest ?? DEFAULT_DIGEST, commitment: options.commitment, signal };
  const made = await signDigestedBytes(signing, ports.digesterOf(bytes.path, signal), terms);
  return { document: await putCades(ports, bytes, made, { name, packaging: options.packaging }), facts: made.facts };
}

/** Name of the signed document. */
export function signedName(name: string, extension: string): string {
  const stem = name.toLowerCase().endsWith(extension) ? name.slice(0, -extension.length) : name;
  return `${stem.slice(0, 180)}.signed${extension}`;
}

/** A signature that is released: its document, its evidence, its place on a dossier's timeline. */
export async function recordSuccess(ports: Pick<MakeSignaturePorts, 'clock'>, tx: RecordSet, { caller }: Call, upload: AskedSignature, record: SignatureRecord, { facts, checked, useId }: Omit<MadeSignature, 'document'> & { readonly useId: string | null }): Promise<void> {
  const at = ports.clock.now();
  const { sha256, sizeBytes, mediaType, name } = record;
  await tx.documents.add({ id: record.documentId as DocumentId, partnerId: caller.partnerId, sha256, sizeBytes, mediaType, name, createdAt: at });
  await tx.keys.addEvidence({ ...evidenceOf(caller.partnerId, asked(upload), at, checked), id: record.signatureId, useId, outputSha256: sha256, result: 'signed', detail: detailOf(facts, checked) });
  const code = upload.options.dossierCode;
  if (code === undefined) return;
  const data = { signatureId: record.signatureId, keyId: record.keyId, level: record.level, documentSha256: sha256 };
  await tx.dossiers.addEvent(code, { kind: 'signature.made', at, actor: caller.partnerId, messageId: null, deliveryId: null, postalOrderId: null, data });
}

/** Evidence of what came to nothing, too. @throws what `work` throws */
export async function recordingFailure<T>(ports: Pick<MakeSignaturePorts, 'clock' | 'chance' | 'records'>, { caller }: Call, certificateDer: Uint8Array, upload: AskedSignature, use: KeyUseMade, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = isGatewayError(error) ? error.code : 'INTERNAL';
    const evidence = { ...evidenceOf(caller.partnerId, asked(upload), ports.clock.now(), null), id: ports.chance.uuid(), useId: use.id, outputSha256: null, result: 'failed', detail: { code, certificateSha256: readCertificate(certificateDer).sha256Hex } } as const;
    await ports.records.keys.addEvidence(evidence).catch(() => undefined); // nothing was released, and the first failure is the one to tell
    throw error;
  }
}

/** What was asked for, and of which document. */
type AskedSignature = { readonly options: SignatureOptions; readonly bytes: Pick<SpooledBytes, 'sha256'> };

const asked = ({ options, bytes }: AskedSignature) => ({ options, sha256: bytes.sha256 });

/** What every row of evidence says of a signature asked for; `sha256` of the document as it came. */
export function evidenceOf(
  partnerId: PartnerId | null,
  { options, sha256 }: { readonly options: Pick<SignatureOptions, 'keyId' | 'level'>; readonly sha256: string },
  at: Date,
  checked: CheckedSigner | null,
): Omit<SignatureEvidence, 'id' | 'useId' | 'outputSha256' | 'result' | 'detail'> {
  return { at, partnerId, keyId: options.keyId, inputSha256: sha256, level: options.level, policy: checked?.policy.id ?? NO_POLICY };
}

/** What is kept of how it was made. */
export function detailOf(facts: SignatureFacts, checked: CheckedSigner | null): SignatureEvidence['detail'] {
  const { timestamp, documentTimestamp, archiveTimestamp } = facts;
  return {
    policySha256: checked?.policy.sha256 ?? null,
    certificateStatus: checked?.status ?? 'not-checked',
    certificateWarnings: checked?.warnings.join(' | ') ?? null,
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
    documentTimestampAuthority: documentTimestamp?.authority ?? null,
    documentTimestampAt: documentTimestamp?.genTime.toISOString() ?? null,
    documentTimestampTokenSha256: documentTimestamp?.tokenSha256 ?? null,
    archiveTimestampAuthority: archiveTimestamp?.authority ?? null,
    archiveTimestampAt: archiveTimestamp?.genTime.toISOString() ?? null,
    archiveTimestampTokenSha256: archiveTimestamp?.tokenSha256 ?? null,
  };
}

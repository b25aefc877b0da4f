import { GatewayError } from '../domain/errors.ts';
import type { DocumentId } from '../domain/ids.ts';
import type { DigestAlgorithm } from '../domain/signature.ts';
import type { GrowingCms } from '../formats/ades/growing-cms.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { CMS_MEDIA_TYPE, mediaTypeOf, PDF_MEDIA_TYPE } from '../formats/ades/judge-document.ts';
import type { ExtensionOptions, ExtensionRecord } from '../formats/api/extensions.ts';
import { NOTHING_ADDED } from '../formats/cms/grow-signed-data.ts';
import type { SpooledBytes, StoredBytes } from '../ports/document-store.ts';
import { answerOnceLeased, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { checkReadyToRaise } from './look-at-document.ts';
import { putGrown, type PutGrownPorts } from './put-grown.ts';
import { raiseCms } from './raise-cms.ts';
import { raiseLevel, type RaisePorts } from './raise-level.ts';
import { timestampFacts } from './sign-digest.ts';
import type { ObtainedTimestamp } from './timestamp-value.ts';

export interface ExtendDocumentPorts extends OncePorts, RaisePorts, PutGrownPorts {
  /** Where an uploaded file is read and judged. */
  readonly pdfOf: (path: string, signal: AbortSignal) => GrowingPdf;
  readonly cmsOf: (path: string, detachedPath: string | null, signal: AbortSignal) => GrowingCms;
}

export interface ExtensionUpload {
  readonly bytes: SpooledBytes;
  /** What a detached signature signs; null: nothing was given. */
  readonly detached: SpooledBytes | null;
  /** File name for people. */
  readonly name: string;
  readonly options: ExtensionOptions;
  readonly signal: AbortSignal;
}

const DEFAULT_DIGEST: DigestAlgorithm = 'sha256';

/**
 * Raises the signatures of a document, whoever made them, to the level asked for or not at all. The result is kept as a document of the
 * caller's, the one handed in is not kept. No key is used; which time-stamps were added is recorded in the audit trail.
 * @throws TSA_NOT_CONFIGURED, TRUST_NOT_CONFIGURED, REQUEST_INVALID; as `raiseLevel`, `raiseCms` and `answerOnceLeased`
 */
export async function extendDocument(ports: ExtendDocumentPorts, call: Call, upload: ExtensionUpload): Promise<Once<ExtensionRecord>> {
  const { bytes, detached, name, options } = upload;
  const request = { operation: 'POST /v1/extensions', status: 200, input: { sha256: bytes.sha256, name, options, ...(detached !== null && { detachedSha256: detached.sha256 }) } };
  return answerOnceLeased(ports, call, request, async (recordAnswer) => {
    await checkReadyToRaise(ports, options.level);
    const { stored, mediaType, signatures, documentTimestamp, archiveTimestamp } = isCms(ports, bytes) ? await extendCms(ports, upload) : await extendPdf(ports, upload);
    const { sha256, sizeBytes } = stored;
    const record: ExtensionRecord = {
      documentId: ports.chance.uuid(),
      level: options.level,
      signatures: [...signatures],
      documentTimestampAt: timeOf(documentTimestamp),
      archiveTimestampAt: timeOf(archiveTimestamp),
      sha256,
      sizeBytes,
      mediaType,
      name,
    };
    await ports.records.transaction(async (tx) => {
      const { documentId } = record;
      const at = ports.clock.now();
      await tx.documents.add({ id: documentId as DocumentId, partnerId: call.caller.partnerId, sha256, sizeBytes, mediaType, name, createdAt: at });
      await tx.audit.add({ at, actor: `partner:${call.caller.partnerId}`, action: 'extend-document', subject: `document:${documentId}`, detail: { level: options.level, inputSha256: bytes.sha256, outputSha256: sha256, policy: ports.longTerm.policy.id, ...stampDetail(documentTimestamp ?? archiveTimestamp) } });
      await recordAnswer(tx, record);
    });
    return record;
  });
}

const timeOf = (stamp: ObtainedTimestamp | null): string | null => stamp?.token.info.genTime.toISOString() ?? null;

/** The last time-stamp that was added; null where the level needed none. */
function stampDetail(stamp: ObtainedTimestamp | null): Readonly<Record<string, string | null>> {
  const facts = stamp === null ? null : timestampFacts(stamp);
  return { timestampAuthority: facts?.authority ?? null, timestampAt: facts?.genTime.toISOString() ?? null, timestampTokenSha256: facts?.tokenSha256 ?? null };
}

function isCms({ openSource }: ExtendDocumentPorts, { path }: SpooledBytes): boolean {
  const source = openSource(path);
  try {
    return mediaTypeOf(source) === CMS_MEDIA_TYPE;
  } finally {
    source.close();
  }
}

interface Extended {
  readonly stored: StoredBytes;
  readonly mediaType: string;
  readonly signatures: ExtensionRecord['signatures'];
  readonly documentTimestamp: ObtainedTimestamp | null;
  readonly archiveTimestamp: ObtainedTimestamp | null;
}

async function extendPdf(ports: ExtendDocumentPorts, { bytes, detached, options, signal }: ExtensionUpload): Promise<Extended> {
  if (detached !== null) throw new GatewayError('REQUEST_INVALID', 'The part "detached" is for CAdES signatures, and the document is none', { faults: [{ pointer: '/detached', detail: 'is for CAdES signatures' }] });
  const terms = { level: options.level, fieldName: options.field, digestAlgorithm: options.digest ?? DEFAULT_DIGEST, appended: new Uint8Array(), signal };
  const { appended, signatures, documentTimestamp } = await raiseLevel(ports, ports.pdfOf(bytes.path, signal), terms);
  const stored = await putGrown(ports, bytes, appended);
  return { stored, mediaType: PDF_MEDIA_TYPE, signatures: signatures.map(({ fieldName: field, from, to }) => ({ field, from, to })), documentTimestamp, archiveTimestamp: null };
}

async function extendCms(ports: ExtendDocumentPorts, { bytes, detached, options, signal }: ExtensionUpload): Promise<Extended> {
  const cms = ports.cmsOf(bytes.path, detached?.path ?? null, signal);
  const { added, signatures, archiveTimestamp } = await raiseCms(ports, cms, { level: options.level, signatureId: options.field, added: NOTHING_ADDED, digestAlgorithm: options.digest ?? DEFAULT_DIGEST, signal });
  const stored = await ports.documents.put(only(await cms.grown(added)), ports.maxDocumentBytes);
  return { stored, mediaType: CMS_MEDIA_TYPE, signatures: signatures.map(({ id: field, from, to }) => ({ field, from, to })), documentTimestamp: null, archiveTimestamp };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

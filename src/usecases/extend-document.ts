import type { DocumentId } from '../domain/ids.ts';
import type { DigestAlgorithm } from '../domain/signature.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import type { ExtensionOptions, ExtensionRecord } from '../formats/api/extensions.ts';
import type { SpooledBytes } from '../ports/document-store.ts';
import { answerOnceLeased, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { checkReadyToRaise } from './look-at-document.ts';
import { putGrown, type PutGrownPorts } from './put-grown.ts';
import { raiseLevel, type RaisePorts } from './raise-level.ts';

export interface ExtendDocumentPorts extends OncePorts, RaisePorts, PutGrownPorts {
  /** Where an uploaded file is read and judged. */
  readonly pdfOf: (path: string, signal: AbortSignal) => GrowingPdf;
}

export interface ExtensionUpload {
  readonly bytes: SpooledBytes;
  /** File name for people. */
  readonly name: string;
  readonly options: ExtensionOptions;
  readonly signal: AbortSignal;
}

const DEFAULT_DIGEST: DigestAlgorithm = 'sha256';

/**
 * Raises the signatures of a document, whoever made them, to the level asked for or not at all. The result is kept as a document of the
 * caller's, the one handed in is not kept. No key is used.
 * @throws TSA_NOT_CONFIGURED, TRUST_NOT_CONFIGURED; as `raiseLevel` and `answerOnceLeased`
 */
export async function extendDocument(ports: ExtendDocumentPorts, call: Call, { bytes, name, options, signal }: ExtensionUpload): Promise<Once<ExtensionRecord>> {
  const request = { operation: 'POST /v1/extensions', status: 200, input: { sha256: bytes.sha256, name, options } };
  return answerOnceLeased(ports, call, request, async (recordAnswer) => {
    await checkReadyToRaise(ports, options.level);
    const terms = { level: options.level, fieldName: options.field, digestAlgorithm: options.digest ?? DEFAULT_DIGEST, appended: new Uint8Array(), signal };
    const { appended, signatures, documentTimestamp } = await raiseLevel(ports, ports.pdfOf(bytes.path, signal), terms);
    const { sha256, sizeBytes } = await putGrown(ports, bytes, appended);
    const record: ExtensionRecord = {
      documentId: ports.chance.uuid(),
      level: options.level,
      signatures: signatures.map(({ fieldName, from, to }) => ({ field: fieldName, from, to })),
      documentTimestampAt: documentTimestamp?.token.info.genTime.toISOString() ?? null,
      sha256,
      sizeBytes,
      mediaType: 'application/pdf',
      name,
    };
    await ports.records.transaction(async (tx) => {
      const { documentId, mediaType } = record;
      await tx.documents.add({ id: documentId as DocumentId, partnerId: call.caller.partnerId, sha256, sizeBytes, mediaType, name, createdAt: ports.clock.now() });
      await recordAnswer(tx, record);
    });
    return record;
  });
}

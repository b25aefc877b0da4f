import { GatewayError, isGatewayError } from '../domain/errors.ts';
import { worstResult, type ValidationReport } from '../domain/validation-report.ts';
import { digestOfChunks, type DigestName } from '../formats/algorithms/digests.ts';
import { NO_MATERIAL, type RevocationMaterial, type ValidationContext } from '../formats/ades/context.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { PathAnchor } from '../formats/x509/path/chain.ts';
import { isPem, readPem } from '../formats/x509/pem.ts';
import type { Clock } from '../ports/clock.ts';
import type { TrustPurpose, TrustStore } from '../ports/trust-store.ts';
import type { RevocationCollector } from './collect-revocation.ts';
import { judgeWithCollector } from './judge-with-collector.ts';
import { verifyCms, type VerifiedSignatures } from './verify-cms.ts';
import { pdfVerifier } from './verify-pdf.ts';

export interface VerifyPorts {
  readonly trustStore: TrustStore;
  readonly clock: Clock;
  /** Fetches what documents and callers leave open; without it nothing is fetched. */
  readonly collector?: RevocationCollector | undefined;
}

export interface VerifyDocumentRequest {
  /** Name for the report. */
  readonly file: string;
  /** A PDF, or a CMS signature in DER, BER or PEM. */
  readonly source: ByteSource;
  /** What a detached CMS signature is about. */
  readonly detached?: ByteSource;
  readonly policy: ValidationPolicy;
  /** Validation time; the clock's when absent. */
  readonly at?: Date;
  /** Further certificates and revocation information, already fetched or given. */
  readonly certificates?: readonly Certificate[];
  readonly revocation?: RevocationMaterial;
  /** Ends fetching; judging itself is not interrupted. */
  readonly signal?: AbortSignal | undefined;
}

const MAX_CMS_BYTES = 64 * 1024 * 1024;
const HEADER_WINDOW_BYTES = 1024;

/**
 * Validates every signature and time-stamp of a document and answers with a report; a bad signature, and a document that
 * cannot be read, are answers. What is neither handed in nor fetched by the collector is reported as missing.
 * @throws what the trust store throws; CANCELLED
 * @see ETSI EN 319 102-1 §5.3–5.5
 */
export async function verifyDocument(ports: VerifyPorts, request: VerifyDocumentRequest): Promise<ValidationReport> {
  const context = await contextOf(ports, request);
  const mediaType = mediaTypeOf(request.source);
  const { policy } = request;
  const head = {
    file: request.file,
    sha256: Buffer.from(digestOfChunks('sha256', chunksOf(request.source, 0, request.source.sizeBytes))).toString('hex'),
    mediaType,
    validationTime: context.at.toISOString(),
    policy: { id: policy.id, version: policy.version, sha256: policy.sha256 },
  };
  try {
    const { signatures, timestamps } = await judgeWithCollector(collectorFor(ports, request), context, verifierOf(mediaType, request), request.signal);
    return { ...head, result: worstResult(signatures.map(({ indication }) => indication)), signatures, timestamps, error: null };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return { ...head, result: 'UNREADABLE', signatures: [], timestamps: [], error: { code: error.code, detail: error.message } };
  }
}

/** What authorities say now is dated after a validation time in the past and could not be used for it. */
function collectorFor({ collector, clock }: VerifyPorts, { at, policy }: VerifyDocumentRequest): RevocationCollector | undefined {
  const isPast = at !== undefined && at.getTime() < clock.now().getTime() - policy.revocation.skewMs;
  return isPast ? undefined : collector;
}

async function contextOf({ trustStore, clock }: VerifyPorts, request: VerifyDocumentRequest): Promise<ValidationContext> {
  const { policy, at = clock.now(), certificates = [], revocation = NO_MATERIAL } = request;
  const [signature, timestamp] = await Promise.all([anchorsFor(trustStore, 'signature'), anchorsFor(trustStore, 'timestamp')]);
  return { policy, at, anchors: { signature, timestamp }, certificates, revocation };
}

async function anchorsFor(trustStore: TrustStore, purpose: TrustPurpose): Promise<PathAnchor[]> {
  const anchors = await trustStore.anchors(purpose);
  return anchors.map(({ certificateDer, set }) => ({ certificate: readKnownCertificate(certificateDer), set }));
}

/** What is read and digested once, however often it is judged. */
function verifierOf(mediaType: string, { source, detached }: VerifyDocumentRequest): (context: ValidationContext) => VerifiedSignatures {
  if (mediaType === 'application/pdf') return pdfVerifier(source);
  if (mediaType === 'application/pkcs7-signature') {
    const [bytes, digest] = [cmsBytes(source), detachedDigest(detached)];
    return (context) => verifyCms(bytes, digest, context);
  }
  if (source.sizeBytes === 0) throw new GatewayError('DOCUMENT_EMPTY', 'The document is empty (0 bytes)');
  throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', 'The document is neither a PDF nor a CMS signature');
}

/** By content, never by name: a PDF's header may stand within the first 1024 bytes, a CMS begins with a SEQUENCE. */
function mediaTypeOf(source: ByteSource): string {
  const head = Buffer.from(source.read(0, Math.min(HEADER_WINDOW_BYTES, source.sizeBytes)));
  if (head.includes('%PDF-')) return 'application/pdf';
  if (head[0] === 0x30 || /^\s*-----BEGIN (?:CMS|PKCS7|PKCS #7 SIGNED DATA)-----/.test(head.toString('latin1'))) return 'application/pkcs7-signature';
  return 'application/octet-stream';
}

function cmsBytes(source: ByteSource): Uint8Array {
  if (source.sizeBytes > MAX_CMS_BYTES) throw new GatewayError('BODY_TOO_LARGE', `The signature has ${source.sizeBytes} bytes; the limit is ${MAX_CMS_BYTES}`);
  const bytes = source.read(0, source.sizeBytes);
  if (bytes[0] === 0x30 || !isPem(bytes)) return bytes;
  const [block] = readPem(bytes);
  if (block === undefined) throw new GatewayError('CMS_MALFORMED', 'The file holds no CMS signature');
  return block.der;
}

/** Each algorithm is computed once, however many signatures name it. */
function detachedDigest(detached: ByteSource | undefined): ((digest: DigestName) => Uint8Array) | undefined {
  if (detached === undefined) return undefined;
  const known = new Map<DigestName, Uint8Array>();
  return (digest) => {
    const value = known.get(digest) ?? digestOfChunks(digest, chunksOf(detached, 0, detached.sizeBytes));
    known.set(digest, value);
    return value;
  };
}

/** What is wrong with the document is an answer; what is wrong with us or the world is not. */
function isUnreadable(error: unknown): error is GatewayError {
  return isGatewayError(error) && error.origin === 'caller' && error.code !== 'CANCELLED';
}

import type { DigestAlgorithm } from '../domain/signature.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { embedContents } from '../formats/pades/embed.ts';
import { timestampDigest, type ObtainedTimestamp, type TimestampPorts } from './timestamp-value.ts';

export interface StampTerms {
  readonly appended: Uint8Array;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Size of a token of these authorities, where one is known. */
  readonly tokenBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface StampedPdf {
  /** What was appended before, and the document time-stamp. */
  readonly appended: Uint8Array;
  readonly timestamp: ObtainedTimestamp;
  readonly fieldName: string;
}

/** Tokens with their chains have 3 to 7 KB. */
const USUAL_TOKEN_BYTES = 8_192;
/** Serial numbers, times and signature values differ in length from token to token. */
const MARGIN_BYTES = 512;

/**
 * Adds an invisible document time-stamp over everything before it. A token that needs more room than was kept is asked for once more, with
 * room for one of its size.
 * @throws as `preparePades` and `timestampValue`; PLACEHOLDER_TOO_SMALL when the second token is larger still
 * @see ETSI EN 319 142-1 §5.4.3, ISO 32000-2 §12.8.5
 */
export async function stampPdf(ports: TimestampPorts, pdf: GrowingPdf, terms: StampTerms): Promise<StampedPdf> {
  const contentsBytes = terms.tokenBytes === undefined ? USUAL_TOKEN_BYTES : terms.tokenBytes + MARGIN_BYTES;
  const first = await stampOnce(ports, pdf, terms, contentsBytes);
  const second = 'tooLarge' in first ? await stampOnce(ports, pdf, terms, first.tooLarge.token.der.length + MARGIN_BYTES) : first;
  if (!('tooLarge' in second)) return second;
  embedContents(second.prepared, second.tooLarge.token.der);
  throw new Error('a token that did not fit was embedded');
}

type Attempt = StampedPdf | { readonly tooLarge: ObtainedTimestamp; readonly prepared: Parameters<typeof embedContents>[0] };

async function stampOnce(ports: TimestampPorts, pdf: GrowingPdf, { appended, digestAlgorithm, signal }: StampTerms, contentsBytes: number): Promise<Attempt> {
  const options = { subFilter: 'ETSI.RFC3161', contentsBytes, revisionId: ports.chance.bytes(16) } as const;
  const { prepared, contentDigest } = await pdf.prepare(appended, options, digestAlgorithm);
  const timestamp = await timestampDigest(ports, contentDigest, digestAlgorithm, signal);
  if (timestamp.token.der.length > contentsBytes) return { tooLarge: timestamp, prepared };
  return { appended: Buffer.concat([appended, embedContents(prepared, timestamp.token.der)]), timestamp, fieldName: prepared.fieldName };
}

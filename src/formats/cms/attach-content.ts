import { GatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import { newHash } from '../algorithms/digests.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { readExplicit, readSequence } from '../asn1/values.ts';
import { chunksOf, type ByteSource } from '../byte-source.ts';
import { CMS_LIMITS } from './signed-data.ts';

/**
 * The file of an enveloping signature, piece by piece: the detached one, with the content it signs put inside.
 * @throws as `attachContent`; SIGNATURE_CHECK_FAILED at the end when the content is not, or not any more, what was signed
 */
export function* envelopingChunks(cmsDer: Uint8Array, content: ByteSource, { digestAlgorithm, contentDigestHex }: { readonly digestAlgorithm: DigestAlgorithm; readonly contentDigestHex: string }): Generator<Uint8Array> {
  const { before, after } = attachContent(cmsDer, content.sizeBytes);
  const hash = newHash(digestAlgorithm);
  yield before;
  for (const chunk of chunksOf(content, 0, content.sizeBytes)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== contentDigestHex) throw new GatewayError('SIGNATURE_CHECK_FAILED', 'The document was changed while it was signed; nothing was released');
  yield after;
}

/** What stands before and after the content of an enveloping signature. */
export interface Envelope {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
}

/**
 * A detached signature made enveloping: signature, time-stamps and archive time-stamps speak of the content's digest and are the same for
 * both. The content itself is never held: the file is `before`, the content, `after`.
 * @param contentBytes size of the content that was signed
 * @throws CMS_MALFORMED when there is content inside already; ASN1_MALFORMED, ASN1_LIMIT; BODY_TOO_LARGE when nobody could read the result
 * @see RFC 5652 §5.2; ETSI EN 319 122-1 §4.5, §5.5.3
 */
export function attachContent(cmsDer: Uint8Array, contentBytes: number): Envelope {
  const [type, content] = readSequence(readAsn1(cmsDer, { rules: 'BER' }));
  const [version, digestAlgorithms, encapsulated, ...rest] = readSequence(readExplicit(content, 0));
  const [contentType, inside] = readSequence(encapsulated);
  if (type === undefined || version === undefined || digestAlgorithms === undefined || contentType === undefined || inside !== undefined) throw new GatewayError('CMS_MALFORMED', 'The signature is not detached');
  const tail = Buffer.concat(rest.map(({ bytes }) => bytes));
  const octets = header(0x04, contentBytes);
  const explicit = header(0xa0, octets.length + contentBytes);
  const encap = [header(0x30, contentType.bytes.length + explicit.length + octets.length + contentBytes), contentType.bytes, explicit, octets];
  const inner = [version.bytes, digestAlgorithms.bytes, ...encap];
  const innerBytes = sizeOf(inner) + contentBytes + tail.length;
  const sequenceHeader = header(0x30, innerBytes);
  const explicitHeader = header(0xa0, sequenceHeader.length + innerBytes);
  const body = [type.bytes, explicitHeader, sequenceHeader, ...inner];
  const before = Buffer.concat([header(0x30, sizeOf(body) + contentBytes + tail.length), ...body]);
  const sizeBytes = before.length + contentBytes + tail.length;
  if (sizeBytes > CMS_LIMITS.maxBytes) throw new GatewayError('BODY_TOO_LARGE', `The signature with its content would have ${sizeBytes} bytes, and signatures are read up to ${CMS_LIMITS.maxBytes}: sign the document detached`);
  return { before, after: tail };
}

/** Identifier and DER length of a value whose content follows elsewhere. */
function header(identifier: number, contentBytes: number): Uint8Array {
  const octets: number[] = [];
  for (let left = contentBytes; left > 0; left = Math.floor(left / 256)) octets.unshift(left & 0xff);
  return Uint8Array.from(contentBytes < 0x80 ? [identifier, contentBytes] : [identifier, 0x80 | octets.length, ...octets]);
}

const sizeOf = (parts: readonly Uint8Array[]): number => parts.reduce((sum, { length }) => sum + length, 0);

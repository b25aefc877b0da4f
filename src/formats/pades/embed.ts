import { createHash } from 'node:crypto';

import { GatewayError } from '../../domain/errors.ts';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import type { ByteSource } from '../byte-source.ts';
import { chunksOf } from '../byte-source.ts';
import type { PreparedPdf } from './prepare.ts';

/** The bytes that a /ByteRange covers, in pieces of at most 1 MiB. @param byteRange offset and length of each part */
export function* signedBytes(source: ByteSource, byteRange: readonly number[]): Generator<Uint8Array> {
  for (let i = 0; i + 1 < byteRange.length; i += 2) yield* chunksOf(source, byteRange[i] ?? 0, byteRange[i + 1] ?? 0);
}

/** Digest over the signed ranges of a prepared document; `source` is the document before. @see ISO 32000-2 §12.8.1 */
export function digestByteRange(source: ByteSource, prepared: PreparedPdf, digestAlgorithm: DigestAlgorithm): Uint8Array {
  const { increment, incrementOffset, contentsAt, contentsBytes } = prepared;
  const hash = createHash(digestAlgorithm);
  for (const chunk of chunksOf(source, 0, incrementOffset)) hash.update(chunk);
  hash.update(increment.subarray(0, contentsAt));
  hash.update(increment.subarray(contentsAt + 2 * contentsBytes + 2));
  return hash.digest();
}

/**
 * The increment with the CMS (or time-stamp token) in its place; `prepared` stays as it is.
 * @throws PLACEHOLDER_TOO_SMALL
 */
export function embedContents(prepared: PreparedPdf, cmsDer: Uint8Array): Uint8Array {
  if (cmsDer.length > prepared.contentsBytes) {
    throw new GatewayError('PLACEHOLDER_TOO_SMALL', `The signature has ${cmsDer.length} bytes and its place in the PDF holds ${prepared.contentsBytes}; raise the placeholder`);
  }
  const increment = Buffer.from(prepared.increment);
  increment.write(Buffer.from(cmsDer.buffer, cmsDer.byteOffset, cmsDer.length).toString('hex'), prepared.contentsAt + 1, 'latin1');
  return increment;
}

import { GatewayError } from '../domain/errors.ts';

/**
 * Random access to the bytes of one document, so that a large file is never held in memory as a whole.
 * `read` returns exactly `length` bytes, a view where possible; the caller must not change them.
 */
export interface ByteSource {
  readonly sizeBytes: number;
  /** @throws PDF_BROKEN when the range is not inside the document. */
  read(offset: number, length: number): Uint8Array;
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  // A Buffer's views cost more than those of what it is made of, and its slice() is none.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    sizeBytes: plain.length,
    read(offset, length) {
      checkRange(offset, length, plain.length);
      return plain.subarray(offset, offset + length);
    },
  };
}

/** `source` followed by `increment`: a document with its incremental update. */
export function appendedSource(source: ByteSource, increment: Uint8Array): ByteSource {
  const sizeBytes = source.sizeBytes + increment.length;
  return {
    sizeBytes,
    read(offset, length) {
      checkRange(offset, length, sizeBytes);
      const end = offset + length;
      if (end <= source.sizeBytes) return source.read(offset, length);
      if (offset >= source.sizeBytes) return increment.subarray(offset - source.sizeBytes, end - source.sizeBytes);
      const joined = new Uint8Array(length);
      const head = source.sizeBytes - offset;
      joined.set(source.read(offset, head));
      joined.set(increment.subarray(0, length - head), head);
      return joined;
    },
  };
}

const CHUNK_BYTES = 1024 * 1024;

/** The bytes of a range in pieces of at most 1 MiB. */
export function* chunksOf(source: ByteSource, offset: number, length: number): Generator<Uint8Array> {
  for (let at = offset; at < offset + length; at += CHUNK_BYTES) {
    yield source.read(at, Math.min(CHUNK_BYTES, offset + length - at));
  }
}

export function checkRange(offset: number, length: number, sizeBytes: number): void {
  const inside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0 && offset + length <= sizeBytes;
  if (!inside) throw new GatewayError('PDF_BROKEN', `The document refers to bytes ${offset}..${offset + length} but has only ${sizeBytes}`);
}

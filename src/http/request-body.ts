import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.ts';
import { watchContentDigest } from './content-headers.ts';

export interface BodyPace {
  readonly maxBytes: number;
  /** A body that comes slower than this, after the grace, is given up: slow bodies are how few callers hold many connections. */
  readonly minBytesPerSecond: number;
  readonly graceMs: number;
}

const CHECK_EVERY_MS = 1_000;

/**
 * The body in pieces, as they come. Ending early leaves the connection usable for the answer; `discardRest` sees to the rest.
 * @throws REQUEST_INVALID at the end when it does not match its Content-Digest (RFC 9530 §2); BODY_TOO_LARGE, before anything is read when the length is announced; CANCELLED when the caller went away or is too slow
 */
export async function* bodyBytes(request: IncomingMessage, pace: BodyPace): AsyncGenerator<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > pace.maxBytes) throw tooLarge(pace.maxBytes);
  const digest = watchContentDigest(request);
  const watch = watchPace(request, pace);
  let sizeBytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Uint8Array;
      sizeBytes += bytes.length;
      if (sizeBytes > pace.maxBytes) throw tooLarge(pace.maxBytes);
      watch.came(bytes.length);
      digest?.update(bytes);
      yield bytes;
      watch.ask();
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('CANCELLED', watch.isTooSlow() ? 'The body came too slowly: send it again over a better line' : 'The connection ended in the middle of the body', { cause });
  } finally {
    watch.stop();
  }
  if (!request.complete) throw new GatewayError('CANCELLED', 'The connection ended in the middle of the body');
  digest?.check();
}

interface PaceWatch {
  /** Bytes came, and are being worked on. */
  came(bytes: number): void;
  /** We wait for more. */
  ask(): void;
  isTooSlow(): boolean;
  stop(): void;
}

/** Only time in which we wait for the caller counts; what we take ourselves, writing to the disk, does not. */
function watchPace(request: IncomingMessage, { minBytesPerSecond, graceMs }: BodyPace): PaceWatch {
  let received = 0;
  let waitedMs = 0;
  let isAsking = true;
  let isTooSlow = false;
  const timer = setInterval(() => {
    if (!isAsking) return;
    waitedMs += CHECK_EVERY_MS;
    if (waitedMs <= graceMs || received >= (minBytesPerSecond * (waitedMs - graceMs)) / 1_000) return;
    isTooSlow = true;
    request.destroy();
  }, CHECK_EVERY_MS);
  return {
    came: (bytes) => {
      received += bytes;
      isAsking = false;
    },
    ask: () => {
      isAsking = true;
    },
    isTooSlow: () => isTooSlow,
    stop: () => clearInterval(timer),
  };
}

function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError('BODY_TOO_LARGE', `A body may have at most ${maxBytes} bytes here`);
}

/** The whole of a small body. @throws as `bodyBytes` */
export async function wholeBody(request: IncomingMessage, pace: BodyPace): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bodyBytes(request, pace)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Documents may come slowly over a bad line, but not by drops. */
export function documentPace(maxBytes: number): BodyPace {
  return { maxBytes, minBytesPerSecond: 1_024, graceMs: 30_000 };
}

const MOST_DISCARDED_BYTES = 16 * 1024 * 1024;
const LONGEST_DISCARD_MS = 10_000;

/**
 * Reads past what a refused request still sends, so that its sender gets to read the answer and the connection can serve the next
 * request; a sender that goes on and on is cut off. Node.js does so by itself only where nothing of a body was read.
 */
export function discardRest(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let discarded = 0;
  const timer = setTimeout(() => request.destroy(), LONGEST_DISCARD_MS).unref();
  request.once('close', () => clearTimeout(timer));
  request.on('data', (chunk: Uint8Array) => {
    discarded += chunk.length;
    if (discarded > MOST_DISCARDED_BYTES) request.destroy();
  });
  request.resume();
}

import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.ts';

export interface BodyPace {
  readonly maxBytes: number;
  /** A body that comes slower than this, after the grace, is given up: slow bodies are how few callers hold many connections. */
  readonly minBytesPerSecond: number;
  readonly graceMs: number;
}

const CHECK_EVERY_MS = 1_000;

/**
 * The body in pieces, as they come. Ending early leaves the connection usable for the answer; Node.js throws the rest away.
 * @throws BODY_TOO_LARGE, before anything is read when the length is announced; CANCELLED when the caller went away or is too slow
 */
export async function* bodyBytes(request: IncomingMessage, pace: BodyPace): AsyncGenerator<Uint8Array> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > pace.maxBytes) throw tooLarge(pace.maxBytes);
  const watch = watchPace(request, pace);
  let sizeBytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Uint8Array;
      sizeBytes += bytes.length;
      watch.came(bytes.length);
      if (sizeBytes > pace.maxBytes) throw tooLarge(pace.maxBytes);
      yield bytes;
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('CANCELLED', watch.isTooSlow() ? 'The body came too slowly: send it again over a better line' : 'The connection ended in the middle of the body', { cause });
  } finally {
    watch.stop();
  }
  if (!request.complete) throw new GatewayError('CANCELLED', 'The connection ended in the middle of the body');
}

interface PaceWatch {
  came(bytes: number): void;
  isTooSlow(): boolean;
  stop(): void;
}

/** Time during which we ourselves do not read counts for the caller: the rate is measured over what was asked for. */
function watchPace(request: IncomingMessage, { minBytesPerSecond, graceMs }: BodyPace): PaceWatch {
  let received = 0;
  let waitedMs = 0;
  let isTooSlow = false;
  const timer = setInterval(() => {
    if (request.isPaused() || request.readableLength > 0) return;
    waitedMs += CHECK_EVERY_MS;
    if (waitedMs <= graceMs || received >= (minBytesPerSecond * (waitedMs - graceMs)) / 1_000) return;
    isTooSlow = true;
    request.destroy();
  }, CHECK_EVERY_MS);
  return { came: (bytes) => void (received += bytes), isTooSlow: () => isTooSlow, stop: () => clearInterval(timer) };
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

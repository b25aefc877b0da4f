import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** W3C Trace Context: who asked, through every system on the way. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** To be stored with what leaves later: the caller's trace, our span. */
  readonly traceparent: string;
}

const FORM = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROES = /^0+$/;

/**
 * The caller's trace when it sent a sound one, or a new one. A malformed header is passed over, as the standard asks.
 * @see W3C Trace Context §3.2
 */
export function readTrace(header: string | undefined): Trace {
  const [, version = 'ff', traceId = '', parentId = '', flags = '01', more] = FORM.exec(header ?? '') ?? [];
  const sound = version !== 'ff' && !ZEROES.test(traceId) && !ZEROES.test(parentId) && (version !== '00' || more === undefined);
  const span = randomBytes(8).toString('hex');
  if (sound) return { traceId, traceparent: `00-${traceId}-${span}-${flags}` };
  const fresh = randomBytes(16).toString('hex');
  return { traceId: fresh, traceparent: `00-${fresh}-${span}-01` };
}

/** The span that was begun for a request is its trace from now on. */
export function beginTrace(request: IncomingMessage, traceparent: string): void {
  traces.set(request, { traceId: traceparent.slice(3, 35), traceparent });
}

const traces = new WeakMap<IncomingMessage, Trace>();

/** The trace of a request, the same each time it is asked for. */
export function traceOf(request: IncomingMessage): Trace {
  const known = traces.get(request);
  if (known !== undefined) return known;
  const header = request.headers['traceparent'];
  const trace = readTrace(typeof header === 'string' ? header : undefined);
  traces.set(request, trace);
  return trace;
}

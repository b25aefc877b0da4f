import type { Request, Response } from 'express';
import { GatewayError } from '../domain/errors.ts';

export interface ServerEvent {
  /** Given back in `Last-Event-ID` by a client that lost its connection. */
  readonly id: number;
  readonly name: string;
  readonly data: unknown;
}

export interface EventsReply {
  /** Begins after the event numbered `after` (0: with the first). */
  readonly follow: (after: number, signal: AbortSignal) => AsyncIterable<ServerEvent>;
}

/** Proxies and clients take a connection for dead that says nothing for longer. */
const HEARTBEAT_MS = 15_000;
const LOOK_EVERY_MS = 250;
const RECONNECT_AFTER_MS = 2_000;

/**
 * Server-sent events (WHATWG HTML §9.2). Ends with the events, with the client, or when the gateway stops: the client then comes back to
 * another process with the number of the last event it saw.
 * @throws REQUEST_INVALID for a `Last-Event-ID` that is no number; what the first event throws, as a problem
 */
export async function sendEvents(request: Request, response: Response, { follow }: EventsReply, isDraining: () => boolean): Promise<void> {
  const over = new AbortController();
  response.once('close', () => over.abort());
  const events = follow(lastEventId(request), over.signal)[Symbol.asyncIterator]();
  let next = await events.next(); // what refuses the call does so before anything is sent
  response.status(200).set({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
  response.write(`retry: ${RECONNECT_AFTER_MS}\n\n`);
  const heartbeat = setInterval(() => response.write(':\n\n'), HEARTBEAT_MS);
  const watch = setInterval(() => isDraining() && over.abort(), LOOK_EVERY_MS);
  try {
    for (; next.done !== true; next = await events.next()) {
      const { id, name, data } = next.value;
      response.write(`id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
      if (response.writableNeedDrain) await drained(response, over.signal);
    }
  } finally {
    clearInterval(heartbeat);
    clearInterval(watch);
  }
  response.end();
}

function lastEventId(request: Request): number {
  const header = request.headers['last-event-id'];
  if (header === undefined) return 0;
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header);
  throw new GatewayError('REQUEST_INVALID', 'Last-Event-ID is the number of an event of this job', { faults: [{ pointer: '/header/last-event-id', detail: 'is not a whole number' }] });
}

function drained(response: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

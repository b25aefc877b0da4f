import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type AddressInfo, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../domain/errors.ts';
import { problemOf } from './problem.ts';
import { readTrace } from './trace.ts';

export interface ServerSettings {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Time that requests under way get to finish when the server is closed. Default 20,000. */
  readonly drainMs?: number;
  /** Time between saying "not ready" and taking no more connections, for the load balancer to notice. Default 0. */
  readonly noticeMs?: number;
  /**
   * How long a connection that was kept alive still gets its next request answered after that, with `Connection: close`: a client may have
   * sent it already, and would see the connection break. Default 0.
   */
  readonly lingerMs?: number;
}

export interface HttpServer {
  /** `http://host:port` without a trailing slash. */
  readonly url: string;
  readonly port: number;
  readonly isDraining: () => boolean;
  /** Not ready, no new connections, requests under way finished, then whatever is left is cut. */
  close(): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 10_000;
/** Documents of hundreds of megabytes come over slow lines; bodies that crawl are ended by their own pace. */
const REQUEST_TIMEOUT_MS = 3_600_000;
const KEEP_ALIVE_MS = 65_000; // longer than the usual 60 s of a load balancer, so that it closes first
const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Listens. `createListener` is given `isDraining`, so that readiness can tell it.
 * @throws PORT_IN_USE, CONFIG_INVALID when the address cannot be used
 */
export async function startHttpServer(createListener: (isDraining: () => boolean) => RequestListener, settings: ServerSettings): Promise<HttpServer> {
  let draining = false;
  const isDraining = (): boolean => draining;
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS }, createListener(isDraining));
  server.on('clientError', answerUnreadable);
  const connections = watchConnections(server, isDraining);
  await listen(server, settings);
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;
  return {
    url: `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`,
    port,
    isDraining,
    close: () => {
      draining = true;
      return (closing ??= drain(server, connections, settings));
    },
  };
}

function listen(server: Server, { host, port }: ServerSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const inUse = cause.code === 'EADDRINUSE';
      reject(new GatewayError(inUse ? 'PORT_IN_USE' : 'CONFIG_INVALID', inUse ? `Port ${port} is in use on ${host}: stop the other program, or choose another port` : `Cannot listen on ${host}, port ${port}`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

interface Connections {
  /** Tells the clients of all answers whose head has not gone out that the connection ends with them (RFC 9112 §9.6). */
  announceEnd(): void;
  /** When a connection was last left open for a further request, by `performance.now()`. */
  keptOpenAtMs(): number;
  /** Closes those on which no request is under way; Node.js alone takes one that never sent a byte for busy. */
  closeIdle(): void;
}

/** Of one event; a pipeline of Node.js alone adds seven, and by default it warns at the eleventh as of a leak. */
const LISTENERS_OF_A_RESPONSE = 20;

function watchConnections(server: Server, isDraining: () => boolean): Connections {
  const sockets = new Set<Socket>();
  const underWay = new Set<ServerResponse>();
  let keptOpenAtMs = 0;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.prependListener('request', (_, response: ServerResponse) => {
    underWay.add(response);
    response.setMaxListeners(LISTENERS_OF_A_RESPONSE);
    if (isDraining()) response.setHeader('connection', 'close');
    response.once('close', () => {
      underWay.delete(response);
      if (response.getHeader('connection') !== 'close') keptOpenAtMs = performance.now();
    });
  });
  return {
    announceEnd() {
      for (const response of underWay) if (!response.headersSent) response.setHeader('connection', 'close');
    },
    keptOpenAtMs: () => keptOpenAtMs,
    closeIdle() {
      server.closeIdleConnections();
      for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
    },
  };
}

async function drain(server: Server, connections: Connections, { drainMs = 20_000, noticeMs = 0, lingerMs = 0 }: ServerSettings): Promise<void> {
  connections.announceEnd();
  if (noticeMs > 0) await sleep(noticeMs);
  await acceptReady(server);
  const stoppedAtMs = performance.now();
  // Not server.close(): that would at once end kept connections, also those on which a request is just coming in.
  const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
  const sweep = setInterval(() => {
    if (performance.now() - Math.max(stoppedAtMs, connections.keptOpenAtMs()) < lingerMs) return;
    setImmediate(() => connections.closeIdle()); // after what has arrived was read
  }, SWEEP_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(deadline);
  server.close(); // ends the timer with which it watches for slow requests
}

const SWEEP_MS = 50;
const MOST_ACCEPTED = 1_000;

/** Connections that the kernel holds ready would be reset; each turn of the loop accepts one of them. */
async function acceptReady(server: Server): Promise<void> {
  const seen = { connections: 0 };
  const count = (): void => void (seen.connections += 1);
  server.on('connection', count);
  await nextTurn(); // the rest of this turn, in which nothing may be accepted any more
  for (let before = -1; before !== seen.connections && seen.connections < MOST_ACCEPTED; ) {
    before = seen.connections;
    await nextTurn();
  }
  server.off('connection', count);
}

const STATUS_OF: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Bytes that are not HTTP, or too much or too little of it: there is no request to answer, so the socket is. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_OF[error.code ?? ''] ?? 400;
  const malformed = new GatewayError(status === 408 ? 'CANCELLED' : 'REQUEST_MALFORMED', status === 431 ? `The headers have more than ${MAX_HEADER_BYTES} bytes` : 'This is not an HTTP request that can be read, or it came too slowly');
  const { body } = problemOf(malformed, { language: 'en', traceId: readTrace(undefined).traceId });
  const text = JSON.stringify({ ...body, status });
  socket.end(`HTTP/1.1 ${status} Refused\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`);
}

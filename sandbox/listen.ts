import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RunningServer {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string;
  /** Stops listening and cuts what is still open; no timer is left. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** 0, the default, takes a free port. */
  readonly port?: number | undefined;
  /** Loopback unless told otherwise: these servers are for trying things out. */
  readonly host?: string | undefined;
}

/** `closing` aborts when the server is closed, so that a slow answer does not outlive it. */
export type Handle = (request: IncomingMessage, response: ServerResponse, closing: AbortSignal) => Promise<void>;

/** An HTTP server around one function; what it throws is answered with 500 and its message, for whoever is looking for the fault. */
export async function listen(handle: Handle, { port = 0, host = '127.0.0.1' }: ListenOptions = {}): Promise<RunningServer> {
  const closing = new AbortController();
  const server = createServer((request, response) => {
    handle(request, response, closing.signal).catch((error: unknown) => {
      if (closing.signal.aborted || response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(`The sandbox failed: ${String(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`, close: () => closeServer(server, closing) };
}

function closeServer(server: Server, closing: AbortController): Promise<void> {
  closing.abort();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The request's body, or null when it is larger than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > maxBytes) return null;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** For a server started on its own: prints one line with its address and ends with it at SIGINT or SIGTERM. */
export function runUntilSignal(name: string, server: RunningServer): void {
  process.stdout.write(`${name} ${server.url}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
}

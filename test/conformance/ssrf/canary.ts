import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pemOf } from '../../../src/formats/x509/pem.ts';
import { testIdentity } from '../../support/certificates.ts';

/** What listens on loopback: a canary that nothing may reach, and a server of bad manners that the operator allowed. */
export interface Canary {
  readonly port: number;
  /** Connections that reached it, whatever was then said. */
  readonly hits: number;
  close(): Promise<void>;
}

/** Listens on every address of this machine, both families where there are two. */
export async function startCanary(): Promise<Canary> {
  let hits = 0;
  const server = createTcpServer((socket) => {
    hits++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get hits() {
      return hits;
    },
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}

/** Whether the canary sings at all: without this a suite of zero hits would prove nothing. */
export function reach(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
}

export interface BadServer {
  readonly url: string;
  readonly host: string;
  readonly served: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

/** An allowed server whose answers are the attack. */
export async function startBadServer(canaryPort: number): Promise<BadServer> {
  const served = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    served.set(path, (served.get(path) ?? 0) + 1);
    (ANSWERS[path] ?? notFound)(response, canaryPort, request);
  });
  return started(server, 'http', served);
}

/** TLS with a certificate of another name from an unknown issuer. */
export async function startWrongTlsServer(): Promise<BadServer> {
  const served = new Map<string, number>();
  const identity = testIdentity({ name: [['CN', 'khac.example']] });
  const server = createTlsServer({ key: identity.privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: pemOf('CERTIFICATE', identity.certificateDer) }, (request, response) => {
    served.set(request.url ?? '/', (served.get(request.url ?? '/') ?? 0) + 1);
    response.writeHead(200, CRL).end(Buffer.of(0x30, 0));
  });
  return started(server, 'https', served);
}

async function started(server: Server, scheme: string, served: Map<string, number>): Promise<BadServer> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => void server.close(() => resolve()));
  };
  return { url: `${scheme}://${host}`, host, served, close };
}

type Answer = (response: ServerResponse, canaryPort: number, request: IncomingMessage) => void;

const CRL = { 'content-type': 'application/pkix-crl' };
const notFound: Answer = (response) => void response.writeHead(404).end();
const redirect = (to: (canaryPort: number) => string): Answer => (response, canaryPort) => void response.writeHead(302, { location: to(canaryPort) }).end();

const ANSWERS: Readonly<Record<string, Answer>> = {
  '/to-loopback': redirect((port) => `http://127.0.0.1:${port}/`),
  '/to-metadata': redirect(() => 'http://169.254.169.254/latest/meta-data/'),
  '/to-file': redirect(() => 'file:///etc/passwd'),
  '/to-user': redirect((port) => `http://admin:admin@127.0.0.1:${port}/`),
  '/loop': redirect(() => '/loop'),
  '/gzip': (response) => void response.writeHead(200, { ...CRL, 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(8 * 1024 * 1024, 0x30))),
  '/announced': (response) => void response.writeHead(200, { ...CRL, 'content-length': 1_000_000_000 }).write(Buffer.of(0x30)),
  '/endless': (response) => {
    response.writeHead(200, CRL);
    const more = (): void => void (response.destroyed || (response.write(Buffer.alloc(64 * 1024, 0x30), more), undefined));
    more();
  },
  '/slow': (response) => {
    response.writeHead(200, CRL);
    const timer = setInterval(() => response.write(Buffer.of(0x30)), 50);
    response.once('close', () => clearInterval(timer));
  },
};

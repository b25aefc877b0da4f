import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { DevAuthority } from '../../certs/dev/authority.ts';
import type { DevPki } from '../../certs/dev/create-dev-pki.ts';
import { CRL_REASON, type CrlReason } from '../../src/formats/crl/build-crl.ts';
import { listen, readBody, type ListenOptions, type RunningServer } from '../listen.ts';
import { send, withBrokenEnd, type Answer, type CrlFault, type PkiFaults } from './faults.ts';
import { answerOcspRequest } from './ocsp.ts';
import { answerTimestampRequest } from './tsa.ts';

const MAX_REQUEST_BYTES = 64 * 1024;
const DAY_MS = 86_400_000;

export interface SandboxPki extends RunningServer {
  readonly pki: DevPki;
  readonly faults: PkiFaults;
  /** Requests answered or spoiled so far. */
  readonly served: Readonly<Record<keyof PkiFaults, number>>;
}

export interface SandboxPkiOptions extends ListenOptions {
  /** The PKI, or how to make it once the server's address is known (certificates carry it). */
  readonly pki: DevPki | ((baseUrl: string) => Promise<DevPki>);
  /** Time told in tokens and lists; the system's by default. */
  readonly now?: () => Date;
  /** Called after a revocation over HTTP. */
  readonly onChange?: (pki: DevPki) => Promise<void>;
}

interface State {
  readonly pki: DevPki;
  readonly faults: PkiFaults;
  readonly served: Record<keyof PkiFaults, number>;
  readonly now: () => Date;
  readonly onChange: (pki: DevPki) => Promise<void>;
}

/**
 * The throw-away PKI as one real server: `POST /tsa`, `POST /ocsp`, `GET /ocsp/<base64>`, `GET /crl/<ca>.crl`, `GET /ca/<ca>.crt`,
 * and, in no real PKI, `POST /sandbox/revocations {serialHex, reason}`.
 */
export async function startSandboxPki(options: SandboxPkiOptions): Promise<SandboxPki> {
  let ready: ((state: State) => void) | undefined;
  const state = new Promise<State>((resolve) => (ready = resolve));
  const server = await listen(async (request, response, closing) => route(await state, request, response, closing), options);
  const pki = await pkiFor(options, server);
  const faults: PkiFaults = { tsa: null, ocsp: null, crl: null, ca: null };
  const served = { tsa: 0, ocsp: 0, crl: 0, ca: 0 };
  ready?.({ pki, faults, served, now: options.now ?? (() => new Date()), onChange: options.onChange ?? (() => Promise.resolve()) });
  return { ...server, pki, faults, served };
}

async function pkiFor({ pki }: SandboxPkiOptions, server: RunningServer): Promise<DevPki> {
  try {
    return typeof pki === 'function' ? await pki(server.url) : pki;
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function route(state: State, request: IncomingMessage, response: ServerResponse, closing: AbortSignal): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://sandbox').pathname;
  const [, area = '', ...rest] = path.split('/');
  const name = rest.join('/');
  if (!isArea(area)) return send(response, await sideDoor(state, path, request), null, closing);
  const answer = await answerOf(state, area, name, request);
  state.served[area] += 1;
  await send(response, answer, answer.status === 200 ? state.faults[area] : null, closing);
}

function isArea(text: string): text is keyof PkiFaults {
  return text === 'tsa' || text === 'ocsp' || text === 'crl' || text === 'ca';
}

async function answerOf(state: State, area: keyof PkiFaults, name: string, request: IncomingMessage): Promise<Answer> {
  const { pki, faults } = state;
  if (area === 'crl' || area === 'ca') {
    const authority = authorityOf(pki, name, area === 'crl' ? '.crl' : '.crt');
    if (request.method !== 'GET') return refusal(405, 'Use GET');
    if (authority === null) return refusal(404, 'No such authority: root, issuing');
    if (area === 'ca') return { status: 200, contentType: 'application/pkix-cert', body: authority.identity.certificateDer };
    return { status: 200, contentType: 'application/pkix-crl', body: crlOf(pki, authority, state.now(), faults.crl) };
  }
  const body = await requestBytes(area, name, request);
  if ('status' in body) return body;
  if (area === 'tsa') return { status: 200, contentType: 'application/timestamp-reply', body: answerTimestampRequest(pki, body, state.now(), faults.tsa) };
  return { status: 200, contentType: 'application/ocsp-response', body: answerOcspRequest(pki, body, state.now(), faults.ocsp) };
}

/** RFC 3161 §3.4, RFC 6960 appendix A.1: what is asked, from the body or, for OCSP, from the path. */
async function requestBytes(area: 'tsa' | 'ocsp', name: string, request: IncomingMessage): Promise<Uint8Array | Answer> {
  if (request.method === 'GET' && area === 'ocsp' && name !== '') return Buffer.from(unescapePath(name), 'base64');
  if (request.method !== 'POST') return refusal(405, 'Use POST');
  const wanted = area === 'tsa' ? 'application/timestamp-query' : 'application/ocsp-request';
  if (request.headers['content-type'] !== wanted) return refusal(415, `Send ${wanted}`);
  return (await readBody(request, MAX_REQUEST_BYTES)) ?? refusal(413, `At most ${MAX_REQUEST_BYTES} bytes`);
}

/** A broken escape is left as it is: the responder will call the request malformed. */
function unescapePath(text: string): string {
  return text.replace(/%2f/gi, '/').replace(/%2b/gi, '+').replace(/%3d/gi, '=');
}

function authorityOf(pki: DevPki, file: string, ending: string): DevAuthority | null {
  return [pki.root, pki.issuing].find(({ identity }) => file === identity.name + ending) ?? null;
}

function crlOf(pki: DevPki, authority: DevAuthority, now: Date, fault: CrlFault | null): Uint8Array {
  const from = fault?.kind === 'stale' ? new Date(now.getTime() - 30 * DAY_MS) : now;
  const signer = fault?.kind !== 'wrong-issuer' ? authority : authority === pki.root ? pki.issuing : pki.root;
  const crl = signer.crl(from, new Date(from.getTime() + DAY_MS));
  return fault?.kind === 'broken-signature' ? withBrokenEnd(crl) : crl;
}

const revocation = z.strictObject({
  serialHex: z.string().regex(/^[0-9a-f]{2,40}$/),
  reason: z.enum(Object.keys(CRL_REASON) as [CrlReason, ...CrlReason[]]).default('unspecified'),
});

async function sideDoor(state: State, path: string, request: IncomingMessage): Promise<Answer> {
  if (path === '/') return text(200, 'Throw-away PKI: POST /tsa, POST /ocsp, GET /crl/{root,issuing}.crl, GET /ca/{root,issuing}.crt\n');
  if (path !== '/sandbox/revocations' || request.method !== 'POST') return refusal(404, 'No such path');
  const parsed = revocation.safeParse(parseJson((await readBody(request, MAX_REQUEST_BYTES))?.toString() ?? ''));
  if (!parsed.success) return refusal(400, 'Send {"serialHex": "…", "reason": "keyCompromise"}');
  const authority = [state.pki.issuing, state.pki.root].find((candidate) => candidate.hasIssued(parsed.data.serialHex));
  if (authority === undefined) return refusal(404, 'No certificate with this serial number');
  authority.revoke({ ...parsed.data, at: state.now() });
  await state.onChange(state.pki);
  return text(200, 'Revoked\n');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema that looks at it next
  }
}

const refusal = (status: number, why: string): Answer => text(status, `${why}\n`);
const text = (status: number, body: string): Answer => ({ status, contentType: 'text/plain; charset=utf-8', body: Buffer.from(body) });

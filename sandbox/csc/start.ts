import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { listen, readBody, type ListenOptions, type RunningServer } from '../listen.ts';
import { activations } from './activation.ts';
import { consentPage, decide, redeem } from './consent.ts';
import { createCredentials, type SandboxCredential } from './credentials.ts';
import { clientInvalid, CscError, invalidParameter, invalidRequest, tokenInvalid } from './errors.ts';
import { writeFault, type Call, type Faults } from './faults.ts';
import { authorize, credentialInfo, info, listCredentials, ok, poll, signDocuments, signHashes, stringIn, type Answer, type SandboxSettings, type State } from './methods.ts';

/** For trying things out; there is nothing behind them. */
export const SANDBOX_CLIENT = { clientId: 'sandbox', clientSecret: 'sandbox-secret', pin: '246810', otp: '135791' } as const;

export interface SandboxCsc extends RunningServer {
  /** With `/csc/v2`. */
  readonly apiUrl: string;
  readonly credentials: ReadonlyMap<string, SandboxCredential>;
  readonly faults: Faults;
  readonly settings: SandboxSettings;
  /** Calls that arrived, whatever became of them. */
  readonly calls: Readonly<Record<string, number>>;
  /** Signatures made. */
  readonly made: number;
  /** A new access token; each is a client of its own. */
  newToken(): string;
}

const MAX_BODY_BYTES = 1024 * 1024;

/** A remote signing service that speaks the Cloud Signature Consortium API v2.0.0.2. Keys and certificates are made at its start and kept nowhere. */
export async function startSandboxCsc(options: ListenOptions = {}): Promise<SandboxCsc> {
  const settings: SandboxSettings = { pin: SANDBOX_CLIENT.pin, otp: SANDBOX_CLIENT.otp, sadSeconds: 300, authorizePolls: 0, signPolls: 0, signsHashes: true, documentSpelling: 'SignatureObject' };
  const state: State = {
    credentials: createCredentials(),
    activations: activations(
      () => settings.sadSeconds,
      () => Date.now(),
    ),
    faults: {},
    settings,
    codes: new Map(),
    later: new Map(),
    made: 0,
  };
  const tokens = new Set<string>();
  const calls: Record<string, number> = {};
  const newToken = (): string => {
    const token = randomBytes(24).toString('base64url');
    tokens.add(token);
    return token;
  };
  const server = await listen(async (request, response) => {
    const body = await readBody(request, MAX_BODY_BYTES);
    const path = new URL(request.url ?? '/', 'http://sandbox').pathname;
    const route = ROUTES[`${request.method ?? ''} ${path}`];
    if (route !== undefined) calls[route.call] = (calls[route.call] ?? 0) + 1;
    if (route !== undefined && writeFault(response, state.faults[route.call])) return;
    if (path === CONSENT_PATH && (request.method === 'GET' || request.method === 'POST')) return consent(state, request, response, body?.toString('utf8') ?? '', calls);
    const answer = answerOf(route, { state, tokens, newToken, request, text: body?.toString('utf8') ?? '' });
    response.writeHead(answer.status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).end(answer.status === 204 ? undefined : JSON.stringify(answer.body));
  }, options);
  const { credentials, faults } = state;
  return {
    ...server,
    apiUrl: `${server.url}/csc/v2`,
    credentials,
    faults,
    settings,
    calls,
    newToken,
    get made() {
      return state.made;
    },
  };
}

const CONSENT_PATH = '/csc/v2/oauth2/authorize';

/** The page where a person allows signatures, and what the person says there. */
function consent(state: State, request: IncomingMessage, response: ServerResponse, text: string, calls: Record<string, number>): void {
  calls['consent'] = (calls['consent'] ?? 0) + 1;
  if (writeFault(response, state.faults.consent)) return;
  const { searchParams } = new URL(request.url ?? '/', 'http://sandbox');
  try {
    if (request.method === 'GET') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(consentPage(state, SANDBOX_CLIENT.clientId, searchParams));
    else response.writeHead(302, { location: decide(state, SANDBOX_CLIENT.clientId, new URLSearchParams(text), Date.now()) }).end();
  } catch (error) {
    if (!(error instanceof CscError)) throw error;
    response.writeHead(error.status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${error.message}\n`);
  }
}

interface Context {
  readonly state: State;
  readonly tokens: Set<string>;
  readonly newToken: () => string;
  readonly request: IncomingMessage;
  readonly text: string;
}

interface Route {
  readonly call: Call;
  readonly isOpen?: true;
  readonly run: (context: Context, body: Readonly<Record<string, unknown>>, token: string) => Answer;
}

const ROUTES: Readonly<Record<string, Route>> = {
  'POST /csc/v2/info': { call: 'info', isOpen: true, run: ({ state, request }) => info(state, `http://${request.headers.host ?? ''}/csc/v2`) },
  'POST /csc/v2/oauth2/token': { call: 'token', isOpen: true, run: (context) => giveToken(context) },
  'POST /csc/v2/auth/revoke': { call: 'token', run: ({ state, tokens }, body) => revoke(state, tokens, body) },
  'POST /csc/v2/credentials/list': { call: 'list', run: ({ state }) => listCredentials(state) },
  'POST /csc/v2/credentials/info': { call: 'credential', run: ({ state }, body) => credentialInfo(state, body) },
  'POST /csc/v2/credentials/authorize': { call: 'authorize', run: ({ state }, body, token) => authorize(state, body, token) },
  'POST /csc/v2/credentials/authorizeCheck': { call: 'authorize-check', run: ({ state }, body) => poll(state, body, 'handle') },
  'POST /csc/v2/signatures/signHash': { call: 'sign-hash', run: ({ state }, body, token) => signHashes(state, body, token) },
  'POST /csc/v2/signatures/signDoc': { call: 'sign-doc', run: ({ state }, body, token) => signDocuments(state, body, token) },
  'POST /csc/v2/signatures/signPolling': { call: 'polling', run: ({ state }, body) => poll(state, body, 'requestID') },
};

function answerOf(route: Route | undefined, context: Context): Answer {
  try {
    if (route === undefined) return { status: 404, body: { error: 'invalid_request', error_description: 'No such method' } };
    const token = bearerOf(context.request);
    if (route.isOpen !== true && !context.tokens.has(token)) throw tokenInvalid();
    return route.run(context, route.call === 'token' && route.isOpen === true ? {} : jsonOf(context.text), token);
  } catch (error) {
    if (error instanceof CscError) return { status: error.status, body: { error: error.error, error_description: error.message } };
    throw error;
  }
}

function giveToken({ text, newToken, state }: Context): Answer {
  const form = new URLSearchParams(text);
  const grantType = form.get('grant_type');
  if (grantType !== 'client_credentials' && grantType !== 'authorization_code') throw new CscError(400, 'unsupported_grant_type', 'Only client_credentials and authorization_code here');
  if (form.get('client_id') !== SANDBOX_CLIENT.clientId || form.get('client_secret') !== SANDBOX_CLIENT.clientSecret) throw clientInvalid();
  if (grantType === 'authorization_code') {
    const grant = redeem(state, form, Date.now());
    const { SAD, expiresIn } = state.activations.grant({ ...grant, token: null });
    return ok({ access_token: SAD, token_type: 'SAD', expires_in: expiresIn, credentialID: grant.credentialID });
  }
  return ok({ access_token: newToken(), token_type: 'Bearer', expires_in: 3600 });
}

/** RFC 7009: also ends the activation data that the token was given. */
function revoke(state: State, tokens: Set<string>, body: Readonly<Record<string, unknown>>): Answer {
  const token = stringIn(body, 'token');
  if (!tokens.delete(token)) throw invalidParameter('token');
  state.activations.revoke(token);
  return { status: 204, body: null };
}

function bearerOf({ headers }: IncomingMessage): string {
  return /^Bearer ([\w.~+/-]+=*)$/.exec(headers.authorization ?? '')?.[1] ?? '';
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch {
    throw invalidRequest('The request is not a JSON object');
  }
}

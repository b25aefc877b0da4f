import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '../domain/errors.ts';
import type { Chance } from '../ports/chance.ts';
import type { AskConsent } from '../ports/consent.ts';

/** Words for the help of commands that may have to ask a person in a browser. */
export const CONSENT_HELP =
  'A key whose holder allows each use in a browser: the address of the page is shown, and the answer is waited for on 127.0.0.1 (--redirect-port,\n' +
  'path /consent, as registered with the service) for up to ten minutes.';

export interface ConsentTerms {
  readonly chance: Pick<Chance, 'bytes'>;
  /** 0: any free one, for services that do not mind. */
  readonly port: number;
  readonly tell: (line: string) => void;
  /** Default: ten minutes. */
  readonly timeoutMs?: number;
}

const TEN_MINUTES_MS = 600_000;

/**
 * Shows the address of the page and waits on the loopback interface for the browser to come back.
 * @see RFC 8252 §7.3, RFC 6749 §4.1.2
 */
export function consentOverLoopback({ chance, port, tell, timeoutMs = TEN_MINUTES_MS }: ConsentTerms): AskConsent {
  return async (page, signal) => {
    const [state, codeVerifier] = [base64url(chance.bytes(24)), base64url(chance.bytes(32))];
    const server = createServer();
    try {
      const redirectUri = `http://127.0.0.1:${await listening(server, port)}/consent`;
      const coming = codeFrom(server, state, timeoutMs, signal);
      tell(`Allow this signature in a browser:\n  ${page({ redirectUri, state, codeVerifier }).href}`);
      return { redirectUri, codeVerifier, code: await coming };
    } finally {
      server.close();
      server.closeAllConnections();
    }
  };
}

function codeFrom(server: Server, state: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new GatewayError('CONSENT_REFUSED', 'The signer did not answer in the browser in time')), timeoutMs);
    signal?.addEventListener('abort', () => reject(new GatewayError('CANCELLED', 'Signing was cancelled while the signer was asked')), { once: true });
    server.once('close', () => clearTimeout(timer));
    server.on('request', (request, response) => answer(request, response, state, { resolve, reject }));
  });
}

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(new GatewayError('PORT_IN_USE', `The port ${port} on 127.0.0.1 cannot be listened on: give another --redirect-port`, { cause })));
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** What carries another state is somebody else's, and ends nothing. */
function answer({ url = '/', method }: IncomingMessage, response: ServerResponse, state: string, { resolve, reject }: { readonly resolve: (code: string) => void; readonly reject: (cause: GatewayError) => void }): void {
  const { pathname, searchParams } = new URL(url, 'http://127.0.0.1');
  const [code, error] = [searchParams.get('code'), searchParams.get('error')];
  if (method !== 'GET' || pathname !== '/consent' || searchParams.get('state') !== state || (code === null && error === null)) return say(response, 404, 'Không có trang này · There is no such page');
  if (code === null) {
    say(response, 200, 'Chưa ký · Nothing was signed');
    return reject(new GatewayError('CONSENT_REFUSED', 'The signer, or the signing service, said no'));
  }
  say(response, 200, 'Đã xác nhận, có thể đóng trang này · Allowed; you may close this page');
  resolve(code);
}

function say(response: ServerResponse, status: number, words: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', connection: 'close' });
  response.end(`<!doctype html><html lang="vi"><meta charset="utf-8"><title>lienthong</title><body style="font: 18px system-ui; margin: 20vh auto; max-width: 32em; text-align: center">${words}</body></html>`);
}

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url');

import { GatewayError } from '../../domain/errors.ts';

/** Calls to the sandbox systems' own addresses, as a clerk's click in their software would make them. */

export async function getJson(url: string): Promise<Record<string, unknown>> {
  return readJson(url, await fetch(url));
}

export async function postJson(url: string, body: unknown = {}): Promise<Record<string, unknown>> {
  return readJson(url, await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }));
}

export async function getBytes(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw refused(url, response.status, await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

async function readJson(url: string, response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  if (!response.ok) throw refused(url, response.status, text);
  return JSON.parse(text) as Record<string, unknown>;
}

function refused(url: string, status: number, text: string): GatewayError {
  return new GatewayError('PARTNER_REFUSED', `${new URL(url).pathname} answered ${status}: ${text.slice(0, 500)}`);
}

const POLL_MS = 100;

/** Asks until `look` gives something. @throws PARTNER_UNAVAILABLE after `limitMs` */
export async function until<T>(what: string, limitMs: number, look: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new GatewayError('PARTNER_UNAVAILABLE', `${what} did not happen within ${limitMs / 1000} s: see gateway.log in the output folder`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

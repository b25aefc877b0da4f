import type { IncomingMessage } from 'node:http';
import type { CheckableRequest } from '../usecases/check-request-signature.ts';

const PORT_OF: Readonly<Record<string, string>> = { http: ':80', https: ':443' };

/** A request as its signature sees it: behind a proxy, scheme and host are those the operator says, not those of the last hop. */
export function signedRequestOf(request: IncomingMessage, publicUrl: string | null): CheckableRequest {
  const known = publicUrl === null ? null : new URL(publicUrl);
  const scheme = known?.protocol.slice(0, -1) ?? 'http';
  const authority = (known?.host ?? request.headers.host ?? '').toLowerCase();
  const portOfScheme = PORT_OF[scheme] ?? '';
  return {
    method: request.method ?? '',
    scheme,
    authority: portOfScheme !== '' && authority.endsWith(portOfScheme) ? authority.slice(0, -portOfScheme.length) : authority,
    requestTarget: request.url ?? '/',
    values: (name) => valuesOf(request.rawHeaders, name),
    hasBody: request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0,
  };
}

/** As they came: Node.js drops or joins what comes twice. */
function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

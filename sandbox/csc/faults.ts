import type { ServerResponse } from 'node:http';
import { z } from 'zod';

export const CALLS = ['info', 'token', 'consent', 'list', 'credential', 'challenge', 'authorize', 'authorize-check', 'sign-hash', 'sign-doc', 'polling'] as const;
export type Call = (typeof CALLS)[number];

/**
 * How one kind of call goes wrong. `refuse`: an error of the specification. `status`: an HTTP error without JSON. `html`: 200 with a page. `hang`: no
 * answer. `reset`: the connection is cut. `endless`: an answer without end. `other-hash`, `other-key`: a well-formed signature that is not the one asked
 * for. `one-fewer`: a signature too few. `not-baseline`: a signing time where PAdES has none, and none where CAdES has one. `expired`: activation data that has run out when it is given.
 */
export const fault = z.enum(['refuse', 'status', 'html', 'hang', 'reset', 'endless', 'other-hash', 'other-key', 'one-fewer', 'not-baseline', 'expired']);
export type Fault = z.infer<typeof fault>;

/** Set a property to spoil every later call of that kind; delete it to mend it. */
export type Faults = Partial<Record<Call, Fault>>;

/** Writes what stands in place of the answer; false when the answer itself is to be given. */
export function writeFault(response: ServerResponse, kind: Fault | undefined): boolean {
  switch (kind) {
    case 'refuse':
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'access_denied', error_description: 'The user, authorization server or remote service denied the request' }));
      return true;
    case 'status':
      response.writeHead(503, { 'content-type': 'text/plain', 'retry-after': '7' }).end('Hệ thống bận\n');
      return true;
    case 'html':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>Bảo trì</title>');
      return true;
    case 'hang':
      return true;
    case 'reset':
      response.socket?.resetAndDestroy();
      return true;
    case 'endless':
      response.writeHead(200, { 'content-type': 'application/json' });
      pour(response);
      return true;
    default:
      return false;
  }
}

function pour(response: ServerResponse): void {
  const block = Buffer.alloc(65_536, 0x20);
  const more = (): void => {
    while (!response.destroyed && response.write(block));
  };
  response.on('drain', more);
  response.on('error', () => response.destroy());
  more();
}

import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** How any of the PKI's answers can go wrong on its way. */
export type WireFault =
  | { readonly kind: 'status'; readonly status: number }
  /** 200 with a page, as captive portals and proxies answer. */
  | { readonly kind: 'html' }
  /** The right answer, late. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** No answer at all. */
  | { readonly kind: 'hang' }
  /** The connection is cut without an answer. */
  | { readonly kind: 'reset' }
  /** Half the answer under its full length, then the connection is cut. */
  | { readonly kind: 'truncated' }
  /** The right content type and this many zero bytes. */
  | { readonly kind: 'oversized'; readonly bytes: number }
  /** The right bytes under another content type. */
  | { readonly kind: 'content-type'; readonly contentType: string }
  | { readonly kind: 'redirect'; readonly location: string };

/** How a time-stamp answer can be wrong though the wire is right. */
export type TsaFault = WireFault | { readonly kind: 'refuse' | 'wrong-nonce' | 'no-nonce' | 'wrong-imprint' | 'wrong-policy' | 'wrong-signer' | 'broken-signature' };
export type OcspFault = WireFault | { readonly kind: 'try-later' | 'unauthorized' | 'stale' | 'wrong-nonce' | 'wrong-certificate' | 'wrong-signer' | 'broken-signature' };
export type CrlFault = WireFault | { readonly kind: 'stale' | 'wrong-issuer' | 'broken-signature' };

/** What is wrong at the moment; set a property to make every later answer wrong, null to mend it. */
export interface PkiFaults {
  tsa: TsaFault | null;
  ocsp: OcspFault | null;
  crl: CrlFault | null;
  ca: WireFault | null;
}

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Sends the answer, or what the fault makes of it. */
export async function send(response: ServerResponse, answer: Answer, fault: { readonly kind: string } | null, closing: AbortSignal): Promise<void> {
  const wire = fault as WireFault | null;
  switch (wire?.kind) {
    case 'slow':
      await delay(wire.ms, undefined, { signal: closing });
      return write(response, answer);
    case 'hang':
      return;
    case 'reset':
      return void response.socket?.resetAndDestroy();
    case 'truncated':
      response.writeHead(answer.status, { 'content-type': answer.contentType, 'content-length': answer.body.length });
      response.write(answer.body.subarray(0, answer.body.length >> 1), () => response.destroy());
      return;
    case 'redirect':
      return void response.writeHead(302, { location: wire.location }).end();
    default:
      return write(response, distort(answer, wire));
  }
}

function distort(answer: Answer, fault: WireFault | null): Answer {
  switch (fault?.kind) {
    case 'status':
      return { status: fault.status, contentType: 'text/plain; charset=utf-8', body: Buffer.from('The service is out of order.\n') };
    case 'html':
      return { status: 200, contentType: 'text/html; charset=utf-8', body: Buffer.from('<!doctype html><title>Đăng nhập</title><p>Vui lòng đăng nhập mạng.</p>\n') };
    case 'oversized':
      return { ...answer, body: new Uint8Array(fault.bytes) };
    case 'content-type':
      return { ...answer, contentType: fault.contentType };
    default:
      return answer;
  }
}

function write(response: ServerResponse, { status, contentType, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length, 'cache-control': 'no-store' }).end(body);
}

/** One bit of the last byte turned: with DER from these builders, a byte of a signature value or of the last certificate. */
export function withBrokenEnd(der: Uint8Array): Uint8Array {
  const broken = Uint8Array.from(der);
  const last = broken.length - 1;
  broken[last] = (broken[last] ?? 0) ^ 1;
  return broken;
}

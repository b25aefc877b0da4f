import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { z } from 'zod';

export interface JsonReply<Body> {
  readonly body: Body;
  /** The stored answer to an earlier request with the same Idempotency-Key. */
  readonly replayed?: boolean;
  /** Instead of the status in the table. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Instead of the bytes, for a caller that does not wait for them. */
export interface AcceptedReply<Body> extends JsonReply<Body> {
  readonly accepted: true;
}

export interface BytesReply {
  readonly status?: number;
  readonly mediaType: string;
  /** null: not known before it is made. */
  readonly sizeBytes: number | null;
  /** File name for people; sent as an attachment, never shown inside a page. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Opens nothing until it is called; not called for HEAD. */
  readonly open: () => Promise<AsyncIterable<Uint8Array>>;
}

export interface ContentReply {
  /** With its charset. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** For pages, the policy under which they show as they should; null: nothing in it may run or load. */
  readonly contentSecurityPolicy: string | null;
  /** Instead of the status in the table. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface EmptyReply {
  readonly headers: Readonly<Record<string, string>>;
}

/** What leaves is checked like what comes in: a field that the description does not name stays here. */
export function sendJson(response: Response, status: number, schema: z.ZodType, reply: JsonReply<unknown>): void {
  const body: unknown = schema.parse(reply.body);
  response.status(reply.status ?? status).set({ 'cache-control': 'no-store', ...reply.headers });
  if (reply.replayed === true) response.set('idempotency-replayed', 'true');
  response.type('application/json').send(JSON.stringify(body));
}

export function sendEmpty(response: Response, status: number, { headers }: EmptyReply): void {
  response.status(status).set({ 'cache-control': 'no-store', ...headers }).end();
}

/** A page or report that was made just now, shown rather than saved. */
export function sendContent(response: Response, status: number, { contentType, body, contentSecurityPolicy, ...reply }: ContentReply): void {
  response.status(reply.status ?? status).set({ 'content-type': contentType, 'cache-control': 'no-store', vary: 'accept, accept-language', ...reply.headers });
  if (contentSecurityPolicy !== null) response.set('content-security-policy', contentSecurityPolicy);
  response.send(Buffer.from(body));
}

/** A stream that breaks off breaks the connection off, so that the caller never takes a part for the whole. */
export async function sendBytes(request: Request, response: Response, status: number, reply: BytesReply): Promise<void> {
  response.status(reply.status ?? status).attachment(reply.name).set({
    'content-type': reply.mediaType,
    ...(reply.sizeBytes !== null && { 'content-length': String(reply.sizeBytes) }),
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-store',
    ...reply.headers,
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(await reply.open()), response);
}

/** RFC 9530 §3, of the whole representation. */
export function reprDigest(sha256Hex: string): string {
  return `sha-256=:${Buffer.from(sha256Hex, 'hex').toString('base64')}:`;
}

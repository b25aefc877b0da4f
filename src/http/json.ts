import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../domain/errors.ts';
import { wholeBody, type BodyPace } from './request-body.ts';

export const JSON_PACE: BodyPace = { maxBytes: 1024 * 1024, minBytesPerSecond: 1_024, graceMs: 10_000 };
const MAX_DEPTH = 64;

/**
 * A JSON body, as strict as signing it later needs: UTF-8, I-JSON strings, no deeper than 64 levels, no key that reaches for a prototype.
 * @throws MEDIA_TYPE_UNSUPPORTED, REQUEST_MALFORMED; as `wholeBody`
 * @see RFC 8259, RFC 7493
 */
export async function readJsonBody(request: IncomingMessage): Promise<JsonBody> {
  checkJsonType(request.headers['content-type'], request.headers['content-encoding']);
  const bytes = await wholeBody(request, JSON_PACE);
  return { value: parseJson(bytes), bytes };
}

export interface JsonBody {
  readonly value: unknown;
  /** As they came: what a signature covers. */
  readonly bytes: Uint8Array;
}

function checkJsonType(contentType: string | undefined, encoding: string | undefined): void {
  if (encoding !== undefined && encoding !== 'identity') throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', 'Compressed bodies are not accepted: send the body as it is');
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice(8).replaceAll('"', '');
  if (type === 'application/json' && (charset === undefined || charset === 'utf-8')) return;
  throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', 'Send a JSON body with "Content-Type: application/json", in UTF-8');
}

/** @throws REQUEST_MALFORMED */
export function parseJson(bytes: Uint8Array): unknown {
  const value = decode(bytes);
  checkShape(value);
  return value;
}

function decode(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new GatewayError('REQUEST_MALFORMED', 'The body is not JSON in UTF-8', { cause });
  }
}

/** Without recursion: the depth is the caller's to choose until it has been checked. */
function checkShape(root: unknown): void {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: root, depth: 1 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth } = next;
    if (typeof value === 'string') checkText(value);
    if (typeof value !== 'object' || value === null) continue;
    if (depth > MAX_DEPTH) throw new GatewayError('REQUEST_MALFORMED', `The JSON is deeper than ${MAX_DEPTH} levels`);
    for (const [key, child] of Object.entries(value)) {
      if (!Array.isArray(value)) checkKey(key);
      open.push({ value: child, depth: depth + 1 });
    }
  }
}

function checkKey(key: string): void {
  checkText(key);
  if (key === '__proto__') throw new GatewayError('REQUEST_MALFORMED', 'The JSON has a key that is not accepted: "__proto__"');
}

function checkText(text: string): void {
  if (/\p{Surrogate}/u.test(text)) throw new GatewayError('REQUEST_MALFORMED', 'The JSON holds half of a surrogate pair (RFC 7493 §2.1)');
}

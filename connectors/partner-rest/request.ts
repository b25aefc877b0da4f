import { createHash, createHmac, sign, type KeyObject } from 'node:crypto';
import { serializeDictionary, type Parameters } from 'structured-headers';
import { GatewayError } from '../../src/domain/errors.ts';
import type { DeliveryId } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import { buildSignatureBase, coverComponents, type SignedRequest } from '../../src/formats/http-signatures/signature-base.ts';
import type { PayloadForm } from '../../src/domain/partner.ts';
import { messageEnvelopeOf } from '../../src/formats/api/message-views.ts';

export interface PartnerRequest {
  readonly method: 'POST' | 'GET';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

/** A shared secret of Standard Webhooks. */
export type WebhookSecret = Uint8Array;

/** A key of the gateway's own that recipients know by its public half. */
export interface PushKey {
  readonly id: string;
  /** Ed25519. */
  readonly privateKey: KeyObject;
}

/** Everything that a push is told and signed by; several keys of a kind while one replaces the other. */
export interface PushKeys {
  /** Which life of the gateway's store speaks; missing or null: it is not told. */
  readonly incarnation?: number | null;
  readonly secrets: readonly WebhookSecret[];
  readonly ed25519: readonly PushKey[];
}

/**
 * `whsec_` and base64, several separated by spaces while a key is changed: each signs.
 * @throws CONFIG_INVALID without repeating it
 */
export function readWebhookSecret(text: string): readonly WebhookSecret[] {
  const keys = text.trim().split(/\s+/).map((secret) => new Uint8Array(Buffer.from(/^whsec_([A-Za-z0-9+/=_-]+)$/.exec(secret)?.[1] ?? '', 'base64')));
  if (keys.some((key) => key.length < 24 || key.length > 64)) throw new GatewayError('CONFIG_INVALID', 'A webhook secret is whsec_ and 24 to 64 bytes in base64 (Standard Webhooks 1.0.0)');
  return keys;
}

/**
 * The push of one message. The body is the same, byte for byte, however often it is sent; only the time of sending is not. Its trace is
 * not signed: whoever stands between may go on with it (W3C Trace Context §3.2). Nor is the log's checkpoint, which has a signature of its own.
 */
export function buildPush(url: URL, keys: PushKeys, deliveryId: DeliveryId, message: Message, now: Date, { form = 'full', note = null }: PushForm = {}): PartnerRequest {
  const data = form === 'thin' ? linksOf(message, deliveryId) : messageEnvelopeOf(message, deliveryId);
  const payload = { type: message.type, timestamp: message.createdAt.toISOString(), data };
  return buildEvent(url, keys, { id: deliveryId, payload, headers: { ...(message.traceparent !== null && { traceparent: message.traceparent }), ...(note !== null && { 'log-checkpoint': Buffer.from(note).toString('base64') }) } }, now);
}

export interface PushForm {
  readonly form?: PayloadForm | undefined;
  /** The newest checkpoint of the evidence log; a signed note. */
  readonly note?: string | null;
}

export interface WebhookEvent {
  /** The same at every try: `webhook-id`, and the idempotency key. */
  readonly id: string;
  readonly payload: object;
  /** Beside those of every event; not signed. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A signed event of Standard Webhooks 1.0.0. */
export function buildEvent(url: URL, keys: PushKeys, { id, payload, headers: further }: WebhookEvent, now: Date): PartnerRequest {
  const body = new TextEncoder().encode(JSON.stringify(payload));
  const headers = {
    'content-type': 'application/json',
    'content-length': String(body.length),
    'idempotency-key': id,
    ...further,
    ...incarnationHeader(keys),
    ...signatureHeaders(keys, id, body, now),
  };
  return signedByKeys({ method: 'POST', url, headers: { ...COMMON, ...headers, 'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:` }, body }, keys, now);
}

/** Standard Webhooks 1.0.0, "thin" payload: nothing that the message says; the recipient fetches it as itself. */
function linksOf({ id, parts }: Message, deliveryId: DeliveryId): object {
  return { messageId: id, deliveryId, links: { message: `/v1/inbox/${id}`, documents: parts.map(({ documentId }) => `/v1/documents/${documentId}`) } };
}

/** Asks for the receipt of a delivery, for partners that offer it: `GET <url>/<delivery id>`, signed over an empty body. */
export function buildLookup(url: URL, keys: PushKeys, deliveryId: DeliveryId, now: Date): PartnerRequest {
  const at = new URL(url);
  at.pathname = `${url.pathname.replace(/\/$/, '')}/${deliveryId}`;
  return signedByKeys({ method: 'GET', url: at, headers: { ...COMMON, ...incarnationHeader(keys), ...signatureHeaders(keys, deliveryId, new Uint8Array(), now) }, body: null }, keys, now);
}

const COMMON = { accept: 'application/json', 'user-agent': 'lienthong' } as const;

const INCARNATION = 'gateway-incarnation';

function incarnationHeader({ incarnation = null }: PushKeys): Readonly<Record<string, string>> {
  return incarnation === null ? {} : { [INCARNATION]: String(incarnation) };
}

/** Standard Webhooks 1.0.0, "Signature scheme": HMAC-SHA256 (v1) and Ed25519 (v1a) over `id.timestamp.body`. */
function signatureHeaders({ secrets, ed25519 }: PushKeys, id: string, body: Uint8Array, now: Date): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now.getTime() / 1_000));
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const symmetric = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(content).digest('base64')}`);
  const asymmetric = ed25519.map(({ privateKey }) => `v1a,${sign(null, content, privateKey).toString('base64')}`);
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': [...symmetric, ...asymmetric].join(' ') };
}

/** The same request with a signature of each key over all of it (RFC 9421), for recipients that check those instead. `webhook-id` with its time is the nonce. */
function signedByKeys(request: PartnerRequest, { ed25519 }: PushKeys, now: Date): PartnerRequest {
  if (ed25519.length === 0) return request;
  const { method, url, headers, body } = request;
  const signed: SignedRequest = { method, scheme: url.protocol.slice(0, -1), authority: url.host, requestTarget: `${url.pathname}${url.search}`, values: (name) => (headers[name] === undefined ? [] : [headers[name]]) };
  const names = ['@method', '@target-uri', ...(body === null ? [] : ['content-digest']), 'webhook-id', 'webhook-timestamp', ...(headers[INCARNATION] === undefined ? [] : [INCARNATION])];
  const entries = ed25519.map(({ id, privateKey }, index) => {
    const parameters: Parameters = new Map<string, number | string>([
      ['created', Math.floor(now.getTime() / 1_000)],
      ['keyid', id],
      ['alg', 'ed25519'],
      ['tag', 'lienthong-push'],
    ]);
    const covered = coverComponents(names, parameters);
    return { label: `sig${index + 1}`, covered, value: sign(null, buildSignatureBase(signed, covered), privateKey) };
  });
  const input = serializeDictionary(new Map(entries.map(({ label, covered }) => [label, covered])));
  const value = serializeDictionary(new Map(entries.map(({ label, value: bytes }) => [label, [new Uint8Array(bytes), new Map()]])));
  return { ...request, headers: { ...headers, 'signature-input': input, signature: value } };
}

import { createHash, randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { documentView, type DocumentView } from '../src/formats/api/documents.ts';
import { dossierTimeline, dossierView, type newDossier, type DossierTimeline, type DossierView } from '../src/formats/api/dossiers.ts';
import type { extensionOptions } from '../src/formats/api/extensions.ts';
import { inboxPage, messageView, type newMessage, type receiptInput, receiptView, type InboxPage, type MessageView } from '../src/formats/api/messages.ts';
import { type newPostalOrder, postalOrderList, postalOrderView, type PostalOrderView } from '../src/formats/api/postal.ts';
import { keyList, type signatureOptions, type KeyView } from '../src/formats/api/signatures.ts';
import { validationReport } from '../src/formats/api/verifications.ts';
import type { ValidationReport } from '../src/domain/validation-report.ts';
import { callGateway, type GatewayAccess, type GatewayRequest } from './gateway-call.ts';

export interface NamedBytes {
  readonly bytes: Uint8Array;
  readonly name: string;
  readonly mediaType: string;
}

export interface SignedDocument extends NamedBytes {
  readonly signatureId: string;
  /** The gateway keeps the signed document under this id. */
  readonly documentId: string;
  readonly level: string;
  readonly sha256: string;
}

export interface ExtendedDocument extends NamedBytes {
  /** The gateway keeps the document under this id. */
  readonly documentId: string;
  readonly level: string;
}

/**
 * What an agency's system needs of the gateway, over HTTP and nothing else. `key` is the Idempotency-Key: give the same one for the same
 * deed, also after a restart; a new one is made when it is left out.
 */
export interface GatewayClient {
  storeDocument(document: NamedBytes, key?: string): Promise<DocumentView>;
  /** The bytes, checked against the digest that the gateway names. */
  readDocument(id: string): Promise<Uint8Array>;
  openDossier(input: z.input<typeof newDossier>, key?: string): Promise<DossierView>;
  readDossier(code: string): Promise<DossierTimeline>;
  sendMessage(code: string, input: z.input<typeof newMessage>, key?: string): Promise<MessageView>;
  readMessage(id: string): Promise<MessageView>;
  readInbox(after: number, limit?: number): Promise<InboxPage>;
  acknowledge(receipt: z.input<typeof receiptInput>): Promise<z.output<typeof receiptView>>;
  listKeys(): Promise<readonly KeyView[]>;
  sign(document: NamedBytes, options: z.input<typeof signatureOptions>, key?: string): Promise<SignedDocument>;
  extend(document: NamedBytes, options: z.input<typeof extensionOptions>, key?: string): Promise<ExtendedDocument>;
  verify(document: NamedBytes): Promise<ValidationReport>;
  orderPost(input: z.input<typeof newPostalOrder>, key?: string): Promise<PostalOrderView>;
  readPostalOrder(id: string): Promise<PostalOrderView>;
  listPostalOrders(code: string): Promise<readonly PostalOrderView[]>;
}

export function gatewayClient(access: GatewayAccess): GatewayClient {
  const get = <Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.output<Schema>> => json(access, { method: 'GET', path }, schema);
  const post = <Schema extends z.ZodType>(path: string, input: unknown, schema: Schema, key: string = randomUUID()): Promise<z.output<Schema>> =>
    json(access, { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: () => JSON.stringify(input), idempotencyKey: key }, schema);
  return {
    storeDocument: (document, key = randomUUID()) => json(access, { method: 'POST', path: '/v1/documents', headers: uploadHeaders(document), body: () => document.bytes, idempotencyKey: key }, documentView),
    readDocument: (id) => checkedBytes(access, { method: 'GET', path: `/v1/documents/${id}`, headers: { accept: '*/*' } }),
    openDossier: (input, key) => post('/v1/dossiers', input, dossierView, key),
    readDossier: (code) => wholeTimeline((after) => get(`/v1/dossiers/${encodeURIComponent(code)}?afterSeq=${after}`, dossierTimeline)),
    sendMessage: (code, input, key) => post(`/v1/dossiers/${encodeURIComponent(code)}/messages`, input, messageView, key),
    readMessage: (id) => get(`/v1/messages/${id}`, messageView),
    readInbox: (after, limit = 50) => get(`/v1/inbox?after=${after}&limit=${limit}`, inboxPage),
    acknowledge: (receipt) => post(`/v1/inbox/${receipt.messageId}/receipt`, receipt, receiptView, `receipt-${receipt.messageId}`),
    listKeys: async () => (await get('/v1/keys', keyList)).keys,
    sign: (document, options, key = randomUUID()) => sign(access, document, options, key),
    extend: (document, options, key = randomUUID()) => extend(access, document, options, key),
    verify: (document) => json(access, { method: 'POST', path: '/v1/verifications', body: () => form(document) }, validationReport),
    orderPost: (input, key) => post('/v1/postal-orders', input, postalOrderView, key),
    readPostalOrder: (id) => get(`/v1/postal-orders/${id}`, postalOrderView),
    listPostalOrders: async (code) => (await get(`/v1/dossiers/${encodeURIComponent(code)}/postal-orders`, postalOrderList)).orders,
  };
}

async function json<Schema extends z.ZodType>(access: GatewayAccess, request: GatewayRequest, schema: Schema): Promise<z.output<Schema>> {
  const response = await callGateway(access, request);
  return schema.parse(await response.json());
}

function uploadHeaders({ bytes, name, mediaType }: NamedBytes): Record<string, string> {
  return { 'content-type': mediaType, 'content-disposition': `attachment; filename*=UTF-8''${extendedValue(name)}`, 'repr-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:` };
}

/** RFC 8187 §3.2.1: what encodeURIComponent leaves alone and the rule does not allow is escaped too. */
function extendedValue(text: string): string {
  return encodeURIComponent(text.normalize('NFC')).replaceAll(/['()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function form({ bytes, name, mediaType }: NamedBytes, options?: unknown): FormData {
  const body = new FormData();
  if (options !== undefined) body.append('options', JSON.stringify(options));
  body.append('document', new Blob([new Uint8Array(bytes)], { type: mediaType }), name);
  return body;
}

async function sign(access: GatewayAccess, document: NamedBytes, options: z.input<typeof signatureOptions>, key: string): Promise<SignedDocument> {
  const response = await callGateway(access, { method: 'POST', path: '/v1/signatures', headers: { accept: '*/*' }, body: () => form(document, options), idempotencyKey: key });
  const bytes = await bytesOf(response);
  const header = (name: string): string => response.headers.get(name) ?? '';
  const mediaType = header('content-type');
  return { bytes, name: document.name, mediaType, signatureId: header('signature-id'), documentId: header('document-id'), level: header('signature-level'), sha256: sha256Hex(bytes) };
}

async function extend(access: GatewayAccess, document: NamedBytes, options: z.input<typeof extensionOptions>, key: string): Promise<ExtendedDocument> {
  const response = await callGateway(access, { method: 'POST', path: '/v1/extensions', headers: { accept: '*/*' }, body: () => form(document, options), idempotencyKey: key });
  return { ...document, bytes: await bytesOf(response), documentId: response.headers.get('document-id') ?? '', level: response.headers.get('signature-level') ?? '' };
}

async function checkedBytes(access: GatewayAccess, request: GatewayRequest): Promise<Uint8Array> {
  return bytesOf(await callGateway(access, request));
}

/** @throws Error when the bytes that came are not those the gateway named */
async function bytesOf(response: Response): Promise<Uint8Array> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const named = /sha-256=:([^:]+):/.exec(response.headers.get('repr-digest') ?? '')?.[1];
  if (named !== createHash('sha256').update(bytes).digest('base64')) throw new Error('The bytes that arrived do not match the digest that the gateway named');
  return bytes;
}

async function wholeTimeline(page: (after: number) => Promise<DossierTimeline>): Promise<DossierTimeline> {
  let found = await page(0);
  while (found.nextAfterSeq !== null) {
    const next = await page(found.nextAfterSeq);
    found = { ...next, timeline: [...found.timeline, ...next.timeline] };
  }
  return found;
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

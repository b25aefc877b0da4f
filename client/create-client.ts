import { randomUUID } from 'node:crypto';
import createFetchClient, { type Client } from 'openapi-fetch';
import { bytesFor, downloadDocument, formOf, sha256Hex, uploadHeaders, type Download, type NamedBytes } from './documents.ts';
import { logFollower, type FollowLogOptions, type LogFollower } from './follow-log.ts';
import type { paths, Schemas } from './generated/api.ts';
import { followInbox, type InboxEntry, type InboxOptions } from './inbox.ts';
import { receiptFor, type MessageEnvelope } from './message-check.ts';
import { webhookReceiver, type WebhookReceiver } from './receive-webhook.ts';
import { callGateway, type GatewayAccess, type GatewayCall } from './transport.ts';
import { uploadLarge, type LargeUpload } from './upload.ts';
import { webhookKeysOf } from './webhook-keys.ts';

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
 * The gateway as an agency's system sees it. `key` is the Idempotency-Key: give the same one for the same deed, also after a restart; a new
 * one is made where it is left out. Every method throws GatewayProblem for what the gateway refuses, after the attempts of its access.
 */
export interface GatewayClient {
  /** Every call there is, typed by the API description: `api.GET('/v1/jobs/{id}', …)`. What is refused is thrown here, too. */
  readonly api: Client<paths, 'application/json'>;
  openDossier(input: Schemas['NewDossier'], key?: string): Promise<Schemas['Dossier']>;
  /** With its whole timeline. */
  readDossier(code: string): Promise<Schemas['DossierTimeline']>;
  sendMessage(code: string, input: Schemas['NewMessage'], key?: string): Promise<Schemas['Message']>;
  readMessage(id: string): Promise<Schemas['Message']>;
  /** Messages for you as they come, waited for at the gateway. */
  inbox(options?: InboxOptions): AsyncGenerator<InboxEntry, void, undefined>;
  /** A message sent to you, by its id. */
  fetchMessage(id: string): Promise<MessageEnvelope>;
  acknowledge(receipt: Schemas['ReceiptInput']): Promise<Schemas['Receipt']>;
  /** Checks the pushes to your address. @param secret `whsec_…` */
  webhooks(secret: string, now?: () => Date): WebhookReceiver;
  /** Holds the gateway's evidence log to what it showed before: give what it has seen to `lastCheckpoint` of the access, too. */
  followLog(options: FollowLogOptions): LogFollower;
  /** That a message, or a receipt, is in the evidence log. @param subject id of the message; of a receipt the id of the message, a slash, and the receipt’s name */
  proveRecorded(kind: 'message' | 'receipt', subject: string): Promise<Schemas['InclusionProof']>;
  /** In one request; for what fits into memory. */
  storeDocument(document: NamedBytes, key?: string): Promise<Schemas['Document']>;
  /** In pieces, taken up again after a break or a crash; for anything large. */
  uploadDocument(upload: LargeUpload): Promise<{ readonly documentId: string }>;
  downloadDocument(id: string, signal?: AbortSignal): Promise<Download>;
  listKeys(): Promise<readonly Schemas['Key'][]>;
  sign(document: NamedBytes, options: Schemas['SignatureOptions'], key?: string): Promise<SignedDocument>;
  extend(document: NamedBytes, options: Schemas['ExtensionOptions'], key?: string): Promise<ExtendedDocument>;
  verify(document: NamedBytes, options?: Schemas['VerificationOptions']): Promise<Schemas['ValidationReport']>;
  orderPost(input: Schemas['NewPostalOrder'], key?: string): Promise<Schemas['PostalOrder']>;
  readPostalOrder(id: string): Promise<Schemas['PostalOrder']>;
  listPostalOrders(code: string): Promise<readonly Schemas['PostalOrder'][]>;
}

/** openapi-fetch makes whole addresses; where they lead is for `callGateway` to say. */
const NOWHERE = 'http://gateway.invalid';

export function createClient(access: GatewayAccess): GatewayClient {
  const api = createFetchClient<paths, 'application/json'>({ baseUrl: NOWHERE, fetch: (request) => relay(access, request) });
  const once = (key: string = randomUUID()) => ({ 'Idempotency-Key': key });
  const readPage = (code: string, afterSeq: number) => dataOf(api.GET('/v1/dossiers/{code}', { params: { path: { code }, query: { afterSeq } } }));
  const fetchMessage = (messageId: string) => dataOf(api.GET('/v1/inbox/{messageId}', { params: { path: { messageId } } }));
  const acknowledge = (receipt: Schemas['ReceiptInput']) => {
    const { messageId } = receipt;
    return dataOf(api.POST('/v1/inbox/{messageId}/receipt', { params: { path: { messageId }, header: once(`receipt-${messageId}`) }, body: receipt }));
  };
  const look = async (after: number, waitSeconds: number, signal: AbortSignal | undefined): Promise<Schemas['InboxPage']> => {
    const call: GatewayCall = { method: 'GET', path: `/v1/inbox?after=${after}&waitSeconds=${waitSeconds}`, timeoutMs: waitSeconds * 1_000 + (access.timeoutMs ?? 60_000), signal };
    return (await (await callGateway(access, call)).json()) as Schemas['InboxPage'];
  };
  const fetchKeys = async () => (await dataOf(api.GET('/v1/webhook-keys'))).keys.map(({ publicKey }) => publicKey);
  const fetchCheckpoint = async () => (await callGateway(access, { method: 'GET', path: '/v1/log/checkpoint', headers: { accept: 'text/plain' } })).text();
  const fetchGrowth = async (from: number, to: number) => (await dataOf(api.GET('/v1/log/proof/consistency', { params: { query: { from, to } } }))).path;
  return {
    api,
    openDossier: (input, key) => dataOf(api.POST('/v1/dossiers', { params: { header: once(key) }, body: input })),
    readDossier: (code) => wholeTimeline((afterSeq) => readPage(code, afterSeq)),
    sendMessage: (code, input, key) => dataOf(api.POST('/v1/dossiers/{code}/messages', { params: { path: { code }, header: once(key) }, body: input })),
    readMessage: (id) => dataOf(api.GET('/v1/messages/{id}', { params: { path: { id } } })),
    inbox: (options = {}) => followInbox(look, (message, reference) => acknowledge(receiptFor(message, reference)), options),
    fetchMessage,
    acknowledge,
    webhooks: (secret, now = () => new Date()) => webhookReceiver({ secret, keys: webhookKeysOf(fetchKeys, now), fetchMessage, now }),
    followLog: (options) => logFollower({ fetchCheckpoint, fetchGrowth }, options),
    proveRecorded: (kind, subject) => dataOf(api.GET('/v1/log/proof/inclusion', { params: { query: { kind, subject } } })),
    storeDocument: async (document, key = randomUUID()) => {
      const response = await callGateway(access, { method: 'POST', path: '/v1/documents', headers: { ...uploadHeaders(document), ...once(key) }, body: () => new Uint8Array(document.bytes) });
      return (await response.json()) as Schemas['Document'];
    },
    uploadDocument: (upload) => uploadLarge(access, upload),
    downloadDocument: (id, signal) => downloadDocument(access, id, signal),
    listKeys: async () => (await dataOf(api.GET('/v1/keys'))).keys,
    sign: async (document, options, key) => {
      const { bytes, headers } = await bytesFor(access, '/v1/signatures', document, options, once(key));
      const said = (name: string): string => headers.get(name) ?? '';
      return { bytes, name: document.name, mediaType: said('content-type'), signatureId: said('signature-id'), documentId: said('document-id'), level: said('signature-level'), sha256: sha256Hex(bytes) };
    },
    extend: async (document, options, key) => {
      const { bytes, headers } = await bytesFor(access, '/v1/extensions', document, options, once(key));
      return { ...document, bytes, documentId: headers.get('document-id') ?? '', level: headers.get('signature-level') ?? '' };
    },
    verify: async (document, options) => {
      const response = await callGateway(access, { method: 'POST', path: '/v1/verifications', body: () => formOf(document, options), isRepeatable: true }); // keeps nothing
      return (await response.json()) as Schemas['ValidationReport'];
    },
    orderPost: (input, key) => dataOf(api.POST('/v1/postal-orders', { params: { header: once(key) }, body: input })),
    readPostalOrder: (id) => dataOf(api.GET('/v1/postal-orders/{id}', { params: { path: { id } } })),
    listPostalOrders: async (code) => (await dataOf(api.GET('/v1/dossiers/{code}/postal-orders', { params: { path: { code } } }))).orders,
  };
}

/** What openapi-fetch made, sent as every call is: key, attempts, problems. */
async function relay(access: GatewayAccess, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const bytes = request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  const headers = Object.fromEntries(request.headers);
  return callGateway(access, { method: request.method, path: pathname + search, headers, signal: request.signal, ...(bytes !== null && { body: () => bytes }) });
}

/** What is refused was thrown: an answer without data is an empty one. */
async function dataOf<Data>(answer: Promise<{ readonly data?: Data }>): Promise<Data> {
  return (await answer).data as Data;
}

async function wholeTimeline(page: (afterSeq: number) => Promise<Schemas['DossierTimeline']>): Promise<Schemas['DossierTimeline']> {
  let found = await page(0);
  while (found.nextAfterSeq !== null) {
    const next = await page(found.nextAfterSeq);
    found = { ...next, timeline: [...found.timeline, ...next.timeline] };
  }
  return found;
}

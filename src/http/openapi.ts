import { z } from 'zod';
import type { ErrorCode } from '../domain/errors.ts';
import { BODY_SCHEMAS, TYPED_SCHEMAS } from '../formats/api/message-catalogue.ts';
import { receiptInput, thinWebhookPayload, webhookPayload } from '../formats/api/messages.ts';
import { problem } from '../formats/api/problem.ts';
import { PROBLEMS } from './problem.ts';
import type { AnswerFacts, BodyFacts, RouteFacts } from './route.ts';

type Json = Readonly<Record<string, unknown>>;

const PROBLEM_TYPE = 'application/problem+json';
const SCHEMAS = '#/components/schemas/';

/** The table of routes as OpenAPI 3.1, complete: parameters, bodies, answers, problems, security. Schemas are the ones that check. */
export function buildOpenApi(routes: readonly RouteFacts[], version: string): Json {
  const schemas = schemaBook();
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, schemas) };
  }
  schemas.refer(problem);
  for (const body of BODY_SCHEMAS) schemas.refer(body);
  for (const [id, schema] of Object.entries(TYPED_SCHEMAS)) schemas.add(id, schema);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Liên Thông Gateway',
      version,
      description: 'Sign and verify official documents, exchange dossiers between agencies’ systems, hand them over to the post.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    webhooks: { message: { post: pushOf(schemas) } },
    components: {
      schemas: schemas.all(),
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'lt_<id>_<secret>', description: 'API key issued by the operator; each operation names the scope it needs' } },
    },
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
  };
}

const INCARNATION = 'A number that grows when the gateway’s records were restored from a backup, and stays otherwise: what was said shortly before may be forgotten. Send again, under the same Idempotency-Key, what was accepted then, and read the inbox from your last position on.';

/** What a system that is pushed to has to take (Standard Webhooks 1.0.0). */
function pushOf(schemas: SchemaBook): Json {
  return {
    operationId: 'receiveMessage',
    summary: 'A message for a system that is pushed to; the same one may come again under the same webhook-id',
    tags: ['Messages'],
    parameters: [
      header('webhook-id', 'Id of the delivery, the same for every attempt', 36),
      header('webhook-timestamp', 'Seconds since 1970 of this attempt: refuse what is more than five minutes off', 20),
      header('webhook-signature', 'v1,<base64 of HMAC-SHA256> and v1a,<base64 of Ed25519, keys at GET /v1/webhook-keys>, each over "id.timestamp.body", separated by spaces', 1_000),
      header('gateway-incarnation', `${INCARNATION} Covered by the signature of RFC 9421`, 20),
      header('log-checkpoint', 'The newest checkpoint of the evidence log (C2SP tlog-checkpoint), base64; signed by the key of the log', 16_000),
      header('traceparent', 'W3C Trace Context of the call that sent the message; not signed', 255),
    ],
    requestBody: { required: true, content: { 'application/json': { schema: { anyOf: [schemas.refer(webhookPayload), schemas.refer(thinWebhookPayload)] } } } },
    responses: {
      200: { description: 'Received, the parts checked against their digests', content: { 'application/json': { schema: schemas.refer(receiptInput) } } },
      410: { description: 'This address is gone: nothing more is sent to it until the operator says so' },
      429: { description: 'Too many: Retry-After is kept' },
    },
  };
}

function operationOf(route: RouteFacts, schemas: SchemaBook): Json {
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    security: route.scope === null ? [] : [{ apiKey: [route.scope] }],
    parameters: parametersOf(route, schemas),
    ...(route.body !== null && { requestBody: bodyOf(route.body, schemas) }),
    responses: { [route.answer.status]: answerOf(route, schemas), ...acceptedOf(route.answer, schemas), ...problemsOf(route) },
  };
}

function parametersOf({ scope, pathParameters, query, idempotent, requestHeaders = {} }: RouteFacts, schemas: SchemaBook): Json[] {
  return [
    ...membersOf(pathParameters, 'path', schemas),
    ...membersOf(query, 'query', schemas),
    ...(idempotent ? [header('Idempotency-Key', 'Any text of at most 255 characters, new for each new request. The same request with the same key is done once and answered the same, for 90 days.', 255)] : []),
    ...Object.entries(requestHeaders).map(([name, description]) => header(name, description, 1_000)),
    ...(scope === null ? [] : [header('Log-Checkpoint', 'The last checkpoint of the evidence log that you saw, base64: when the log does not lead to it, the call is refused (LOG_FORKED) and people are told', 16_000)]),
    header('traceparent', 'W3C Trace Context; kept with what is sent on', 255),
    header('Accept-Language', 'vi or en: language of problem titles', 100),
  ];
}

function header(name: string, description: string, maxLength: number): Json {
  return { name, in: 'header', required: false, description, schema: { type: 'string', maxLength } };
}

function membersOf(object: z.ZodObject | null, place: 'path' | 'query', schemas: SchemaBook): Json[] {
  return Object.entries(object?.shape ?? {}).map(([name, schema]) => {
    const given = schemas.refer(schema as z.ZodType);
    return { name, in: place, required: place === 'path' || !z.safeParse(schema as z.ZodType, undefined).success, schema: given };
  });
}

function bodyOf(body: BodyFacts, schemas: SchemaBook): Json {
  if (body.kind === 'json') return { required: true, content: { 'application/json': { schema: schemas.refer(body.schema) } } };
  if (body.kind === 'bytes') return { required: true, description: body.description, content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
  const files = Object.entries(body.files).map(([name, { description }]) => [name, { type: 'string', format: 'binary', description }] as const);
  const fields = Object.entries(body.fields).map(([name, { schema }]) => [name, schemas.refer(schema)] as const);
  const required = [...Object.entries(body.files), ...Object.entries(body.fields)].filter(([, part]) => part.required).map(([name]) => name);
  const encoding = Object.fromEntries(Object.entries(body.fields).map(([name, { schema }]) => [name, { contentType: isText(schema) ? 'text/plain' : 'application/json' }]));
  return { required: true, content: { 'multipart/form-data': { schema: { type: 'object', properties: Object.fromEntries([...files, ...fields]), required }, encoding } } };
}

const isText = (schema: z.ZodType): boolean => schema instanceof z.ZodString || (schema instanceof z.ZodOptional && schema.unwrap() instanceof z.ZodString);

function answerOf(route: RouteFacts, schemas: SchemaBook): Json {
  const { answer, idempotent } = route;
  const replayed = idempotent ? { 'Idempotency-Replayed': { description: '"true" when this is the stored answer to an earlier request with the same key', schema: { type: 'string' } } } : {};
  const own = answer.kind === 'bytes' || answer.kind === 'empty' ? Object.fromEntries(Object.entries(answer.headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }])) : {};
  const incarnation = { 'Gateway-Incarnation': { description: INCARNATION, schema: { type: 'string' } } };
  return { description: answer.description, headers: { ...own, ...replayed, ...incarnation }, content: contentOf(answer, schemas) };
}

function contentOf(answer: AnswerFacts, schemas: SchemaBook): Json {
  if (answer.kind === 'empty') return {};
  if (answer.kind === 'json') return { 'application/json': { schema: schemas.refer(answer.schema) } };
  if (answer.kind === 'content') return Object.fromEntries(Object.entries(answer.forms).map(([type, schema]) => [type, { schema: schema === null ? { type: 'string' } : schemas.refer(schema) }]));
  if (answer.kind === 'events') {
    // OpenAPI 3.1 knows no streams of events: the schemas are those of each event's data.
    return { 'text/event-stream': { schema: { anyOf: Object.entries(answer.events).map(([name, schema]) => ({ title: name, ...schemas.refer(schema) })) } } };
  }
  return Object.fromEntries(answer.mediaTypes.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
}

function acceptedOf(answer: AnswerFacts, schemas: SchemaBook): Json {
  if (answer.kind !== 'bytes' || answer.accepted === undefined) return {};
  const { description, schema } = answer.accepted;
  return { 202: { description, headers: { Location: { description: 'The job', schema: { type: 'string' } } }, content: { 'application/json': { schema: schemas.refer(schema) } } } };
}

/** Problems any route of the same kind can answer with. */
export function problemCodesOf(route: RouteFacts): readonly ErrorCode[] {
  const codes: ErrorCode[] = ['REQUEST_INVALID', 'INTERNAL', 'DATABASE_UNAVAILABLE', 'OVERLOADED', ...route.problems];
  if (route.scope !== null) codes.push('UNAUTHENTICATED', 'ISSUER_UNAVAILABLE', 'RATE_LIMITED', 'REQUEST_SIGNATURE_REQUIRED', 'REQUEST_SIGNATURE_INVALID', 'SCOPE_MISSING', 'LOG_FORKED', 'EVIDENCE_MALFORMED', 'EVIDENCE_FORGED');
  if (route.idempotent) codes.push('IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_PROGRESS');
  if (route.body !== null) codes.push('REQUEST_MALFORMED', 'BODY_TOO_LARGE', 'MEDIA_TYPE_UNSUPPORTED', 'CANCELLED');
  return [...new Set(codes)];
}

function problemsOf(route: RouteFacts): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of problemCodesOf(route)) byStatus.set(PROBLEMS[code].status, [...(byStatus.get(PROBLEMS[code].status) ?? []), code]);
  const entries = [...byStatus].map(([status, codes]) => {
    const description = codes.map((code) => `${code}: ${PROBLEMS[code].title.en}`).join('; ');
    return [String(status), { description, content: { [PROBLEM_TYPE]: { schema: { $ref: `${SCHEMAS}Problem` } } } }] as const;
  });
  return Object.fromEntries(entries);
}

interface SchemaBook {
  /** The schema as JSON Schema; what has an id stands once under `components` and is referred to. */
  refer(schema: z.ZodType): Json;
  /** A component that is no schema of a route. */
  add(id: string, schema: Json): void;
  all(): Json;
}

function schemaBook(): SchemaBook {
  const known = new Map<string, Json>();
  return {
    refer(schema) {
      const { $schema: _, $defs = {}, ...own } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12', unrepresentable: 'any' }) as Json & { readonly $defs?: Readonly<Record<string, Json>> };
      for (const [id, definition] of Object.entries($defs)) known.set(nameOf(id), rewriteReferences(definition) as Json);
      return rewriteReferences(own) as Json;
    },
    add: (id, schema) => void known.set(id, rewriteReferences(schema) as Json),
    all: () => Object.fromEntries([...known].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** zod numbers what has no id: such a definition is any JSON value, the only shape here that refers to itself. */
function nameOf(id: string): string {
  return id.startsWith('__schema') ? 'Json' : id;
}

function rewriteReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewriteReferences);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => {
    const isReference = key === '$ref' && typeof member === 'string';
    return [key, isReference ? `${SCHEMAS}${nameOf(member.replace('#/$defs/', ''))}` : rewriteReferences(member)] as const;
  });
  return Object.fromEntries(members);
}

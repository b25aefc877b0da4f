import type { Request, Response } from 'express';
import { z } from 'zod';
import { GatewayError, type ErrorCode } from '../domain/errors.ts';
import type { Scope } from '../domain/partner.ts';
import type { Call } from '../usecases/call.ts';
import type { HttpDependencies } from './dependencies.ts';
import { sendEvents, type EventsReply } from './events.ts';
import { readJsonBody } from './json.ts';
import { sendBytes, sendContent, sendEmpty, sendJson, type AcceptedReply, type BytesReply, type ContentReply, type EmptyReply, type JsonReply } from './reply.ts';

/** What one route is, as data: the router, the API description and the authorisation tests are made from it. */
export interface RouteFacts {
  /** GET answers HEAD, too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  /** As OpenAPI writes it: `/v1/dossiers/{code}`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tag: 'Documents' | 'Dossiers' | 'Messages' | 'Inbox' | 'Signatures' | 'Verification' | 'Post' | 'Evidence' | 'Operation' | 'Administration';
  /** What the API key must allow; null: open to everybody. */
  readonly scope: Scope | null;
  /** Whether `Idempotency-Key` is taken. */
  readonly idempotent: boolean;
  readonly pathParameters: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: BodyFacts | null;
  readonly answer: AnswerFacts;
  /** Further headers that are taken, and what they do. */
  readonly requestHeaders?: Readonly<Record<string, string>>;
  /** Beside those that every route of its kind can answer with. */
  readonly problems: readonly ErrorCode[];
}

export type BodyFacts =
  | { readonly kind: 'json'; readonly schema: z.ZodType }
  | { readonly kind: 'bytes'; readonly description: string }
  | { readonly kind: 'multipart'; readonly files: Readonly<Record<string, { readonly description: string; readonly required: boolean }>>; readonly fields: Readonly<Record<string, { readonly schema: z.ZodType; readonly required: boolean }>> };

export type AnswerFacts =
  | { readonly kind: 'json'; readonly status: number; readonly description: string; readonly schema: z.ZodType }
  | { readonly kind: 'bytes'; readonly status: number; readonly description: string; readonly mediaTypes: readonly string[]; readonly headers: Readonly<Record<string, string>>; readonly accepted?: AcceptedFacts }
  /** Server-sent events; the schemas by the names of the events. */
  | { readonly kind: 'events'; readonly status: number; readonly description: string; readonly events: Readonly<Record<string, z.ZodType>> }
  | { readonly kind: 'empty'; readonly status: number; readonly description: string; readonly headers: Readonly<Record<string, string>> }
  /** In one of several forms, as `Accept` asks; a schema where the form has one. */
  | { readonly kind: 'content'; readonly status: number; readonly description: string; readonly forms: Readonly<Record<string, z.ZodType | null>> };

/** What a caller is told that asked not to wait (`Prefer: respond-async`, RFC 7240 §4.1): 202, and where to look. */
export interface AcceptedFacts {
  readonly description: string;
  readonly schema: z.ZodType;
}

export interface Route extends RouteFacts {
  readonly handle: (dependencies: HttpDependencies, exchange: Exchange) => Promise<void>;
}

/** One request on its way, after the caller was authenticated and authorised. */
export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly call: Call;
  /** Of a JSON body, as they came. */
  readonly bodyBytes?: Uint8Array;
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type BodyOf<Body> = Body extends { readonly kind: 'json'; readonly schema: infer Schema } ? Parsed<Schema> : undefined;
type ReplyOf<Answer> = Answer extends { readonly kind: 'json'; readonly schema: infer Schema extends z.ZodType }
  ? JsonReply<z.input<Schema>>
  : Answer extends { readonly kind: 'content' }
    ? ContentReply
    : Answer extends { readonly kind: 'empty' }
      ? EmptyReply
    : Answer extends { readonly kind: 'events' }
      ? EventsReply
      : Answer extends { readonly accepted: { readonly schema: infer Schema extends z.ZodType } }
        ? BytesReply | AcceptedReply<z.input<Schema>>
        : BytesReply;

interface RouteSpec<Path extends z.ZodObject | null, Query extends z.ZodObject | null, Body extends BodyFacts | null, Answer extends AnswerFacts> extends RouteFacts {
  readonly pathParameters: Path;
  readonly query: Query;
  readonly body: Body;
  readonly answer: Answer;
  readonly run: (dependencies: HttpDependencies, input: { readonly path: Parsed<Path>; readonly query: Parsed<Query>; readonly body: BodyOf<Body> }, exchange: Exchange) => Promise<ReplyOf<Answer>>;
}

/** A route: checks what comes in, calls its use case, checks what goes out. */
export function defineRoute<Path extends z.ZodObject | null, Query extends z.ZodObject | null, Body extends BodyFacts | null, Answer extends AnswerFacts>(
  spec: RouteSpec<Path, Query, Body, Answer>,
): Route {
  const { run, ...facts } = spec;
  return {
    ...facts,
    handle: async (dependencies, exchange) => {
      const { request, response } = exchange;
      const path = parse(spec.pathParameters, request.params, '/path');
      const query = parse(spec.query ?? NOTHING, queryOf(request), '/query');
      const json = spec.body?.kind === 'json' ? await readJsonBody(request) : null;
      const body = spec.body?.kind === 'json' ? parse(spec.body.schema, json?.value, '') : undefined;
      const reply = await run(dependencies, { path: path as Parsed<Path>, query: query as Parsed<Query>, body: body as BodyOf<Body> }, json === null ? exchange : { ...exchange, bodyBytes: json.bytes });
      if (spec.answer.kind === 'json') return sendJson(response, spec.answer.status, spec.answer.schema, reply as JsonReply<unknown>);
      if (spec.answer.kind === 'content') return sendContent(response, spec.answer.status, reply as ContentReply);
      if (spec.answer.kind === 'empty') return sendEmpty(response, spec.answer.status, reply as EmptyReply);
      if (spec.answer.kind === 'events') return sendEvents(request, response, reply as EventsReply, dependencies.isDraining);
      if ('accepted' in reply && spec.answer.accepted !== undefined) return sendJson(response, 202, spec.answer.accepted.schema, { ...(reply as AcceptedReply<unknown>), status: 202 });
      return sendBytes(request, response, spec.answer.status, reply as BytesReply);
    },
  };
}

const NOTHING = z.strictObject({});
const MAX_FAULTS = 50;
const MAX_DETAIL = 300;

/** @throws REQUEST_INVALID with a pointer to everything that is wrong */
export function parse<Schema extends z.ZodType>(schema: Schema | null, value: unknown, at: string): z.output<Schema> | undefined {
  if (schema === null) return undefined;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.slice(0, MAX_FAULTS).map(({ path, message }) => ({ pointer: `${at}${path.map((key) => `/${escapePointer(String(key))}`).join('')}`, detail: message.slice(0, MAX_DETAIL) }));
  throw new GatewayError('REQUEST_INVALID', 'The request is not as the API description asks: see "errors"', { faults });
}

/** RFC 6901 §3. */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1').slice(0, 100);
}

/** One value a name: which of two would count is not for us to guess. */
function queryOf(request: Request): Record<string, string> {
  const parameters = new URL(request.url, 'http://gateway').searchParams;
  const twice = [...parameters.keys()].find((name, index, names) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new GatewayError('REQUEST_INVALID', 'A query parameter was given twice', { faults: [{ pointer: `/query/${escapePointer(twice)}`, detail: 'was given twice' }] });
  return Object.fromEntries(parameters);
}

import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { GatewayProblem } from '../client/index.ts';
import { readBody, type Handle } from './listen.ts';

export interface Answer {
  readonly status?: number;
  readonly mediaType?: string;
  readonly body: string | Uint8Array;
}

export interface Call {
  /** Parts of the path in braces. */
  readonly params: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly body: Uint8Array;
}

export interface SandboxRoute {
  readonly method: 'GET' | 'POST';
  /** `/cases/{code}` */
  readonly path: string;
  readonly run: (call: Call) => Answer | Promise<Answer>;
}

/** Something the caller asked for that cannot be done; shown as it is. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MAX_BODY_BYTES = 1024 * 1024;

/** The few routes of a sandbox system; JSON errors, and what the gateway refused is handed on with its status. */
export function routed(routes: readonly SandboxRoute[]): Handle {
  return async (request, response) => {
    const { status = 200, mediaType = 'application/json; charset=utf-8', body } = await answer(routes, request).catch(asAnswer);
    response.writeHead(status, { 'content-type': mediaType, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' }).end(body);
  };
}

async function answer(routes: readonly SandboxRoute[], request: IncomingMessage): Promise<Answer> {
  const { pathname } = new URL(request.url ?? '/', 'http://sandbox');
  const matching = routes.flatMap((route) => {
    const params = match(route.path, pathname);
    return params === null ? [] : [{ route, params }];
  });
  const found = matching.find(({ route }) => route.method === request.method);
  if (found === undefined) throw new Refusal(matching.length > 0 ? 405 : 404, matching.length > 0 ? 'Not with this method' : 'No such path');
  const body = await readBody(request, MAX_BODY_BYTES);
  if (body === null) throw new Refusal(413, `At most ${MAX_BODY_BYTES} bytes`);
  return found.route.run({ params: found.params, headers: request.headers, body });
}

function match(pattern: string, path: string): Record<string, string> | null {
  const names = pattern.split('/');
  const values = path.split('/');
  if (names.length !== values.length) return null;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const value = values[index] ?? '';
    if (name.startsWith('{') && !/%(?![0-9a-f]{2})/i.test(value)) params[name.slice(1, -1)] = decodeURIComponent(value);
    else if (name !== value) return null;
  }
  return params;
}

/** Bugs and lost connections are not answers: `listen` tells them as 500. */
function asAnswer(error: unknown): Answer {
  if (error instanceof Refusal) return json({ error: error.message }, error.status);
  if (error instanceof GatewayProblem) return json({ error: error.message, problem: error.problem }, error.problem.status);
  throw error;
}

export function json(value: unknown, status = 200): Answer {
  return { status, body: `${JSON.stringify(value)}\n` };
}

export function pdf(bytes: Uint8Array): Answer {
  return { mediaType: 'application/pdf', body: bytes };
}

/** An empty body counts as an empty object. @throws Refusal 400 */
export function bodyAs<Schema extends z.ZodType>(schema: Schema, { body }: Call): z.output<Schema> {
  let value: unknown;
  try {
    value = body.length === 0 ? {} : JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Refusal(400, parsed.error.issues.map(({ path, message }) => `/${path.join('/')}: ${message}`).join('; '));
}

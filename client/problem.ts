import type { Schemas } from './generated/api.ts';

/** RFC 9457 problem details with the gateway's members. */
export type Problem = Schemas['Problem'];

/** The gateway said no, or something before it did. Decide by `code`; `retryable` says whether the same call may succeed later. */
export class GatewayProblem extends Error {
  override readonly name = 'GatewayProblem';
  readonly problem: Problem;
  /** Milliseconds until another try is useful, when that was said. */
  readonly retryAfterMs: number | undefined;

  constructor(call: string, problem: Problem, retryAfterMs?: number) {
    super(`${call}: ${problem.status} ${problem.code}: ${problem.detail}`);
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  get code(): Problem['code'] {
    return this.problem.code;
  }

  get status(): number {
    return this.problem.status;
  }

  get retryable(): boolean {
    return this.problem.retryable;
  }
}

const MAX_PROBLEM_BYTES = 256 * 1024;
/** Statuses under which a proxy in between says "later", without a problem of the gateway's own. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 502, 503, 504]);

/** @param call method and path, for the message */
export async function problemOf(response: Response, call: string, now: Date): Promise<GatewayProblem> {
  const { status, headers } = response;
  const found = parse(await cappedText(response));
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), now);
  if (found !== null) return new GatewayProblem(call, found, retryAfterMs);
  const detail = `answered ${headers.get('content-type') ?? 'nothing'} instead of a problem`;
  return new GatewayProblem(call, { type: 'about:blank', title: 'Not an answer of the gateway', status, detail, code: 'UNKNOWN', origin: 'gateway', retryable: LATER.has(status), errors: [], traceId: '' }, retryAfterMs);
}

async function cappedText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of response.body ?? []) {
    text += decoder.decode(bytes as Uint8Array, { stream: true });
    if (text.length > MAX_PROBLEM_BYTES) return ''; // leaving the loop ends the transfer
  }
  return text;
}

function parse(text: string): Problem | null {
  try {
    const value: unknown = JSON.parse(text);
    const is = typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string' && 'retryable' in value && typeof value.retryable === 'boolean' && 'status' in value;
    return is ? (value as Problem) : null;
  } catch {
    return null; // no problem document: the caller says so
  }
}

/** Seconds or a date (RFC 9110 §10.2.3). */
function readRetryAfter(text: string | null, now: Date): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}

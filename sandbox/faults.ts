import type { ServerResponse } from 'node:http';
import { z } from 'zod';

/** How one kind of call goes wrong. The two halves are independent: what the caller sees, and what happens all the same. */
export const fault = z.strictObject({
  /**
   * `right`: the right answer. `status`: an HTTP error. `html`: 200 with a page. `hang`: none. `reset`: the connection is cut. `truncated`: half
   * of the right one. `undocumented`: well-formed, with a `Status` nobody documented.
   */
  answer: z.enum(['right', 'status', 'html', 'hang', 'reset', 'truncated', 'undocumented']),
  /** Whether the call takes effect: not at all, before the answer, or `delayMs` after it. */
  effect: z.enum(['none', 'done', 'late']).default('done'),
  /** For `status`. */
  status: z.int().min(400).max(599).default(500),
  /** Before the answer, and before a late effect. */
  delayMs: z.int().min(0).max(600_000).default(0),
});
export type Fault = z.input<typeof fault>;

/** Per kind of call: set a property to spoil every later one, or to a function that decides call by call; null mends it. */
export type FaultsOf<Call extends string> = { [K in Call]: Fault | null | (() => Fault | null) };

export function faultOf<Call extends string>(faults: FaultsOf<Call>, call: Call): z.output<typeof fault> | null {
  const set = faults[call];
  const now = typeof set === 'function' ? set() : set;
  return now === null ? null : fault.parse(now);
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Writes the answer as the fault wants it. */
export function writeAnswer(response: ServerResponse, right: JsonAnswer, kind: z.output<typeof fault> | null): void {
  switch (kind?.answer) {
    case 'hang':
      return;
    case 'reset':
      return void response.socket?.resetAndDestroy();
    case 'status':
      return void response.writeHead(kind.status, { 'content-type': 'text/plain; charset=utf-8', 'retry-after': '7' }).end('Lỗi hệ thống\n');
    case 'html':
      return void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>Bảo trì</title><p>Hệ thống đang bảo trì.</p>');
    case 'truncated':
      return truncate(response, right);
    default:
      return writeJson(response, kind?.answer === 'undocumented' ? { status: 200, body: { Status: 777, Message: 'Đang xử lý' } } : right);
  }
}

function writeJson(response: ServerResponse, { status, body, headers = {} }: JsonAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(JSON.stringify(body));
}

function truncate(response: ServerResponse, { status, body }: JsonAnswer): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'content-length': text.length });
  response.write(text.subarray(0, text.length >> 1), () => response.destroy());
}

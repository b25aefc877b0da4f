import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import { EVENT_STATUSES } from '../../src/domain/postal-state.ts';

/** A carrier described by a file: what to send, how to read the answer. Values in templates: see `values.ts`. */

/** RFC 6901 JSON pointer into an answer. */
const pointer = z.string().regex(/^(\/([^~/]|~[01])*)*$/).max(200);
const statuses = z.array(z.int().min(200).max(599)).min(1).max(20);
/** Which answers mean something: by HTTP status and, where given, by a value in the body. */
const condition = z.strictObject({ status: statuses, pointer: pointer.optional(), equals: z.array(z.union([z.string(), z.number(), z.boolean()])).max(50).optional() });
export type Condition = z.output<typeof condition>;

const path = z.string().regex(/^\/[^\s#]*$/).max(500);
const call = {
  method: z.enum(['GET', 'POST']),
  path,
  /** Sent as JSON; texts may hold `{name}`s. */
  body: z.json().optional(),
  text: pointer.optional(),
};
const action = z.strictObject({ ...call, accepted: condition, rejected: condition.optional(), trackingNumber: pointer.optional() });
export type Action = z.output<typeof action>;

const find = z.strictObject({ ...call, found: condition, notFound: condition, trackingNumber: pointer.optional() });
export type Find = z.output<typeof find>;

const quote = z.strictObject({ ...call, quoted: condition, service: z.string().min(1).max(50), totalVnd: pointer, postageVnd: pointer.optional(), surchargesVnd: pointer.optional() });
export type Quote = z.output<typeof quote>;

const feed = z.strictObject({
  /** Holds `{cursor}`. */
  path: path.refine((text) => text.includes('{cursor}'), 'must hold {cursor}'),
  firstCursor: z.string().max(200),
  items: pointer,
  id: pointer,
  orderNumber: pointer,
  code: pointer,
  text: pointer.optional(),
  trackingNumber: pointer.optional(),
  /** ISO 8601 with a zone, or milliseconds since 1970. */
  occurredAt: pointer,
  /**
   * Events of a Vietnamese day, in the same form: holds `{day}` (ISO date) or `{from}` and `{to}` (ISO 8601 instants, `to` excluded), and
   * `{cursor}` where it comes in pages. Left out: the carrier cannot be asked by day.
   */
  dayPath: path.refine((text) => text.includes('{day}') || (text.includes('{from}') && text.includes('{to}')), 'must hold {day}, or {from} and {to}').optional(),
});
export type Feed = z.output<typeof feed>;

const mapping = z.strictObject({
  /** For people. */
  title: z.string().min(1).max(100),
  provenAgainst: z.enum(['own-sandbox', 'carrier-test-system', 'carrier']),
  /** Headers of every call; `{secret}` is the account's secret. */
  headers: z.record(z.string().regex(/^[a-z0-9-]{1,60}$/), z.string().max(500)),
  place: action,
  cancel: action.optional(),
  /** The order as it is to be, an address changed. */
  correct: action.optional(),
  quote: quote.optional(),
  find: find.optional(),
  feed: feed.optional(),
  /** `NOTED`: the carrier explained the code, and it says nothing about where the parcel is. */
  statuses: z.record(z.string().max(100), z.enum(EVENT_STATUSES).exclude(['UNKNOWN'])),
  /** Official code → the carrier's; an address outside it is not sent. Left out: any, and the official code is sent. */
  provinces: z.record(z.string(), z.string()).optional(),
  communes: z.record(z.string(), z.string()).optional(),
  maxCodVnd: z.int().nonnegative().optional(),
});
export type Mapping = z.output<typeof mapping>;

/** @throws CONFIG_INVALID naming the field */
export function readMapping(json: unknown): Mapping {
  const parsed = mapping.safeParse(json);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: at, message }) => ({ pointer: `/${at.join('/')}`, detail: message }));
  throw new GatewayError('CONFIG_INVALID', 'The mapping of the carrier is not right', { faults });
}

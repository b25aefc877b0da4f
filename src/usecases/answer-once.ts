import { canonicalSha256 } from '../formats/canonical-json.ts';
import type { Clock } from '../ports/clock.ts';
import type { IdempotentRequest } from '../ports/idempotency-records.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import type { Sealing } from '../ports/sealing.ts';
import type { Call, Once } from './call.ts';

export interface OncePorts {
  readonly records: Records;
  readonly sealing: Sealing;
  readonly clock: Clock;
}

export interface OnceRequest {
  /** Method and route, such as `POST /v1/dossiers`. */
  readonly operation: string;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Everything that makes two requests the same: path parameters, body, digests. JSON types only. */
  readonly input: unknown;
}

/** How long an answer is kept, and a request may be repeated. */
export const ANSWERS_KEPT_MS = 90 * 24 * 3_600_000;
/** Longer than any request of one transaction; a claim disappears with its transaction anyway. */
const TRANSACTION_LEASE_MS = 60_000;
/** Longer than the longest signature, whose time limit is half of it. */
export const LEASE_MS = 600_000;

/**
 * Does `work` once for each `Idempotency-Key` of a partner: effect and answer are recorded in one transaction, or neither is. A second
 * request at the same time waits for the first. Failures are not stored: they recorded nothing, and the same key may be tried again.
 * @param work records, and does nothing else
 * @throws IDEMPOTENCY_KEY_REUSED; IDEMPOTENCY_IN_PROGRESS; what `work` throws
 */
export async function answerOnce<Body>(ports: OncePorts, call: Call, request: OnceRequest, work: (records: RecordSet) => Promise<Body>): Promise<Once<Body>> {
  const key = keyOf(call, request);
  return ports.records.transaction(async (records) => {
    if (key === null) return { body: await work(records), replayed: false };
    const stored = await claim(ports, records, key, TRANSACTION_LEASE_MS);
    if (stored !== null) return { body: JSON.parse(stored) as Body, replayed: true };
    const body = await work(records);
    await complete(ports, records, key, request.status, body);
    return { body, replayed: false };
  });
}

/**
 * The same for work that lasts and cannot be rolled back: the key is claimed for ten minutes, so that a crash never leaves it stuck;
 * `work` records its effect in a transaction of its own and calls `recordAnswer` in it.
 * @throws IDEMPOTENCY_KEY_REUSED; IDEMPOTENCY_IN_PROGRESS; what `work` throws, after giving the key back
 */
export async function answerOnceLeased<Body>(
  ports: OncePorts,
  call: Call,
  request: OnceRequest,
  work: (recordAnswer: (records: RecordSet, body: Body) => Promise<void>) => Promise<Body>,
): Promise<Once<Body>> {
  const key = keyOf(call, request);
  if (key === null) return { body: await work(() => Promise.resolve()), replayed: false };
  const stored = await claim(ports, ports.records, key, LEASE_MS);
  if (stored !== null) return { body: JSON.parse(stored) as Body, replayed: true };
  try {
    return { body: await work((records, body) => complete(ports, records, key, request.status, body)), replayed: false };
  } catch (error) {
    await ports.records.idempotency.release(key).catch(() => undefined); // the lease ends by itself, and the first failure is what counts
    throw error;
  }
}

function keyOf({ caller, idempotencyKey }: Call, { operation, input }: OnceRequest): IdempotentRequest | null {
  if (idempotencyKey === null) return null;
  return { partnerId: caller.partnerId, key: idempotencyKey, operation, requestSha256: canonicalSha256(input) };
}

/** Null: claimed; otherwise the answer that is stored, JSON. */
async function claim({ clock, sealing }: OncePorts, records: RecordSet, key: IdempotentRequest, leaseMs: number): Promise<string | null> {
  const now = clock.now();
  const result = await records.idempotency.claim(key, now, new Date(now.getTime() + leaseMs), new Date(now.getTime() + ANSWERS_KEPT_MS));
  if (result.outcome === 'claimed') return null;
  return new TextDecoder().decode(sealing.open(result.answer.bodySealed, contextOf(key)));
}

async function complete({ sealing }: OncePorts, records: RecordSet, key: IdempotentRequest, status: number, body: unknown): Promise<void> {
  const bodySealed = sealing.seal(new TextEncoder().encode(JSON.stringify(body)), contextOf(key));
  await records.idempotency.complete(key, { status, bodySealed });
}

function contextOf({ partnerId, key }: IdempotentRequest): string {
  return `idempotency:${partnerId}:${key}`;
}

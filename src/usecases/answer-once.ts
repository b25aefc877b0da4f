import { GatewayError } from '../domain/errors.ts';
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
  /** How long the answer is kept. Default: 90 days. */
  readonly keptMs?: number;
}

/** How long an answer is kept, and a request may be repeated. */
export const ANSWERS_KEPT_MS = 90 * 24 * 3_600_000;
/** Longer than any request of one transaction; a claim disappears with its transaction anyway. */
const TRANSACTION_LEASE_MS = 60_000;
/** How long a key stays claimed after its process has died; renewed three times in that while it lives. */
export const LEASE_MS = 30_000;

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
    const claimed = await claim(ports, records, key, TRANSACTION_LEASE_MS, request.keptMs);
    if ('stored' in claimed) return { body: JSON.parse(claimed.stored) as Body, replayed: true };
    const body = await work(records);
    await complete(ports, records, { key, holder: claimed.holder }, request.status, body);
    return { body, replayed: false };
  });
}

/**
 * The same for work that lasts and cannot be rolled back: the claim is renewed while `work` runs, so that a crash leaves the key claimed for
 * half a minute only. `work` records its effect in a transaction of its own and calls `recordAnswer` in it; that fails where the process was
 * held up for so long that another took the key over, and nothing of the first one's effect is recorded then.
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
  const claimed = await claim(ports, ports.records, key, LEASE_MS, request.keptMs);
  if ('stored' in claimed) return { body: JSON.parse(claimed.stored) as Body, replayed: true };
  const held: HeldKey = { key, holder: claimed.holder };
  const done = new AbortController();
  keepClaim(ports, held, done.signal).catch(() => undefined); // ends when the work does
  try {
    return { body: await work((records, body) => complete(ports, records, held, request.status, body)), replayed: false };
  } catch (error) {
    await ports.records.idempotency.release(key, held.holder).catch(() => undefined); // the lease ends by itself, and the first failure is what counts
    throw error;
  } finally {
    done.abort();
  }
}

interface HeldKey {
  readonly key: IdempotentRequest;
  readonly holder: string;
}

/** A database that is away for a moment is no reason to stop: whether the claim was lost meanwhile is seen when the answer is recorded. */
async function keepClaim({ records, clock }: OncePorts, { key, holder }: HeldKey, done: AbortSignal): Promise<void> {
  let isHeld = true;
  while (isHeld) {
    await clock.sleep(LEASE_MS / 3, done);
    isHeld = await records.idempotency.renew(key, holder, new Date(clock.now().getTime() + LEASE_MS)).catch(() => true);
  }
}

function keyOf({ caller, idempotencyKey }: Call, { operation, input }: OnceRequest): IdempotentRequest | null {
  if (idempotencyKey === null) return null;
  return { partnerId: caller.partnerId, key: idempotencyKey, operation, requestSha256: canonicalSha256(input) };
}

/** Who holds the key from now on, or the answer that is stored, JSON. */
async function claim({ clock, sealing }: OncePorts, records: RecordSet, key: IdempotentRequest, leaseMs: number, keptMs = ANSWERS_KEPT_MS): Promise<{ readonly holder: string } | { readonly stored: string }> {
  const now = clock.now();
  const result = await records.idempotency.claim(key, now, new Date(now.getTime() + leaseMs), new Date(now.getTime() + keptMs));
  if (result.outcome === 'claimed') return { holder: result.holder };
  return { stored: new TextDecoder().decode(sealing.open(result.answer.bodySealed, contextOf(key))) };
}

async function complete({ sealing }: OncePorts, records: RecordSet, { key, holder }: HeldKey, status: number, body: unknown): Promise<void> {
  const bodySealed = sealing.seal(new TextEncoder().encode(JSON.stringify(body)), contextOf(key));
  if (await records.idempotency.complete(key, holder, { status, bodySealed })) return;
  throw new GatewayError('IDEMPOTENCY_IN_PROGRESS', 'This request was held up for so long that another with its Idempotency-Key took over: nothing of this one was released; send it again for the answer of the other', { retryAfterMs: 1_000 });
}

function contextOf({ partnerId, key }: IdempotentRequest): string {
  return `idempotency:${partnerId}:${key}`;
}

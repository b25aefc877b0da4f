import type { Caller } from '../domain/partner.ts';

/** What every use case of the HTTP API is told about the request beside its input. */
export interface Call {
  readonly caller: Caller;
  /** `Idempotency-Key` as sent, without quotes; null: the caller sent none. */
  readonly idempotencyKey: string | null;
  /** W3C Trace Context, to be stored with what leaves later; null: none came. */
  readonly traceparent: string | null;
}

/** An effect recorded now, or the stored answer to the same request made earlier. */
export interface Once<Body> {
  readonly body: Body;
  readonly replayed: boolean;
}

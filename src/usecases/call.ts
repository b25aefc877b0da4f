import type { Caller } from '../domain/partner.ts';

/** What every use case of the HTTP API is told about the request beside its input. */
export interface Call {
  readonly caller: Caller;
  /** `Idempotency-Key` as sent, without quotes; null: the caller sent none. */
  readonly idempotencyKey: string | null;
  /** W3C Trace Context, to be stored with what leaves later; null: none came. */
  readonly traceparent: string | null;
  /** How the caller signed the request with a key of its own (RFC 9421), already checked; absent: it did not. */
  readonly proof?: RequestProof | null;
}

export interface RequestProof {
  readonly algorithm: string;
  readonly keyId: string;
  /** SubjectPublicKeyInfo. */
  readonly spkiDer: Uint8Array;
  /** What was signed (RFC 9421 §2.5). */
  readonly base: Uint8Array;
  readonly value: Uint8Array;
}

/** An effect recorded now, or the stored answer to the same request made earlier. */
export interface Once<Body> {
  readonly body: Body;
  readonly replayed: boolean;
}

import type { PartnerId } from '../domain/ids.ts';

export interface IdempotentRequest {
  readonly partnerId: PartnerId;
  /** As sent in `Idempotency-Key`, at most 255 characters. */
  readonly key: string;
  /** Method and route, such as `POST /v1/dossiers`. */
  readonly operation: string;
  readonly requestSha256: string;
}

export interface StoredAnswer {
  readonly status: number;
  /** JSON text, sealed. */
  readonly bodySealed: Uint8Array;
}

export type Claim = { readonly outcome: 'claimed'; readonly holder: string } | { readonly outcome: 'answered'; readonly answer: StoredAnswer };

/**
 * Answers of POSTs by key, kept at least 90 days. A claim made inside a transaction disappears with it; one made outside holds
 * for a lease, so that a crash never leaves a key stuck.
 */
export interface IdempotencyRecords {
  /**
   * @throws IDEMPOTENCY_KEY_REUSED when the key was used with another operation or body; IDEMPOTENCY_IN_PROGRESS while another
   * request with it runs.
   */
  claim(request: IdempotentRequest, now: Date, leaseUntil: Date, expiresAt: Date): Promise<Claim>;
  /** Stores the answer of whoever holds the claim; false when another has taken it over. */
  complete(request: IdempotentRequest, holder: string, answer: StoredAnswer): Promise<boolean>;
  /** Puts off the end of a claim that is still held; false when it is not. */
  renew(request: IdempotentRequest, holder: string, leaseUntil: Date): Promise<boolean>;
  /** Gives a claim back after a failure that recorded nothing, so that the same key may be tried again. */
  release(request: IdempotentRequest, holder: string): Promise<void>;
  removeExpired(now: Date, limit: number): Promise<number>;
}

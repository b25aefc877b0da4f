/** What goes over the wire. */
export interface WireRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

/** What came back: an HTTP status and the body as UTF-8 text. */
export interface WireAnswer {
  readonly status: number;
  readonly body: string;
  /** From Retry-After, when it named a number of seconds. */
  readonly retryAfterMs: number | null;
}

/** How one exchange ended. `lost`: bytes left, and no whole answer came back. */
export type Exchange = { readonly kind: 'answer'; readonly answer: WireAnswer } | { readonly kind: 'lost'; readonly why: string };

export interface ExchangeOptions {
  /** Whose service it is, for the words of an error. */
  readonly name: string;
  /** From the call to the last byte. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One HTTP exchange whose caller learns whether bytes left: for requests that must not be repeated. No retry, no redirect, an end in time.
 * @throws CARRIER_UNAVAILABLE, CANCELLED when it is certain that nothing was sent
 */
export type HttpExchange = (wire: WireRequest, options: ExchangeOptions) => Promise<Exchange>;

/** A time-stamping authority reached over some transport (RFC 3161 §3). Carries bytes; building and checking them is `formats/tsp`. */
export interface TimestampAuthority {
  /** For messages and metrics; no credentials. */
  readonly name: string;
  /**
   * Sends a DER TimeStampReq and returns the DER TimeStampResp, unread.
   * @throws TSA_UNAVAILABLE (no answer, time-out, HTTP error), TSA_ANSWER_INVALID (wrong content type, too large), CANCELLED
   */
  exchange(requestDer: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
}

/** Randomness. `bytes` are fit for keys and nonces; `uuid` is version 7 (RFC 9562 §5.7), so that ids sort by time. */
export interface Chance {
  bytes(count: number): Uint8Array;
  uuid(): string;
  /** Uniform in [0, 1), for jitter. */
  fraction(): number;
}

/** Randomness. `bytes` are fit for keys and nonces; `uuid` is version 7 (RFC 9562 §5.7): ids sort by time, those of one source in the order in which they were made. */
export interface Chance {
  bytes(count: number): Uint8Array;
  uuid(): string;
  /** Uniform in [0, 1), for jitter. */
  fraction(): number;
}

/** Time, and waiting. The only source of both: frozen in tests, simulated in the simulation. */
export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or rejects with GatewayError CANCELLED as soon as `signal` aborts. Never keeps the process alive by itself. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

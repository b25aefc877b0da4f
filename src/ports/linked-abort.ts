export interface LinkedAbort {
  /** Aborts when any of the signals does, or `abort` is called. */
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Lets go of the signals: to be called when the work is over. */
  unlink(): void;
}

/**
 * `AbortSignal.any` for work that comes and goes under a signal that lives as long as the process: on Node.js 20 each composite that was
 * listened to stays in memory until its sources abort (some 1.2 KB a delivery).
 */
export function linkedAbort(...signals: readonly AbortSignal[]): LinkedAbort {
  const controller = new AbortController();
  const links = signals.map((source) => ({ source, follow: () => controller.abort(source.reason) }));
  for (const { source, follow } of links) {
    if (source.aborted) follow();
    else source.addEventListener('abort', follow, { once: true });
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    unlink: () => {
      for (const { source, follow } of links) source.removeEventListener('abort', follow);
    },
  };
}

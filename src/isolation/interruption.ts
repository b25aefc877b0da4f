import { GatewayError } from '../domain/errors.ts';
import type { Budget } from '../ports/isolation.ts';

export interface Interruption {
  /** Aborts at the deadline, or when the caller's signal does. */
  readonly signal: AbortSignal;
  /** What to tell the caller after `signal` has aborted. */
  error(hasStarted: boolean): GatewayError;
  dispose(): void;
}

/** One signal out of the two things that can end a task from outside. */
export function interruptionOf({ deadlineMs, signal }: Budget): Interruption {
  const controller = new AbortController();
  const cancel = (): void => controller.abort('cancelled');
  const timer = setTimeout(() => controller.abort('deadline'), deadlineMs);
  if (signal?.aborted === true) cancel();
  else signal?.addEventListener('abort', cancel, { once: true });
  return {
    signal: controller.signal,
    error: (hasStarted) => {
      if (controller.signal.reason === 'cancelled') return new GatewayError('CANCELLED', 'The work was cancelled', { cause: signal?.reason });
      return hasStarted
        ? new GatewayError('BUDGET_EXCEEDED', `Reading the document took longer than the ${deadlineMs} ms that are allowed`)
        : new GatewayError('OVERLOADED', 'The gateway is too busy to begin this work in time: try again', { retryAfterMs: deadlineMs });
    },
    dispose: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', cancel);
    },
  };
}

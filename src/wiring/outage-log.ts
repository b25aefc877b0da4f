import { isGatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Attributes, Log } from '../ports/telemetry.ts';

export interface OutageLog {
  failed(error: unknown): void;
  worked(): void;
}

const SAY_AGAIN_MS = 10 * 60_000;

/**
 * What is said of work that comes round and depends on others: their outage when it begins, every ten minutes and when it ends, as
 * warnings; what is ours to mend is an error each time.
 */
export function outageLog({ clock, log }: { readonly clock: Clock; readonly log: Log }, event: string, fields: Attributes): OutageLog {
  let since: number | null = null;
  let said = 0;
  return {
    failed(error) {
      if (!isGatewayError(error) || !error.retryable) return log.error(event, error, fields);
      const now = clock.now().getTime();
      if (since !== null && now - said < SAY_AGAIN_MS) return;
      since ??= now;
      said = now;
      log.warn(event, { ...fields, code: error.code, detail: error.message, forMs: now - since });
    },
    worked() {
      if (since !== null) log.info(`${event}.over`, { ...fields, forMs: clock.now().getTime() - since });
      since = null;
    },
  };
}

import { isGatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { Metrics } from '../ports/telemetry.ts';
import type { TimestampHealth } from '../usecases/check-readiness.ts';
import { timed } from '../usecases/timed.ts';

export interface WatchedAuthorities {
  readonly authorities: readonly TimestampAuthority[];
  readonly health: () => TimestampHealth;
}

/** Notes how asking the authorities goes, for readiness and metrics; whether a token is good is not judged here. */
export function watchAuthorities(authorities: readonly TimestampAuthority[], clock: Clock, metrics?: Metrics): WatchedAuthorities {
  let lastSuccessAt: Date | null = null;
  let lastFailureAt: Date | null = null;
  const watched = authorities.map(
    (authority): TimestampAuthority => ({
      name: authority.name,
      exchange: async (requestDer, signal) => {
        try {
          const answer = await timed({ clock, metrics }, 'timestamp', () => authority.exchange(requestDer, signal), () => 'ok');
          lastSuccessAt = clock.now();
          return answer;
        } catch (error) {
          if (!isGatewayError(error, 'CANCELLED')) lastFailureAt = clock.now();
          throw error;
        }
      },
    }),
  );
  return { authorities: watched, health: () => ({ authorities: authorities.length, lastSuccessAt, lastFailureAt }) };
}

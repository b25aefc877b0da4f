import { isGatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { TimestampHealth } from '../usecases/check-readiness.ts';

export interface WatchedAuthorities {
  readonly authorities: readonly TimestampAuthority[];
  readonly health: () => TimestampHealth;
}

/** Notes how asking the authorities goes, for readiness; whether a token is good is not judged here. */
export function watchAuthorities(authorities: readonly TimestampAuthority[], clock: Clock): WatchedAuthorities {
  let lastSuccessAt: Date | null = null;
  let lastFailureAt: Date | null = null;
  const watched = authorities.map(
    (authority): TimestampAuthority => ({
      name: authority.name,
      exchange: async (requestDer, signal) => {
        try {
          const answer = await authority.exchange(requestDer, signal);
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

import { GatewayError } from '../domain/errors.ts';
import type { Clock } from './clock.ts';

export interface FetchedToken {
  /** Whole value of the header that carries it; a secret. */
  readonly authorization: string;
  readonly expiresInMs: number;
}

/** A token is not used in its last seconds: it would expire on the way. */
const MARGIN_MS = 30_000;

export interface KeptToken {
  /** Value of the header that carries it. */
  get(): Promise<string>;
  /** Forgets `authorization`, if it is still the one kept: whoever sees a 401 first renews it, the others take the new one. */
  drop(authorization: string): void;
}

/** Keeps the access token until it expires; callers that need one at the same time wait for the same request. */
export function keptToken(fetchToken: () => Promise<FetchedToken>, clock: Clock): KeptToken {
  let kept: { readonly authorization: string; readonly until: number } | null = null;
  let underWay: Promise<string> | null = null;
  const renew = async (): Promise<string> => {
    const asked = clock.now().getTime();
    const { authorization, expiresInMs } = await fetchToken();
    kept = { authorization, until: asked + expiresInMs - Math.min(MARGIN_MS, expiresInMs / 2) };
    return authorization;
  };
  return {
    async get() {
      if (kept !== null && clock.now().getTime() < kept.until) return kept.authorization;
      underWay ??= renew().finally(() => (underWay = null));
      return underWay;
    },
    drop(authorization) {
      if (kept?.authorization === authorization) kept = null;
    },
  };
}

/** Waits for the token no longer than the caller does; the request for it goes on for the others. @throws CANCELLED */
export async function tokenBefore(tokens: KeptToken, signal: AbortSignal | undefined): Promise<string> {
  const cancelled = (): GatewayError => new GatewayError('CANCELLED', 'The call was cancelled before it began', { cause: signal?.reason });
  if (signal?.aborted === true) throw cancelled();
  if (signal === undefined) return tokens.get();
  let leave: (() => void) | undefined;
  const abort = new Promise<never>((_resolve, reject) => {
    leave = () => reject(cancelled());
    signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([tokens.get(), abort]);
  } finally {
    if (leave !== undefined) signal.removeEventListener('abort', leave);
  }
}

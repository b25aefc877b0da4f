import { GatewayError } from '../domain/errors.ts';

/** How a login ended: `refused`, the token says that the PIN is wrong; `untried`, it certainly did not get to judge it. */
export type LoginOutcome = 'accepted' | 'refused' | 'untried';

export interface PinFailures {
  /** Which token, as `<label>#<serial number>`. */
  readonly token: string;
  readonly failures: number;
  readonly lastAttemptAt: Date;
}

/**
 * Counts wrong PINs of each token for all processes together, since a token locks itself for ever after a few. Decides whether a login may be
 * tried; knows no PIN.
 */
export interface PinGuard {
  /**
   * Runs `login` while no other process logs in to `token`, and keeps what came of it. The attempt is counted before `login` runs and taken
   * back when it was accepted or not tried, so that a crash in between counts; acceptance sets the count to nought.
   * @returns how `login` ended
   * @throws HSM_LOGIN_FAILED without running `login` once `MOST_PIN_FAILURES` stand; SIGNER_UNAVAILABLE when another process holds the login
   *   too long; DATABASE_UNAVAILABLE; what `login` throws, whose attempt then counts
   */
  attempt(token: string, login: () => Promise<LoginOutcome>): Promise<LoginOutcome>;
  /** Tokens whose last login did not succeed. */
  failures(): Promise<readonly PinFailures[]>;
  /** An operator's word that the PIN has been put right. @returns whether there was anything to forget */
  reset(token: string): Promise<boolean>;
}

/** Tokens lock after three at the earliest; the last try belongs to a person. */
export const MOST_PIN_FAILURES = 2;

/** What every implementation says when it lets nobody in. */
export function pinStopped(token: string): GatewayError {
  return new GatewayError('HSM_LOGIN_FAILED', `The key device ${token} refused its PIN or did not answer ${MOST_PIN_FAILURES} times: nobody tries again until an operator has checked the PIN and reset the count`);
}

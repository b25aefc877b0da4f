import { MOST_PIN_FAILURES, pinStopped, type PinGuard } from './pin-guard.ts';

/**
 * A count that lives as long as this process: for the command line, which has no database and whose user sees each refusal.
 * A gateway of several processes needs the one in PostgreSQL.
 */
export function processPinGuard(now: () => Date): PinGuard {
  const counts = new Map<string, { readonly failures: number; readonly lastAttemptAt: Date }>();
  let before: Promise<unknown> = Promise.resolve();
  const attempt: PinGuard['attempt'] = async (token, login) => {
    const failures = counts.get(token)?.failures ?? 0;
    if (failures >= MOST_PIN_FAILURES) throw pinStopped(token);
    counts.set(token, { failures: failures + 1, lastAttemptAt: now() });
    const outcome = await login();
    if (outcome !== 'refused') counts.set(token, { failures: outcome === 'accepted' ? 0 : failures, lastAttemptAt: now() });
    return outcome;
  };
  return {
    attempt(token, login) {
      const turn = before.then(() => attempt(token, login));
      before = turn.catch(() => undefined);
      return turn;
    },
    failures: () => Promise.resolve([...counts].filter(([, { failures }]) => failures > 0).map(([token, count]) => ({ token, ...count }))),
    reset: (token) => Promise.resolve((counts.get(token)?.failures ?? 0) > 0 && counts.delete(token)),
  };
}

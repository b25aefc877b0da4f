/** The gateway's public keys, fetched when they are first needed and again when none of them verifies, at most once in a while. */
export interface WebhookKeySource {
  /** `whpk_…` */
  current(): Promise<readonly string[]>;
  /** Asked again, unless that was done a moment ago: a stream of forged pushes makes no stream of calls. */
  renewed(): Promise<readonly string[]>;
}

const RENEWED_AT_MOST_EVERY_MS = 10_000;

export function webhookKeysOf(fetchKeys: () => Promise<readonly string[]>, now: () => Date): WebhookKeySource {
  let keys: readonly string[] = [];
  let fetchedAt = Number.NEGATIVE_INFINITY;
  const renew = async (): Promise<readonly string[]> => {
    fetchedAt = now().getTime();
    keys = await fetchKeys();
    return keys;
  };
  return {
    current: async () => (keys.length > 0 ? keys : renew()),
    renewed: async () => (now().getTime() - fetchedAt < RENEWED_AT_MOST_EVERY_MS ? keys : renew()),
  };
}

import { webhookKeyList } from '../src/formats/api/webhook-keys.ts';
import { callGateway, type GatewayAccess } from './gateway-call.ts';

/** The gateway's public keys, fetched when they are first needed and again when none of them verifies, at most once in a while. */
export interface WebhookKeySource {
  /** `whpk_…` */
  current(): Promise<readonly string[]>;
  /** Asked again, unless that was done a moment ago. */
  renewed(): Promise<readonly string[]>;
}

const RENEWED_AT_MOST_EVERY_MS = 10_000;

export function webhookKeysOf(gateway: GatewayAccess, now: () => Date): WebhookKeySource {
  let keys: readonly string[] = [];
  let fetchedAt = Number.NEGATIVE_INFINITY;
  const fetchKeys = async (): Promise<readonly string[]> => {
    fetchedAt = now().getTime();
    const response = await callGateway(gateway, { method: 'GET', path: '/v1/webhook-keys' });
    keys = webhookKeyList.parse(await response.json()).keys.map(({ publicKey }) => publicKey);
    return keys;
  };
  return {
    current: async () => (keys.length > 0 ? keys : fetchKeys()),
    renewed: async () => (now().getTime() - fetchedAt < RENEWED_AT_MOST_EVERY_MS ? keys : fetchKeys()),
  };
}

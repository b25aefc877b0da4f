import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { PushKey } from '../../connectors/partner-rest/index.ts';
import { signingWebhookKeys, webhookKeyContext, type WebhookKeyPorts } from '../usecases/webhook-keys.ts';

const KEYS_REMEMBERED_MS = 10_000;

/** The gateway's own keys that sign what it pushes. Opened once a key; which ones sign is asked again every ten seconds, much sooner than any announcement ends. */
export function rememberPushKeys(ports: WebhookKeyPorts): () => Promise<readonly PushKey[]> {
  const opened = new Map<string, KeyObject>();
  let until = 0;
  let keys: readonly PushKey[] = [];
  const privateKeyOf = (id: string, sealed: Uint8Array): KeyObject => {
    const known = opened.get(id) ?? createPrivateKey({ key: Buffer.from(ports.sealing.open(sealed, webhookKeyContext(id))), format: 'der', type: 'pkcs8' });
    opened.set(id, known);
    return known;
  };
  return async () => {
    const now = ports.clock.now().getTime();
    if (now >= until) {
      keys = (await signingWebhookKeys(ports)).map(({ id, privateKeySealed }) => ({ id, privateKey: privateKeyOf(id, privateKeySealed) }));
      until = now + KEYS_REMEMBERED_MS;
    }
    return keys;
  };
}

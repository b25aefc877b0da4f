import type { Webhooks } from './generated/api.ts';
import type { MessageEnvelope } from './message-check.ts';
import { checkWebhook, type Webhook } from './webhook.ts';
import type { WebhookKeySource } from './webhook-keys.ts';

/** Not a push of the gateway's, or not one that can be read: answer 401 or 400 and keep nothing. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
  readonly status: 400 | 401;

  constructor(status: 400 | 401, why: string) {
    super(why);
    this.status = status;
  }
}

export interface WebhookReceiver {
  /** Who sent it and when, by every signature it has to carry; its body is not read. @returns webhook-id. @throws WebhookRefused */
  check(webhook: Webhook): Promise<string>;
  /** The message of a push, fetched when the push is thin. @throws WebhookRefused; GatewayProblem */
  receive(webhook: Webhook): Promise<MessageEnvelope>;
}

export interface ReceiverParts {
  readonly secret: string;
  readonly keys: WebhookKeySource;
  readonly fetchMessage: (messageId: string) => Promise<MessageEnvelope>;
  readonly now: () => Date;
}

export function webhookReceiver({ secret, keys, fetchMessage, now }: ReceiverParts): WebhookReceiver {
  const check = async (webhook: Webhook): Promise<string> => {
    const first = checkWebhook(webhook, { secret, publicKeys: await keys.current() }, now());
    const verdict = first.genuine ? first : checkWebhook(webhook, { secret, publicKeys: await keys.renewed() }, now());
    if (!verdict.genuine) throw new WebhookRefused(401, verdict.why);
    return verdict.id;
  };
  return {
    check,
    receive: async (webhook) => {
      const deliveryId = await check(webhook);
      const { data } = read(webhook);
      const message = 'links' in data ? await fetchMessage(data.messageId) : data;
      if (data.deliveryId !== deliveryId || message.deliveryId !== deliveryId) throw new WebhookRefused(400, 'webhook-id is not the id of the delivery');
      return message;
    },
  };
}

/** Believed once it was signed: the gateway describes what it sends. */
function read({ body }: Webhook): Webhooks['message'] {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new WebhookRefused(400, 'The body is not JSON in UTF-8');
  }
  const isPush = typeof value === 'object' && value !== null && 'data' in value && typeof value.data === 'object' && value.data !== null && 'messageId' in value.data && 'deliveryId' in value.data;
  if (!isPush) throw new WebhookRefused(400, 'The body is not a push of a message');
  return value as Webhooks['message'];
}

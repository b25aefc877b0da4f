import { webhookPayload } from '../src/formats/api/messages.ts';
import { MessageDamaged, type Mailbox } from './mailbox.ts';
import { bodyAs, json, Refusal, type Call, type SandboxRoute } from './router.ts';
import { checkWebhook, type WebhookVerdict } from './webhook.ts';
import type { WebhookKeySource } from './webhook-keys.ts';

export interface WebhookRouteOptions {
  /** null: this system pulls, and has no such address. */
  readonly secret: string | null;
  readonly keys: WebhookKeySource;
  readonly mailbox: Mailbox;
  readonly now: () => Date;
}

/**
 * `POST /webhooks`: the gateway's pushes, answered with the receipt once the papers are here and match. `GET /webhooks/{deliveryId}`: the
 * receipt of a delivery, or 404, for a gateway that lost the answer.
 */
export function webhookRoutes({ secret, keys, mailbox, now }: WebhookRouteOptions): readonly SandboxRoute[] {
  if (secret === null) return [];
  const check = ({ headers, body }: Call, publicKeys: readonly string[]): WebhookVerdict => checkWebhook({ headers, body }, { secret, publicKeys }, now());
  const checkGenuine = async (call: Call): Promise<string> => {
    const first = check(call, await keys.current());
    const verdict = first.genuine ? first : check(call, await keys.renewed());
    if (!verdict.genuine) throw new Refusal(401, `Not taken: ${verdict.why}`);
    return verdict.id;
  };
  return [
    {
      method: 'POST',
      path: '/webhooks',
      run: async (call) => {
        const id = await checkGenuine(call);
        const { data } = bodyAs(webhookPayload, call);
        if (data.deliveryId !== id) throw new Refusal(400, 'webhook-id is not the id of the delivery');
        return json(await mailbox.take(data).catch(refuseDamaged));
      },
    },
    {
      method: 'GET',
      path: '/webhooks/{deliveryId}',
      run: async (call) => {
        await checkGenuine(call);
        const receipt = mailbox.receiptOf(call.params['deliveryId'] ?? '');
        if (receipt === null) throw new Refusal(404, 'No such delivery');
        return json(receipt);
      },
    },
  ];
}

function refuseDamaged(error: unknown): never {
  if (error instanceof MessageDamaged) throw new Refusal(422, error.message);
  throw error;
}

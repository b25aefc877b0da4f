import { webhookPayload } from '../src/formats/api/messages.ts';
import { MessageDamaged, type Mailbox } from './mailbox.ts';
import { bodyAs, json, Refusal, type Call, type SandboxRoute } from './router.ts';
import { checkWebhook } from './webhook.ts';

export interface WebhookRouteOptions {
  /** null: this system pulls, and has no such address. */
  readonly secret: string | null;
  readonly mailbox: Mailbox;
  readonly now: () => Date;
}

/**
 * `POST /webhooks`: the gateway's pushes, answered with the receipt once the papers are here and match. `GET /webhooks/{deliveryId}`: the
 * receipt of a delivery, or 404, for a gateway that lost the answer.
 */
export function webhookRoutes({ secret, mailbox, now }: WebhookRouteOptions): readonly SandboxRoute[] {
  if (secret === null) return [];
  const checkGenuine = ({ headers, body }: Call): string => {
    const verdict = checkWebhook({ headers, body }, secret, now());
    if (!verdict.genuine) throw new Refusal(401, `Not taken: ${verdict.why}`);
    return verdict.id;
  };
  return [
    {
      method: 'POST',
      path: '/webhooks',
      run: async (call) => {
        const id = checkGenuine(call);
        const { data } = bodyAs(webhookPayload, call);
        if (data.deliveryId !== id) throw new Refusal(400, 'webhook-id is not the id of the delivery');
        return json(await mailbox.take(data).catch(refuseDamaged));
      },
    },
    {
      method: 'GET',
      path: '/webhooks/{deliveryId}',
      run: (call) => {
        checkGenuine(call);
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

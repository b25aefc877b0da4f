import { WebhookRefused, type WebhookReceiver } from '../client/index.ts';
import { MessageDamaged, type Mailbox } from './mailbox.ts';
import { json, Refusal, type SandboxRoute } from './router.ts';

/**
 * `POST /webhooks`: the gateway's pushes, answered with the receipt once the papers are here and match. `GET /webhooks/{deliveryId}`: the
 * receipt of a delivery, or 404, for a gateway that lost the answer. Without a receiver this system pulls, and has no such address.
 */
export function webhookRoutes(receiver: WebhookReceiver | null, mailbox: Mailbox): readonly SandboxRoute[] {
  if (receiver === null) return [];
  return [
    { method: 'POST', path: '/webhooks', run: async (call) => json(await receiver.receive(call).then((message) => mailbox.take(message)).catch(refuse)) },
    {
      method: 'GET',
      path: '/webhooks/{deliveryId}',
      run: async (call) => {
        await receiver.check(call).catch(refuse);
        const receipt = mailbox.receiptOf(call.params['deliveryId'] ?? '');
        if (receipt === null) throw new Refusal(404, 'No such delivery');
        return json(receipt);
      },
    },
  ];
}

function refuse(error: unknown): never {
  if (error instanceof WebhookRefused) throw new Refusal(error.status, `Not taken: ${error.message}`);
  if (error instanceof MessageDamaged) throw new Refusal(422, error.message);
  throw error;
}

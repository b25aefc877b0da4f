import { GatewayError } from '../domain/errors.ts';
import type { MessageId } from '../domain/ids.ts';
import { messageViewOf } from '../formats/api/message-views.ts';
import type { MessageView } from '../formats/api/messages.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Wake } from '../ports/outbox.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { findVisibleMessage } from './read-message.ts';

export interface ReplayMessagePorts extends OncePorts {
  readonly queue: JobQueue;
}

/**
 * Puts the parked deliveries of a message on their way again, under the same ids, so that a recipient that already has it recognises it.
 * Its sender may replay all, a recipient its own. Audited.
 * @throws MESSAGE_NOT_FOUND; STATE_CONFLICT when none of them is parked; as `answerOnce`
 */
export async function replayMessage(ports: ReplayMessagePorts, call: Call, id: MessageId): Promise<Once<MessageView>> {
  const { caller } = call;
  let wakes: Wake[] = [];
  const answer = await answerOnce(ports, call, { operation: 'POST /v1/messages/{id}/replay', status: 202, input: { id } }, async (records) => {
    wakes = [];
    let replayed = 0;
    const at = ports.clock.now();
    const { message, deliveries } = await findVisibleMessage(records, caller, id);
    for (const delivery of deliveries) {
      if (!(await records.outbox.replay(delivery.id, at))) continue;
      const event = { messageId: id, deliveryId: delivery.id, postalOrderId: null, data: { recipient: delivery.partnerId, attempts: delivery.attempts } };
      await records.dossiers.addEvent(message.dossierCode, { kind: 'message.replayed', at, actor: caller.partnerId, ...event });
      await records.audit.add({ at, actor: `partner:${caller.partnerId}`, action: 'replay-message', subject: `delivery:${delivery.id}`, detail: { messageId: id } });
      replayed += 1;
      const next = await records.outbox.nextInLane(`${message.dossierCode}|${delivery.partnerId}`, at);
      if (next !== null) wakes.push(next);
    }
    if (replayed === 0) throw new GatewayError('STATE_CONFLICT', 'No delivery of this message is parked: there is nothing to replay');
    const after = await findVisibleMessage(records, caller, id);
    return messageViewOf(after.message, after.deliveries, after.receipts);
  });
  ports.queue.wake(wakes);
  return answer;
}

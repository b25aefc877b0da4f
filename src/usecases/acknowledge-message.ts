import { GatewayError } from '../domain/errors.ts';
import type { MessageId } from '../domain/ids.ts';
import type { Delivery, Message, Receipt } from '../domain/message.ts';
import { receiptViewOf } from '../formats/api/message-views.ts';
import { ownSignatureOf } from '../formats/evidence/statements.ts';
import type { MessageView, ReceiptInput } from '../formats/api/messages.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { recordReceipt } from './deliver-message.ts';
import { noSuchMessage } from './read-message.ts';

export interface AcknowledgePorts extends OncePorts, AttestPorts {
  readonly queue: JobQueue;
}

export type ReceiptView = MessageView['receipts'][number];

/**
 * Takes a recipient's receipt: it has the message, whole and unchanged. That ends the delivery and lets the next of the lane go. The
 * same receipt again is answered like the first. It does not say that the dossier is taken in. A signature of the recipient's own is kept as evidence.
 * @param bodyBytes of the request, as its signature covers them
 * @throws MESSAGE_NOT_FOUND; RECEIPT_INVALID when it names another message or digest; STATE_CONFLICT when the delivery was given up, or
 * a worker is sending it right now; as `answerOnce`
 */
export async function acknowledgeMessage(ports: AcknowledgePorts, call: Call, id: MessageId, input: ReceiptInput, bodyBytes?: Uint8Array): Promise<Once<ReceiptView>> {
  let next: Wake | null = null;
  const own = call.proof == null || bodyBytes === undefined ? null : ownSignatureOf({ ...call.proof, body: bodyBytes });
  const request = { operation: 'POST /v1/inbox/{messageId}/receipt', status: 200, input: { id, ...input } };
  const answer = await answerOnce(ports, call, request, async (records) => {
    const { message, delivery } = await deliveryFor(records, call, id);
    checkReceipt(message, input);
    const earlier = await receiptOf(records, delivery);
    if (earlier !== null) return receiptViewOf(earlier);
    const at = ports.clock.now();
    if (!(await records.outbox.finish(delivery.id, 'delivered', at))) return acknowledgedMeanwhile(records, delivery);
    const receipt: Receipt = { deliveryId: delivery.id, messageId: id, partnerId: delivery.partnerId, manifestSha256: message.manifestSha256, receivedAt: at, reference: input.reference ?? null };
    await recordReceipt(records, ports, { message, receipt, source: 'call', own }, at);
    next = await records.outbox.nextInLane(`${message.dossierCode}|${delivery.partnerId}`, at);
    return receiptViewOf(receipt);
  });
  ports.queue.wake(next === null ? [] : [next]);
  return answer;
}

async function deliveryFor(records: RecordSet, { caller }: Call, id: MessageId): Promise<{ readonly message: Message; readonly delivery: Delivery }> {
  const delivery = await records.messages.deliveryTo(id, caller.partnerId);
  const message = delivery === null ? null : await records.messages.find(id);
  if (delivery === null || message === null) throw noSuchMessage(id);
  return { message, delivery };
}

function checkReceipt(message: Message, { messageId, manifestSha256 }: ReceiptInput): void {
  const faults = [
    ...(messageId === message.id ? [] : [{ pointer: '/messageId', detail: 'names another message than the address' }]),
    ...(manifestSha256 === message.manifestSha256 ? [] : [{ pointer: '/manifestSha256', detail: 'is not the digest of this message' }]),
  ];
  if (faults.length > 0) throw new GatewayError('RECEIPT_INVALID', 'The receipt does not match the message: check the parts against the digests, and fetch the message again', { faults });
}

async function receiptOf(records: RecordSet, delivery: Delivery): Promise<Receipt | null> {
  return (await records.messages.receipts(delivery.messageId)).find(({ deliveryId }) => deliveryId === delivery.id) ?? null;
}

/** The row was locked by somebody else's settlement when we came: what it left decides. */
async function acknowledgedMeanwhile(records: RecordSet, delivery: Delivery): Promise<ReceiptView> {
  const receipt = await receiptOf(records, delivery);
  if (receipt !== null) return receiptViewOf(receipt);
  throw new GatewayError('STATE_CONFLICT', 'This delivery was given up, or is being sent right now: read the message to see how it stands');
}

import { GatewayError } from '../domain/errors.ts';
import type { MessageId } from '../domain/ids.ts';
import type { Delivery, Message, Receipt } from '../domain/message.ts';
import type { Caller } from '../domain/partner.ts';
import { messageViewOf } from '../formats/api/message-views.ts';
import type { MessageView } from '../formats/api/messages.ts';
import type { RecordSet } from '../ports/records.ts';

/** A message with what the caller may know of its deliveries: the sender all, a recipient its own. */
export interface VisibleMessage {
  readonly message: Message;
  readonly deliveries: readonly Delivery[];
  readonly receipts: readonly Receipt[];
}

/**
 * How a message stands, for its sender and its recipients; to others it does not exist.
 * @throws MESSAGE_NOT_FOUND
 */
export async function readMessage({ records }: { readonly records: RecordSet }, caller: Caller, id: MessageId): Promise<MessageView> {
  const { message, deliveries, receipts } = await findVisibleMessage(records, caller, id);
  return messageViewOf(message, deliveries, receipts);
}

/** @throws MESSAGE_NOT_FOUND */
export async function findVisibleMessage(records: Pick<RecordSet, 'messages'>, caller: Caller, id: MessageId): Promise<VisibleMessage> {
  const message = await records.messages.find(id);
  const [deliveries, receipts] = message === null ? [[], []] : [await records.messages.deliveries(id), await records.messages.receipts(id)];
  const mine = <T extends { readonly partnerId: string }>(items: readonly T[]): T[] => items.filter(({ partnerId }) => partnerId === caller.partnerId);
  if (message?.fromPartnerId === caller.partnerId) return { message, deliveries, receipts };
  if (message === null || mine(deliveries).length === 0) throw noSuchMessage(id);
  return { message, deliveries: mine(deliveries), receipts: mine(receipts) };
}

export function noSuchMessage(id: MessageId): GatewayError {
  return new GatewayError('MESSAGE_NOT_FOUND', `There is no message ${id}, or it is not yours`);
}

import { z } from 'zod';
import { postalParty } from '../../src/formats/api/postal.ts';
import type { GatewayClient, Schemas } from '../../client/index.ts';
import type { Mailbox, ReceivedMessage } from '../mailbox.ts';
import { Refusal } from '../router.ts';

/** What the desk knows of a dossier whose result has come. */
export interface PortalDossier {
  readonly code: string;
  readonly result: ReceivedMessage;
  takenInMessageId: string | null;
  postalOrder: Schemas['PostalOrder'] | null;
}

export interface IntakeSettings {
  readonly gateway: GatewayClient;
  readonly agencyCode: string;
  /** Where the desk's own parcels start. */
  readonly office: z.input<typeof postalParty>;
}

/** What a result says about how it is to reach the citizen. */
const resultBody = z.object({ number: z.string().max(100), title: z.string().max(500), delivery: z.object({ by: z.literal('post'), recipient: postalParty }).optional() });

/** The newest result of each dossier received, with what was done about it. */
export function portalDossiers(mailbox: Mailbox, known: Map<string, PortalDossier>): readonly PortalDossier[] {
  for (const result of mailbox.messages()) {
    const { type, dossierCode: code } = result.envelope;
    if (type === 'dossier.result' && !known.has(code)) known.set(code, { code, result, takenInMessageId: null, postalOrder: null });
  }
  return [...known.values()];
}

/** A clerk looked at the papers and takes them in: only this says so, the receipt said "delivered". */
export async function takeIn({ gateway, agencyCode }: IntakeSettings, dossier: PortalDossier): Promise<string> {
  const { messageId, from } = dossier.result.envelope;
  if (from.agencyCode === null) throw new Refusal(409, 'The result does not say which agency it comes from');
  const body = { inReplyTo: messageId, note: 'Đã tiếp nhận kết quả và đủ giấy tờ.' };
  const sent = await gateway.sendMessage(dossier.code, { type: 'dossier.accept', from: agencyCode, to: [from.agencyCode], body }, `${dossier.code}-accept-${messageId}`);
  dossier.takenInMessageId = sent.messageId;
  return sent.messageId;
}

/** Orders the delivery of the result by the post (Decision 45/2016/QĐ-TTg), as the result asks. */
export async function orderDelivery({ gateway, office }: IntakeSettings, dossier: PortalDossier): Promise<Schemas['PostalOrder']> {
  if (dossier.takenInMessageId === null) throw new Refusal(409, 'Take the result in first');
  const parsed = resultBody.safeParse(dossier.result.envelope.body);
  if (!parsed.success || parsed.data.delivery === undefined) throw new Refusal(409, 'The result does not ask for delivery by the post');
  const { number, title, delivery } = parsed.data;
  const order = {
    dossierCode: dossier.code,
    leg: 'DELIVER_RESULT' as const,
    sender: office,
    recipient: delivery.recipient,
    contents: [{ title: `${title} số ${number}`, copies: 1, kind: 'original' as const }],
    note: 'Giao tận tay, kiểm tra giấy tờ tùy thân của người nhận',
  };
  dossier.postalOrder = await gateway.orderPost(order, `${dossier.code}-deliver-result-1`);
  return dossier.postalOrder;
}

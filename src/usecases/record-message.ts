import type { AgencyCode } from '../domain/agency-code.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { DeliveryId, MessageId, PartnerId } from '../domain/ids.ts';
import { STATE_AFTER, type Message, type MessageManifest, type MessagePart, type MessageType } from '../domain/message.ts';
import { canonicalJson, canonicalSha256, sha256Hex } from '../formats/canonical-json.ts';
import type { Chance } from '../ports/chance.ts';
import type { Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';

export interface MessageToRecord {
  readonly type: MessageType;
  readonly dossierCode: DossierCode;
  /** null: the gateway itself. */
  readonly fromPartnerId: PartnerId | null;
  readonly fromAgencyCode: AgencyCode | null;
  readonly toAgencyCodes: readonly AgencyCode[];
  /** Systems that get it, each once; they become parties of the dossier. */
  readonly recipients: readonly PartnerId[];
  readonly body: Readonly<Record<string, unknown>>;
  readonly parts: readonly MessagePart[];
  readonly traceparent: string | null;
  readonly at: Date;
}

export interface RecordedMessage {
  readonly message: Message;
  /** To be handed to the queue after the commit. */
  readonly wakes: readonly Wake[];
}

/**
 * Records a message and one delivery a recipient: message, lane positions, parties, dossier state and event, all through the
 * given transaction. Does not check who may send it, and wakes nobody.
 */
export async function recordMessage(records: RecordSet, chance: Chance, input: MessageToRecord): Promise<RecordedMessage> {
  const id = chance.uuid() as MessageId;
  const manifest = manifestOf(id, input);
  const text = canonicalJson(manifest);
  const message: Message = { ...input, id, manifestSha256: sha256Hex(text), createdAt: input.at };
  await records.messages.add(message, text, input.traceparent);
  const wakes: Wake[] = [];
  for (const partnerId of input.recipients) {
    await records.dossiers.addParty(input.dossierCode, partnerId, input.at);
    wakes.push(await addDelivery(records, chance, message, partnerId));
  }
  const state = STATE_AFTER[input.type];
  if (state !== null) await records.dossiers.setState(input.dossierCode, state);
  await records.dossiers.addEvent(input.dossierCode, {
    kind: 'message.accepted',
    at: input.at,
    actor: input.fromPartnerId,
    messageId: id,
    deliveryId: null,
    postalOrderId: null,
    data: { type: input.type, recipients: input.recipients.join(' '), parts: input.parts.length, manifestSha256: message.manifestSha256 },
  });
  return { message, wakes };
}

async function addDelivery(records: RecordSet, chance: Chance, message: Message, partnerId: PartnerId): Promise<Wake> {
  const id = chance.uuid() as DeliveryId;
  await records.outbox.add({
    id,
    kind: 'message',
    laneId: `${message.dossierCode}|${partnerId}`,
    target: partnerId,
    messageId: message.id,
    postalOrderId: null,
    createdAt: message.createdAt,
  });
  return { id, wake: 0 };
}

function manifestOf(messageId: MessageId, input: MessageToRecord): MessageManifest {
  return {
    version: 1,
    messageId,
    type: input.type,
    dossierCode: input.dossierCode,
    from: { partnerId: input.fromPartnerId ?? 'gateway', agencyCode: input.fromAgencyCode },
    to: input.toAgencyCodes,
    createdAt: input.at.toISOString(),
    bodySha256: canonicalSha256(input.body),
    parts: input.parts.map(({ sha256, sizeBytes, mediaType, name, role }) => ({ sha256, sizeBytes, mediaType, name, role })),
  };
}

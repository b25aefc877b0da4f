import type { AgencyCode } from '../domain/agency-code.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { DeliveryId, MessageId, PartnerId } from '../domain/ids.ts';
import { STATE_AFTER, type Delivery, type Message, type MessageManifest, type MessagePart, type MessageType } from '../domain/message.ts';
import { canonicalJson, canonicalSha256, sha256Hex } from '../formats/canonical-json.ts';
import type { Chance } from '../ports/chance.ts';
import type { NewDossierEvent } from '../ports/dossier-records.ts';
import type { NewLogEntry } from '../ports/log-records.ts';
import type { NewDelivery, Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';

export interface MessageToRecord {
  readonly type: MessageType;
  readonly schemaVersion: number;
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
  /** In the order of the recipients' ids, as they are read. */
  readonly deliveries: readonly Delivery[];
  /** To be handed to the queue after the commit. */
  readonly wakes: readonly Wake[];
}

/**
 * Records a message and one delivery a recipient: message, lane positions, parties, dossier state and event, all through the
 * given transaction. Does not check who may send it, and wakes nobody.
 */
export async function recordMessage(records: RecordSet, chance: Chance, input: MessageToRecord): Promise<RecordedMessage> {
  const { message, manifest } = messageOf(chance, input);
  await records.messages.add(message, manifest);
  await records.log.append(leafOf(message, input.recipients));
  const deliveries = deliveriesOf(chance, message, input.recipients);
  await records.outbox.addAll(deliveries);
  await records.dossiers.addEvent(input.dossierCode, acceptanceOf(message, input), { state: STATE_AFTER[input.type], parties: input.recipients });
  return { message, deliveries: deliveries.map(pendingOf), wakes: deliveries.map(wakeOf) };
}

export interface ProgressNote {
  readonly dossierCode: DossierCode;
  /** Parties of the dossier already. */
  readonly recipients: readonly PartnerId[];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Records `dossier.progress` messages of the gateway's own about many dossiers, in as few statements as for one. @returns wake-ups, to be handed to the queue after the commit */
export async function recordProgress(records: RecordSet, chance: Chance, notes: readonly ProgressNote[], at: Date): Promise<readonly Wake[]> {
  const recorded = notes.map((note) => {
    const input: MessageToRecord = { ...note, type: 'dossier.progress', schemaVersion: 1, fromPartnerId: null, fromAgencyCode: null, toAgencyCodes: [], parts: [], traceparent: null, at };
    return { input, ...messageOf(chance, input) };
  });
  await records.messages.addAll(recorded);
  await records.log.append(...recorded.map(({ message, input }) => leafOf(message, input.recipients)));
  const deliveries = recorded.flatMap(({ message, input }) => deliveriesOf(chance, message, input.recipients));
  await records.outbox.addAll(deliveries);
  await records.dossiers.addEvents(recorded.map(({ message, input }) => ({ dossierCode: input.dossierCode, ...acceptanceOf(message, input) })));
  return deliveries.map(wakeOf);
}

function messageOf(chance: Chance, input: MessageToRecord): { readonly message: Message; readonly manifest: string } {
  const id = chance.uuid() as MessageId;
  const manifest = canonicalJson(manifestOf(id, input));
  return { message: { ...input, id, manifestSha256: sha256Hex(manifest), createdAt: input.at }, manifest };
}

/** Over the manifest: whoever sent it, or gets it, may see the proof. */
function leafOf({ id, manifestSha256, fromPartnerId, createdAt }: Message, recipients: readonly PartnerId[]): NewLogEntry {
  const partners = fromPartnerId === null ? recipients : [fromPartnerId, ...recipients];
  return { kind: 'message', subject: id, recordSha256: manifestSha256, partners: [...new Set(partners)], at: createdAt };
}

type MessageDelivery = NewDelivery & { readonly target: PartnerId; readonly messageId: MessageId };

function deliveriesOf(chance: Chance, { id, dossierCode, createdAt }: Message, recipients: readonly PartnerId[]): MessageDelivery[] {
  return [...recipients].sort().map((target) => ({ id: chance.uuid() as DeliveryId, kind: 'message', laneId: `${dossierCode}|${target}`, target, messageId: id, postalOrderId: null, createdAt }));
}

/** As the store holds it from the first moment. */
function pendingOf({ id, messageId, target, createdAt }: MessageDelivery): Delivery {
  return { id, messageId, partnerId: target, state: 'pending', attempts: 0, nextAttemptAt: createdAt, parkedReason: null, lastError: null, createdAt, finishedAt: null };
}

function wakeOf({ id, target }: NewDelivery): Wake {
  return { id, target, wake: 0 };
}

function acceptanceOf({ id, manifestSha256 }: Message, { type, recipients, parts, fromPartnerId, at }: MessageToRecord): NewDossierEvent {
  const data = { type, recipients: recipients.join(' '), parts: parts.length, manifestSha256 };
  return { kind: 'message.accepted', at, actor: fromPartnerId, messageId: id, deliveryId: null, postalOrderId: null, data };
}

function manifestOf(messageId: MessageId, input: MessageToRecord): MessageManifest {
  return {
    version: 1,
    messageId,
    type: input.type,
    ...(input.schemaVersion !== 1 && { schemaVersion: input.schemaVersion }),
    dossierCode: input.dossierCode,
    from: { partnerId: input.fromPartnerId ?? 'gateway', agencyCode: input.fromAgencyCode },
    to: input.toAgencyCodes,
    createdAt: input.at.toISOString(),
    bodySha256: canonicalSha256(input.body),
    parts: input.parts.map(({ sha256, sizeBytes, mediaType, name, role }) => ({ sha256, sizeBytes, mediaType, name, role })),
  };
}

import type { AgencyCode } from '../domain/agency-code.ts';
import type { Evidence } from '../domain/evidence.ts';
import type { DossierCode } from '../domain/dossier.ts';
import type { DeliveryId, MessageId, PartnerId } from '../domain/ids.ts';
import { STATE_AFTER, type Delivery, type Message, type MessageManifest, type MessagePart, type MessageType } from '../domain/message.ts';
import { canonicalJson, canonicalSha256, sha256Hex } from '../formats/canonical-json.ts';
import type { Chance } from '../ports/chance.ts';
import type { NewDossierEvent } from '../ports/dossier-records.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { AttestedMessage } from '../ports/message-records.ts';
import type { NewDelivery, Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';
import { attestMessage, attestReceipt } from './attest.ts';

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
 * Records a message and one delivery a recipient: message, evidence, lane positions, parties, dossier state and event, all through the
 * given transaction. Does not check who may send it, and wakes nobody.
 * @throws as `attestMessage`
 */
export async function recordMessage(records: RecordSet, ports: AttestPorts, input: MessageToRecord): Promise<RecordedMessage> {
  const { chance } = ports;
  const { message, manifest, evidence } = await attestedMessage(ports, input);
  const decision = await attestDecision(records, ports, message);
  await records.messages.add(message, manifest, [evidence, ...decision]);
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
  /** What the timeline tells after it. */
  readonly told?: NewDossierEvent;
}

/** Records `dossier.progress` messages of the gateway's own about many dossiers, in as few statements as for one. @returns wake-ups, to be handed to the queue after the commit */
export async function recordProgress(records: RecordSet, ports: AttestPorts, notes: readonly ProgressNote[], at: Date): Promise<readonly Wake[]> {
  const { chance } = ports;
  const recorded = await Promise.all(notes.map(async ({ told, ...note }) => {
    const input: MessageToRecord = { ...note, type: 'dossier.progress', schemaVersion: 1, fromPartnerId: null, fromAgencyCode: null, toAgencyCodes: [], parts: [], traceparent: null, at };
    return { input, told, ...(await attestedMessage(ports, input)) };
  }));
  await records.messages.addAll(recorded);
  const deliveries = recorded.flatMap(({ message, input }) => deliveriesOf(chance, message, input.recipients));
  await records.outbox.addAll(deliveries);
  await records.dossiers.addEvents(
    recorded.flatMap(({ message, input, told }) => [acceptanceOf(message, input), ...(told === undefined ? [] : [told])].map((event) => ({ dossierCode: input.dossierCode, ...event }))),
  );
  return deliveries.map(wakeOf);
}

async function attestedMessage(ports: AttestPorts, input: MessageToRecord): Promise<AttestedMessage> {
  const id = ports.chance.uuid() as MessageId;
  const manifest = manifestOf(id, input);
  const manifestJson = canonicalJson(manifest);
  const message: Message = { ...input, id, manifestSha256: sha256Hex(manifestJson), createdAt: input.at };
  return { message, manifest: manifestJson, evidence: await attestMessage(ports, message, input.recipients, manifest, manifestJson) };
}

/** By accepting or refusing, a recipient gives its receipt for what the dossier was handed to it by. */
async function attestDecision(records: RecordSet, ports: AttestPorts, message: Message): Promise<readonly Evidence[]> {
  const kind = DECISIONS[message.type];
  const { fromPartnerId: recipient, dossierCode, createdAt } = message;
  if (kind === undefined || recipient === null) return [];
  const handed = await records.messages.lastHandedTo(recipient, dossierCode);
  if (handed === null) return [];
  const decision = { messageId: message.id, manifestSha256: message.manifestSha256 };
  return [await attestReceipt(ports, { version: 1, kind, messageId: handed.id, manifestSha256: handed.manifestSha256, dossierCode, recipient, decision, at: createdAt.toISOString() }, { sender: handed.fromPartnerId, at: createdAt })];
}

const DECISIONS: Partial<Record<MessageType, 'taken-in' | 'refused'>> = { 'dossier.accept': 'taken-in', 'dossier.refuse': 'refused' };

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

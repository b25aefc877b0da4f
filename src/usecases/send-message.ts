import type { AgencyCode } from '../domain/agency-code.ts';
import type { DossierCode } from '../domain/dossier.ts';
import { GatewayError, type InputFault } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import { acceptedVersions, type Partner } from '../domain/partner.ts';
import type { MessagePart } from '../domain/message.ts';
import { nearestRoute, unroutable } from '../domain/routing.ts';
import { messageViewOf } from '../formats/api/message-views.ts';
import type { MessageView, NewMessageInput } from '../formats/api/messages.ts';
import { canonicalJson } from '../formats/canonical-json.ts';
import type { DocumentRecord } from '../ports/document-records.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Wake } from '../ports/outbox.ts';
import type { RecordSet } from '../ports/records.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { checkServed } from './open-dossier.ts';
import { noSuchDossier } from './read-dossier.ts';
import { recordMessage } from './record-message.ts';

export interface SendMessagePorts extends OncePorts, AttestPorts {
  readonly queue: JobQueue;
}

const MAX_BODY_BYTES = 256 * 1024;

/**
 * Accepts a message about a dossier for every agency named: dossier event, message, deliveries and the stored answer are recorded in one
 * transaction, and workers are woken after it. What was accepted is delivered, or visible as parked; whether the recipient takes the
 * dossier in is for its own messages to say.
 * @throws DOSSIER_NOT_FOUND, AGENCY_UNKNOWN, AGENCY_AMBIGUOUS, MESSAGE_VERSION_NOT_TAKEN, DOCUMENT_NOT_FOUND, REQUEST_INVALID; as `answerOnce`
 */
export async function sendMessage(ports: SendMessagePorts, call: Call, dossierCode: DossierCode, input: NewMessageInput): Promise<Once<MessageView>> {
  checkBodySize(input.body);
  const request = { operation: 'POST /v1/dossiers/{code}/messages', status: 202, input: { dossierCode, ...input } };
  let wakes: readonly Wake[] = [];
  const answer = await answerOnce(ports, call, request, async (records) => {
    const recorded = await record(ports, records, call, dossierCode, input);
    wakes = recorded.wakes;
    return messageViewOf(recorded.message, recorded.deliveries, []);
  });
  ports.queue.wake(wakes);
  return answer;
}

async function record(ports: SendMessagePorts, records: RecordSet, call: Call, dossierCode: DossierCode, input: NewMessageInput): ReturnType<typeof recordMessage> {
  const { partnerId } = call.caller;
  if (!(await records.dossiers.isParty(dossierCode, partnerId))) throw noSuchDossier(dossierCode);
  if (input.from !== undefined) await checkServed(records, partnerId, '/from', input.from);
  return recordMessage(records, ports, {
    type: input.type,
    schemaVersion: input.schemaVersion,
    dossierCode,
    fromPartnerId: partnerId,
    fromAgencyCode: input.from ?? null,
    toAgencyCodes: input.to,
    recipients: takersOf(input, await recipientsOf(records, input.to)),
    body: input.body,
    parts: await partsOf(records, partnerId, input.documents),
    traceparent: call.traceparent,
    at: ports.clock.now(),
  });
}

function checkBodySize(body: NewMessageInput['body']): void {
  if (Buffer.byteLength(canonicalJson(body)) <= MAX_BODY_BYTES) return;
  const faults = [{ pointer: '/body', detail: `may have at most ${MAX_BODY_BYTES} bytes` }];
  throw new GatewayError('REQUEST_INVALID', 'The body of the message is too large: send papers as documents', { faults });
}

/** The systems that serve the agencies, each once: a system that serves several of them gets the message once. */
async function recipientsOf(records: RecordSet, to: readonly AgencyCode[]): Promise<readonly Partner[]> {
  const ways = await records.partners.waysTo(to);
  const systems = new Map(ways.map(({ partner }) => [partner.id, partner]));
  const recipients = new Set<Partner>();
  for (const code of to) {
    const system = systems.get(nearestRoute(code, ways.map(({ route }) => route))?.partnerId as PartnerId);
    if (system === undefined) throw unroutable(code, await records.partners.routes());
    recipients.add(system);
  }
  return [...recipients];
}

/**
 * All of `recipients`, who have to take the message in this version. Nothing is converted: every recipient confirms the one manifest that the
 * sender was given, and it binds the body that the sender sent.
 */
function takersOf({ type, schemaVersion }: NewMessageInput, recipients: readonly Partner[]): readonly PartnerId[] {
  const refusing = recipients.flatMap((partner) => {
    const versions = acceptedVersions(partner, type);
    return versions.includes(schemaVersion) ? [] : [`${partner.id} takes ${type} in version ${versions.join(', ')}`];
  });
  if (refusing.length === 0) return recipients.map(({ id }) => id);
  const faults = refusing.map((detail) => ({ pointer: '/schemaVersion', detail }));
  throw new GatewayError('MESSAGE_VERSION_NOT_TAKEN', `Not every recipient takes version ${schemaVersion} of ${type}: send another version, or apart to those that take it`, { faults });
}

async function partsOf(records: RecordSet, partnerId: PartnerId, wanted: NewMessageInput['documents']): Promise<readonly MessagePart[]> {
  const found = new Map((await records.documents.find(wanted.map(({ documentId }) => documentId))).map((document) => [document.id, document]));
  const faults: InputFault[] = [];
  const parts: MessagePart[] = [];
  for (const [index, { documentId, name, role }] of wanted.entries()) {
    const document = found.get(documentId);
    if (document === undefined || !(await mayPassOn(records, partnerId, document))) {
      faults.push({ pointer: `/documents/${index}/documentId`, detail: 'is not a document of yours' });
    } else {
      const { sha256, sizeBytes, mediaType } = document;
      parts.push({ documentId, sha256, sizeBytes, mediaType, name: name ?? document.name, role });
    }
  }
  if (faults.length > 0) throw new GatewayError('DOCUMENT_NOT_FOUND', 'Not every document of the message exists and is yours: upload it first', { faults });
  return parts;
}

async function mayPassOn(records: RecordSet, partnerId: PartnerId, document: DocumentRecord): Promise<boolean> {
  return document.partnerId === partnerId || records.documents.isVisibleTo(document.id, partnerId);
}

import type { AgencyCode } from '../../src/domain/agency-code.ts';
import type { Dossier, DossierCode } from '../../src/domain/dossier.ts';
import type { DeliveryId, DocumentId, MessageId, PartnerId, PostalOrderId, Sha256Hex } from '../../src/domain/ids.ts';
import type { Evidence } from '../../src/domain/evidence.ts';
import type { Message } from '../../src/domain/message.ts';
import type { Partner } from '../../src/domain/partner.ts';
import type { Records } from '../../src/ports/records.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { systemClock } from '../../src/wiring/clock.ts';

/** Invented partners, dossiers and messages, written through the records as the use cases do. */

const chance = systemChance(systemClock);
export const newId = (): string => chance.uuid();
export const newDeliveryId = (): DeliveryId => newId() as DeliveryId;
export const newMessageId = (): MessageId => newId() as MessageId;
export const newDocumentId = (): DocumentId => newId() as DocumentId;
export const newPostalOrderId = (): PostalOrderId => newId() as PostalOrderId;

export const AGENCY = 'H57.12.03' as AgencyCode;
export const T0 = new Date('2026-11-24T01:00:00.000Z');
export const after = (ms: number, from: Date = T0): Date => new Date(from.getTime() + ms);

export function partnerOf(id: string, change: Partial<Partner> = {}): Partner {
  return { id: id as PartnerId, name: `System ${id}`, mode: 'push', url: 'http://127.0.0.1:9/hook', repeat: 'key', status: 'active', createdAt: T0, ...change };
}

let serial = 0;

export function dossierOf(owner: string, change: Partial<Dossier> = {}): Dossier {
  serial += 1;
  return {
    code: `${AGENCY}-261124-${String(serial).padStart(6, '0')}` as DossierCode,
    ownerPartnerId: owner as PartnerId,
    agencyCode: AGENCY,
    procedure: { code: '1.004238.H57', name: 'Đăng ký đất đai' },
    title: 'Hồ sơ thử nghiệm',
    applicant: { name: 'Trần Thị Mẫu', phone: '0900000000' },
    state: 'open',
    createdAt: T0,
    ...change,
  };
}

export function messageOf(code: DossierCode, from: string, change: Partial<Message> = {}): Message {
  return {
    id: newMessageId(),
    type: 'dossier.progress',
    schemaVersion: 1,
    dossierCode: code,
    fromPartnerId: from as PartnerId,
    fromAgencyCode: AGENCY,
    toAgencyCodes: [AGENCY],
    body: { note: 'Đang xử lý' },
    parts: [],
    manifestSha256: 'ab'.repeat(32) as Sha256Hex,
    createdAt: T0,
    traceparent: null,
    ...change,
  };
}

/** Not signed: for what only keeps it. */
export function evidenceOf(messageId: MessageId, change: Partial<Evidence> = {}): Evidence {
  return { messageId, kind: 'message', name: 'message', partnerId: null, seenBy: [], statement: null, ownSignature: null, manifestXml: Buffer.from('<x/>'), cmsDer: Buffer.from(newId()), at: T0, ...change };
}

/** A message of `from` on its way to `to`, in the lane of its dossier. */
export async function sendMessage(records: Records, code: DossierCode, from: string, to: string, at: Date = T0): Promise<{ message: Message; deliveryId: DeliveryId }> {
  const message = messageOf(code, from, { createdAt: at });
  const deliveryId = newDeliveryId();
  await records.transaction(async (trx) => {
    await trx.messages.add(message, '{}', [evidenceOf(message.id)]);
    await trx.outbox.add({ id: deliveryId, kind: 'message', laneId: `${code}/${to}`, target: to, messageId: message.id, postalOrderId: null, createdAt: at });
  });
  return { message, deliveryId };
}

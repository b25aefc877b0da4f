import { sql, type Selectable } from 'kysely';
import type { AgencyCode } from '../../domain/agency-code.ts';
import type { DossierCode } from '../../domain/dossier.ts';
import type { DeliveryId, MessageId, PartnerId, Sha256Hex } from '../../domain/ids.ts';
import type { Delivery, DeliveryState, Message, MessagePart, MessageType, Receipt } from '../../domain/message.ts';
import type { Evidence } from '../../domain/evidence.ts';
import type { MessageRecords } from '../../ports/message-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import { evidenceAdded } from './evidence-records.ts';
import type { Executor } from './executor.ts';
import { readInbox } from './inbox.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function messageRecords(db: Executor, sealing: Sealing): MessageRecords {
  return { ...messages(db, sealing), ...deliveries(db, sealing), ...receipts(db) };
}

/** After these the recipient says whether it takes the dossier in. */
const HANDING = ['dossier.submit', 'dossier.transfer', 'dossier.supplement'] as const satisfies readonly MessageType[];

export const bodyContext = (id: string): string => `message:${id}:body`;

function messages(db: Executor, sealing: Sealing): Pick<MessageRecords, 'add' | 'addAll' | 'find' | 'manifest' | 'traceparent' | 'lastHandedTo' | 'ofDossier'> {
  return {
    add: (message, manifest, evidence) => addMessage(db, sealing, message, manifest, evidence),
    addAll: (given) => addMessages(db, sealing, given),
    async find(id) {
      const [found] = await findMessages(db, sealing, [id]);
      return found ?? null;
    },
    async manifest(id) {
      return (await db.selectFrom('message').select('manifest').where('id', '=', id).executeTakeFirst())?.manifest ?? null;
    },
    async traceparent(id) {
      return (await db.selectFrom('message').select('traceparent').where('id', '=', id).executeTakeFirst())?.traceparent ?? null;
    },
    async lastHandedTo(partnerId, code) {
      const row = await db
        .selectFrom('message as m')
        .select(['m.id', 'm.manifest_sha256', 'm.from_partner_id'])
        .where('m.dossier_code', '=', code)
        .where('m.type', 'in', [...HANDING])
        .where((by) => by.exists(by.selectFrom('outbox as o').select('o.id').whereRef('o.message_id', '=', 'm.id').where('o.target', '=', partnerId)))
        .orderBy('m.created_at', 'desc')
        .orderBy('m.id', 'desc')
        .limit(1)
        .executeTakeFirst();
      return row === undefined ? null : { id: row.id as MessageId, manifestSha256: row.manifest_sha256 as Sha256Hex, fromPartnerId: row.from_partner_id as PartnerId | null };
    },
    async ofDossier(code) {
      const rows = await db.selectFrom('message').select('id').where('dossier_code', '=', code).orderBy('created_at').orderBy('id').execute();
      return findMessages(db, sealing, rows.map((row) => row.id));
    },
  };
}

/** The message and its parts in one statement. */
async function addMessage(db: Executor, sealing: Sealing, message: Message, manifest: string, evidence: readonly Evidence[]): Promise<void> {
  const parts = message.parts.map((part) => ({ document_id: part.documentId, name: part.name, role: part.role }));
  await sql`
    WITH added AS (
      INSERT INTO message (id, dossier_code, type, from_partner_id, from_agency_code, to_agency_codes, body_sealed, manifest, manifest_sha256, traceparent, created_at, schema_version)
      VALUES (${message.id}, ${message.dossierCode}, ${message.type}, ${message.fromPartnerId}, ${message.fromAgencyCode}, ${[...message.toAgencyCodes]},
              ${sealJson(sealing, message.body, bodyContext(message.id))}, ${manifest}, ${message.manifestSha256}, ${message.traceparent}, ${message.createdAt}, ${message.schemaVersion})
      RETURNING id
    ),
    ${evidenceAdded(sql`SELECT id FROM added`, evidence)}
    INSERT INTO message_part (message_id, position, document_id, name, role)
    SELECT added.id, part.position, part.document_id, part.name, part.role
    FROM added, ROWS FROM (jsonb_to_recordset(${JSON.stringify(parts)}::jsonb) AS (document_id uuid, name text, role text)) WITH ORDINALITY
      AS part (document_id, name, role, position)
  `.execute(db);
}

async function addMessages(db: Executor, sealing: Sealing, given: Parameters<MessageRecords['addAll']>[0]): Promise<void> {
  if (given.length === 0) return;
  const rows = given.map(({ message, manifest }) => ({
    id: message.id,
    dossier_code: message.dossierCode,
    type: message.type,
    schema_version: message.schemaVersion,
    from_partner_id: message.fromPartnerId,
    from_agency_code: message.fromAgencyCode,
    to_agency_codes: message.toAgencyCodes,
    manifest,
    manifest_sha256: message.manifestSha256,
    created_at: message.createdAt,
  }));
  const bodies = given.map(({ message }) => sealJson(sealing, message.body, bodyContext(message.id)));
  await sql`
    WITH ${evidenceAdded(sql`SELECT 1`, given.map(({ evidence }) => evidence))}
    INSERT INTO message (id, dossier_code, type, schema_version, from_partner_id, from_agency_code, to_agency_codes, manifest, manifest_sha256, created_at, body_sealed)
    SELECT * FROM ROWS FROM (
      jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (id uuid, dossier_code text, type text, schema_version smallint, from_partner_id text, from_agency_code text, to_agency_codes text[],
        manifest text, manifest_sha256 text, created_at timestamptz),
      unnest(${bodies}::bytea[])
    )
  `.execute(db);
}

/** In the order of `ids`; those that do not exist are left out. Parts come with their message, in one statement. */
export async function findMessages(db: Executor, sealing: Sealing, ids: readonly string[]): Promise<Message[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<MessageRow>`
    SELECT m.id, m.dossier_code, m.type, m.schema_version, m.from_partner_id, m.from_agency_code, m.to_agency_codes, m.body_sealed, m.manifest_sha256, m.traceparent, m.created_at, ARRAY(
      SELECT json_build_object('documentId', d.id, 'sha256', d.sha256, 'sizeBytes', d.size_bytes, 'mediaType', d.media_type, 'name', p.name, 'role', p.role)
      FROM message_part AS p JOIN document AS d ON d.id = p.document_id WHERE p.message_id = m.id ORDER BY p.position
    ) AS parts
    FROM message AS m WHERE m.id = ANY (${[...ids]}::uuid[])
  `.execute(db);
  const found = new Map(rows.map((row) => [row.id, messageOf(row, sealing)]));
  return ids.flatMap((id) => found.get(id) ?? []);
}

type MessageRow = Omit<Selectable<Database['message']>, 'manifest'> & { readonly parts: readonly MessagePart[] };

function deliveries(db: Executor, sealing: Sealing): Pick<MessageRecords, 'deliveries' | 'deliveryTo' | 'inbox'> {
  return {
    async deliveries(id) {
      return (await db.selectFrom('outbox').selectAll().where('message_id', '=', id).orderBy('target').execute()).map(deliveryOf);
    },
    async deliveryTo(messageId, partnerId) {
      const row = await db.selectFrom('outbox').selectAll().where('message_id', '=', messageId).where('target', '=', partnerId).executeTakeFirst();
      return row === undefined ? null : deliveryOf(row);
    },
    async inbox(partnerId, afterPosition, limit) {
      const places = await readInbox(db, partnerId, afterPosition, limit);
      const found = new Map((await findMessages(db, sealing, places.map((place) => place.messageId))).map((message) => [message.id as string, message]));
      return places.flatMap(({ position, deliveryId, messageId }) => {
        const message = found.get(messageId);
        return message === undefined ? [] : [{ position, deliveryId: deliveryId as DeliveryId, message }];
      });
    },
  };
}

function receipts(db: Executor): Pick<MessageRecords, 'addReceipt' | 'receipts'> {
  return {
    async addReceipt(receipt, recordedAt) {
      await db
        .insertInto('receipt')
        .values({
          outbox_id: receipt.deliveryId,
          message_id: receipt.messageId,
          partner_id: receipt.partnerId,
          manifest_sha256: receipt.manifestSha256,
          received_at: receipt.receivedAt,
          reference: receipt.reference,
          recorded_at: recordedAt,
        })
        .execute();
    },
    async receipts(id) {
      return (await db.selectFrom('receipt').selectAll().where('message_id', '=', id).orderBy('received_at').orderBy('outbox_id').execute()).map(receiptOf);
    },
  };
}

function messageOf(row: MessageRow, sealing: Sealing): Message {
  return {
    id: row.id as MessageId,
    type: row.type as MessageType,
    schemaVersion: row.schema_version,
    dossierCode: row.dossier_code as DossierCode,
    fromPartnerId: row.from_partner_id as PartnerId | null,
    fromAgencyCode: row.from_agency_code as AgencyCode | null,
    toAgencyCodes: row.to_agency_codes as AgencyCode[],
    body: openJson(sealing, row.body_sealed, bodyContext(row.id)) as Message['body'],
    parts: row.parts,
    manifestSha256: row.manifest_sha256 as Sha256Hex,
    createdAt: row.created_at,
    traceparent: row.traceparent,
  };
}

function deliveryOf(row: Selectable<Database['outbox']>): Delivery {
  const state = row.state as DeliveryState;
  return {
    id: row.id as DeliveryId,
    messageId: row.message_id as MessageId,
    partnerId: row.target as PartnerId,
    state,
    attempts: row.attempts,
    nextAttemptAt: state === 'pending' ? row.next_at : null,
    parkedReason: row.parked_reason,
    lastError: row.last_error as Delivery['lastError'],
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

function receiptOf(row: Selectable<Database['receipt']>): Receipt {
  return {
    deliveryId: row.outbox_id as DeliveryId,
    messageId: row.message_id as MessageId,
    partnerId: row.partner_id as PartnerId,
    manifestSha256: row.manifest_sha256 as Sha256Hex,
    receivedAt: row.received_at,
    reference: row.reference,
  };
}

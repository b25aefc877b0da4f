import { sql, type Selectable } from 'kysely';
import type { AgencyCode } from '../../domain/agency-code.ts';
import type { Applicant, Dossier, DossierCode, DossierEvent, DossierEventKind, DossierState } from '../../domain/dossier.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { DeliveryId, MessageId, PartnerId, PostalOrderId } from '../../domain/ids.ts';
import type { DossierRecords } from '../../ports/dossier-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function dossierRecords(db: Executor, sealing: Sealing): DossierRecords {
  return { ...dossiers(db, sealing), ...parties(db), ...timeline(db) };
}

const applicantContext = (code: string): string => `dossier:${code}:applicant`;

function dossiers(db: Executor, sealing: Sealing): Pick<DossierRecords, 'nextSerial' | 'add' | 'find' | 'listFor' | 'setState'> {
  return {
    async nextSerial(agencyCode, day) {
      const row = await db
        .insertInto('dossier_serial')
        .values({ agency_code: agencyCode, day, last_serial: 1 })
        .onConflict((conflict) => conflict.columns(['agency_code', 'day']).doUpdateSet({ last_serial: sql`dossier_serial.last_serial + 1` }))
        .returning('last_serial')
        .executeTakeFirstOrThrow();
      return row.last_serial;
    },
    async add(dossier) {
      await addDossier(db, sealing, dossier);
    },
    async find(code) {
      const row = await db.selectFrom('dossier').selectAll().where('code', '=', code).executeTakeFirst();
      return row === undefined ? null : dossierOf(row, sealing);
    },
    async listFor(partnerId, limit) {
      const rows = await db
        .selectFrom('dossier_party as p')
        .innerJoin('dossier as d', 'd.code', 'p.dossier_code')
        .selectAll('d')
        .where('p.partner_id', '=', partnerId)
        .orderBy('p.since', 'desc')
        .orderBy('d.code', 'desc')
        .limit(limit)
        .execute();
      return rows.map((row) => dossierOf(row, sealing));
    },
    async setState(code, state) {
      await db.updateTable('dossier').set({ state }).where('code', '=', code).execute();
    },
  };
}

/** One statement, so that a dossier never stands without its owner among its parties. */
async function addDossier(db: Executor, sealing: Sealing, dossier: Dossier): Promise<void> {
  const { code, ownerPartnerId, agencyCode, procedure, title, applicant, state, createdAt } = dossier;
  const applicantSealed = applicant === null ? null : sealJson(sealing, applicant, applicantContext(code));
  const { rows } = await sql`
    WITH added AS (
      INSERT INTO dossier (code, owner_partner_id, agency_code, procedure_code, procedure_name, title, applicant_sealed, state, created_at)
      VALUES (${code}, ${ownerPartnerId}, ${agencyCode}, ${procedure.code}, ${procedure.name}, ${title}, ${applicantSealed}, ${state}, ${createdAt})
      ON CONFLICT (code) DO NOTHING
      RETURNING code, owner_partner_id, created_at
    )
    INSERT INTO dossier_party (dossier_code, partner_id, since) SELECT code, owner_partner_id, created_at FROM added
    RETURNING dossier_code
  `.execute(db);
  if (rows.length === 0) throw new GatewayError('DOSSIER_EXISTS', `There is a dossier ${code} already: dossier codes are unique`);
}

function parties(db: Executor): Pick<DossierRecords, 'isParty' | 'addParty' | 'parties'> {
  return {
    async isParty(code, partnerId) {
      const row = await db
        .selectFrom('dossier_party')
        .select('partner_id')
        .where('dossier_code', '=', code)
        .where('partner_id', '=', partnerId)
        .executeTakeFirst();
      return row !== undefined;
    },
    async addParty(code, partnerId, since) {
      await db
        .insertInto('dossier_party')
        .values({ dossier_code: code, partner_id: partnerId, since })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async parties(code) {
      const rows = await db.selectFrom('dossier_party').select('partner_id').where('dossier_code', '=', code).orderBy('since').orderBy('partner_id').execute();
      return rows.map((row) => row.partner_id as PartnerId);
    },
  };
}

function timeline(db: Executor): Pick<DossierRecords, 'addEvent' | 'events'> {
  return {
    async addEvent(code, event) {
      const { rows } = await sql<{ seq: string }>`
        WITH counted AS (UPDATE dossier SET event_seq = event_seq + 1 WHERE code = ${code} RETURNING event_seq)
        INSERT INTO dossier_event (dossier_code, seq, kind, at, actor, message_id, delivery_id, postal_order_id, data)
        SELECT ${code}, event_seq, ${event.kind}, ${event.at}::timestamptz, ${event.actor}::text, ${event.messageId}::uuid, ${event.deliveryId}::uuid,
               ${event.postalOrderId}::uuid, ${JSON.stringify(event.data)}::jsonb
        FROM counted
        RETURNING seq
      `.execute(db);
      const [row] = rows;
      if (row === undefined) throw new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${code}`);
      return { ...event, seq: Number(row.seq) };
    },
    async events(code, afterSeq, limit) {
      const rows = await db
        .selectFrom('dossier_event')
        .selectAll()
        .where('dossier_code', '=', code)
        .where('seq', '>', String(afterSeq))
        .orderBy('seq')
        .limit(limit)
        .execute();
      return rows.map(eventOf);
    },
  };
}

function dossierOf(row: Selectable<Database['dossier']>, sealing: Sealing): Dossier {
  return {
    code: row.code as DossierCode,
    ownerPartnerId: row.owner_partner_id as PartnerId,
    agencyCode: row.agency_code as AgencyCode,
    procedure: { code: row.procedure_code, name: row.procedure_name },
    title: row.title,
    applicant: row.applicant_sealed === null ? null : openJson(sealing, row.applicant_sealed, applicantContext(row.code)) as Applicant,
    state: row.state as DossierState,
    createdAt: row.created_at,
  };
}

function eventOf(row: Selectable<Database['dossier_event']>): DossierEvent {
  return {
    seq: Number(row.seq),
    kind: row.kind as DossierEventKind,
    at: row.at,
    actor: row.actor as PartnerId | null,
    messageId: row.message_id as MessageId | null,
    deliveryId: row.delivery_id as DeliveryId | null,
    postalOrderId: row.postal_order_id as PostalOrderId | null,
    data: row.data as DossierEvent['data'],
  };
}

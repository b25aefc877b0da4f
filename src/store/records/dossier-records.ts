import { sql, type Selectable } from 'kysely';
import type { AgencyCode } from '../../domain/agency-code.ts';
import type { Applicant, Dossier, DossierCode, DossierEvent, DossierEventKind, DossierState } from '../../domain/dossier.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { DeliveryId, MessageId, PartnerId, PostalOrderId } from '../../domain/ids.ts';
import type { DossierRecords } from '../../ports/dossier-records.ts';
import type { Sealing } from '../../ports/sealing.ts';
import type { Database } from '../schema.ts';
import { eventAdded, NO_CHANGE } from './dossier-event.ts';
import type { Executor } from './executor.ts';
import { openJson, sealJson } from './sealed-json.ts';

export function dossierRecords(db: Executor, sealing: Sealing): DossierRecords {
  return { ...dossiers(db, sealing), ...parties(db), ...timeline(db) };
}

const applicantContext = (code: string): string => `dossier:${code}:applicant`;

function dossiers(db: Executor, sealing: Sealing): Pick<DossierRecords, 'nextSerial' | 'add' | 'find' | 'listFor'> {
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

function parties(db: Executor): Pick<DossierRecords, 'isParty' | 'parties' | 'partiesOf'> {
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
    async parties(code) {
      const rows = await db.selectFrom('dossier_party').select('partner_id').where('dossier_code', '=', code).orderBy('since').orderBy('partner_id').execute();
      return rows.map((row) => row.partner_id as PartnerId);
    },
    async partiesOf(codes) {
      const { rows } = await sql<{ dossier_code: string; partners: string[] }>`
        SELECT dossier_code, array_agg(partner_id ORDER BY since, partner_id) AS partners FROM dossier_party WHERE dossier_code = ANY(${[...codes]}::text[]) GROUP BY dossier_code
      `.execute(db);
      return new Map(rows.map((row) => [row.dossier_code as DossierCode, row.partners as PartnerId[]]));
    },
  };
}

function timeline(db: Executor): Pick<DossierRecords, 'addEvent' | 'addEvents' | 'events'> {
  return {
    async addEvent(code, event, change = NO_CHANGE) {
      const { rows } = await sql<{ seq: string }>`WITH ${eventAdded(sql`SELECT ${code}::text AS code`, event, change)} SELECT seq FROM told`.execute(db);
      const [row] = rows;
      if (row === undefined) throw new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${code}`);
      return { ...event, seq: Number(row.seq) };
    },
    addEvents: (given) => addEvents(db, given),
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

/** Rows of dossiers are locked by code: two that add to several wait for each other instead of both dying. */
async function addEvents(db: Executor, given: Parameters<DossierRecords['addEvents']>[0]): Promise<void> {
  if (given.length === 0) return;
  const rows = given.map(({ dossierCode, kind, at, actor, messageId, deliveryId, postalOrderId, data }) => ({ code: dossierCode, kind, at, actor, message_id: messageId, delivery_id: deliveryId, postal_order_id: postalOrderId, data }));
  const { numAffectedRows } = await sql`
    WITH given AS MATERIALIZED (
      SELECT *, row_number() OVER (PARTITION BY code ORDER BY place) AS nth, count(*) OVER (PARTITION BY code) AS of_dossier
      FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS (code text, kind text, at timestamptz, actor text, message_id uuid, delivery_id uuid, postal_order_id uuid, data jsonb))
        WITH ORDINALITY AS e (code, kind, at, actor, message_id, delivery_id, postal_order_id, data, place)
    ), locked AS MATERIALIZED (
      SELECT code FROM dossier WHERE code IN (SELECT code FROM given) ORDER BY code FOR NO KEY UPDATE
    ), counted AS (
      UPDATE dossier AS d SET event_seq = event_seq + g.of_dossier FROM locked, (SELECT DISTINCT code, of_dossier FROM given) AS g
      WHERE d.code = locked.code AND g.code = locked.code
      RETURNING d.code, event_seq - g.of_dossier AS before
    )
    INSERT INTO dossier_event (dossier_code, seq, kind, at, actor, message_id, delivery_id, postal_order_id, data)
    SELECT code, before + nth, kind, at, actor, message_id, delivery_id, postal_order_id, data FROM given JOIN counted USING (code)
  `.execute(db);
  if (numAffectedRows !== BigInt(given.length)) throw new GatewayError('DOSSIER_NOT_FOUND', 'One of the dossiers does not exist');
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

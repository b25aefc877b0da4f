import { createHash } from 'node:crypto';
import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { Evidence, EvidenceKind } from '../../domain/evidence.ts';
import type { MessageId, PartnerId, Sha256Hex } from '../../domain/ids.ts';
import type { EvidenceRecords, KeptEvidence } from '../../ports/evidence-records.ts';
import type { NewLogEntry } from '../../ports/log-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';
import { entriesAdded } from './log-entries.ts';

export function evidenceRecords(db: Executor): EvidenceRecords {
  return {
    async add(evidence) {
      if (evidence.length > 0) await sql`WITH ${evidenceAdded(sql`SELECT 1`, evidence)} SELECT 1`.execute(db);
    },
    async ofMessage(id) {
      const rows = await db.selectFrom('evidence').selectAll().where('message_id', '=', id).orderBy(sql`kind <> 'message'`).orderBy('at').orderBy('name').execute();
      return rows.map(evidenceOf);
    },
  };
}

/**
 * Evidence as a part of a larger statement, written with what it attests.
 * @param of a query; where it finds nothing, nothing is written
 */
export function evidenceAdded(of: RawBuilder<unknown>, evidence: readonly Evidence[]): RawBuilder<unknown> {
  const facts = evidence.map(({ messageId, name, kind, partnerId, statement, ownSignature, at }) => ({ message_id: messageId, name, kind, partner_id: partnerId, statement, own_signature: ownSignature, at }));
  const bytes = (read: (one: Evidence) => Uint8Array): Buffer[] => evidence.map((one) => bufferOf(read(one)));
  return sql`
    attested AS (
      INSERT INTO evidence (message_id, name, kind, partner_id, statement, own_signature, at, manifest_xml, cms_der)
      SELECT given.* FROM (${of}) AS about, ROWS FROM (
        jsonb_to_recordset(${JSON.stringify(facts)}::jsonb) AS (message_id uuid, name text, kind text, partner_id text, statement text, own_signature text, at timestamptz),
        unnest(${bytes(({ manifestXml }) => manifestXml)}::bytea[], ${bytes(({ cmsDer }) => cmsDer)}::bytea[])
      ) AS given
    ), ${entriesAdded(of, evidence.map(logEntryOf))}`;
}

/** What is in the log is the signature as it was made: with it stands all that it covers, and when it was made at the latest. */
function logEntryOf({ messageId, name, kind, seenBy, cmsDer, at }: Evidence): NewLogEntry {
  const about = kind === 'message' ? { kind, subject: messageId } : { kind: 'receipt' as const, subject: `${messageId}/${name}` };
  return { ...about, recordSha256: createHash('sha256').update(cmsDer).digest('hex') as Sha256Hex, partners: seenBy, at };
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function evidenceOf(row: Selectable<Database['evidence']>): KeptEvidence {
  return {
    messageId: row.message_id as MessageId,
    name: row.name,
    kind: row.kind as EvidenceKind,
    partnerId: row.partner_id as PartnerId | null,
    statement: row.statement,
    ownSignature: row.own_signature,
    manifestXml: bytesOf(row.manifest_xml),
    cmsDer: bytesOf(row.cms_der),
    at: row.at,
  };
}

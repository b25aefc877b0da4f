import { sql, type Selectable } from 'kysely';
import { GatewayError } from '../../domain/errors.ts';
import type { PartnerId } from '../../domain/ids.ts';
import type { PartnerKeyRecord, PartnerKeyRecords } from '../../ports/partner-key-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

export function partnerKeyRecords(db: Executor): PartnerKeyRecords {
  return { ...keys(db), ...nonces(db) };
}

function keys(db: Executor): Pick<PartnerKeyRecords, 'add' | 'find' | 'list' | 'revoke' | 'requireSignatures'> {
  return {
    async add(key) {
      const added = await db
        .insertInto('partner_key')
        .values({ partner_id: key.partnerId, key_id: key.keyId, algorithm: key.algorithm, spki_der: Buffer.from(key.spkiDer), created_at: key.createdAt, revoked_at: key.revokedAt })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows !== 1n) throw new GatewayError('KEY_EXISTS', `${key.partnerId} has a key ${key.keyId} already: a new key has a new name`);
    },
    async find(partnerId, keyId) {
      const row = await db.selectFrom('partner_key').selectAll().where('partner_id', '=', partnerId).where('key_id', '=', keyId).executeTakeFirst();
      return row === undefined ? null : keyOf(row);
    },
    async list(partnerId) {
      return (await db.selectFrom('partner_key').selectAll().where('partner_id', '=', partnerId).orderBy('created_at').execute()).map(keyOf);
    },
    async revoke(partnerId, keyId, at) {
      const result = await db.updateTable('partner_key').set({ revoked_at: at }).where('partner_id', '=', partnerId).where('key_id', '=', keyId).where('revoked_at', 'is', null).executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async requireSignatures(partnerId, required) {
      await sql`UPDATE partner SET settings = settings || ${JSON.stringify({ requiresSignature: required })}::jsonb WHERE id = ${partnerId}`.execute(db);
    },
  };
}

function nonces(db: Executor): Pick<PartnerKeyRecords, 'useNonce' | 'forgetNonces'> {
  return {
    async useNonce(partnerId, nonce, until) {
      const added = await db
        .insertInto('request_nonce')
        .values({ partner_id: partnerId, nonce, kept_until: until })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      return added.numInsertedOrUpdatedRows === 1n;
    },
    async forgetNonces(now) {
      const result = await db.deleteFrom('request_nonce').where('kept_until', '<=', now).executeTakeFirst();
      return Number(result.numDeletedRows);
    },
  };
}

function keyOf(row: Selectable<Database['partner_key']>): PartnerKeyRecord {
  return { partnerId: row.partner_id as PartnerId, keyId: row.key_id, algorithm: row.algorithm, spkiDer: bytesOf(row.spki_der), createdAt: row.created_at, revokedAt: row.revoked_at };
}

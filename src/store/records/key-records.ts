import type { Selectable } from 'kysely';
import { GatewayError } from '../../domain/errors.ts';
import type { KeyId, PartnerId } from '../../domain/ids.ts';
import type { KeyPurpose, SignatureScheme } from '../../domain/signature.ts';
import type { KeyRecords, SigningKeyRecord } from '../../ports/key-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

export function keyRecords(db: Executor): KeyRecords {
  return { ...signingKeys(db), ...grants(db), ...evidence(db) };
}

function signingKeys(db: Executor): Pick<KeyRecords, 'add' | 'find' | 'list' | 'endingBefore' | 'disable'> {
  return {
    async add(key) {
      const added = await db
        .insertInto('signing_key')
        .values({
          id: key.id,
          purpose: key.purpose,
          kind: key.kind,
          scheme: key.scheme,
          chain_der: key.chainDer.map((der) => Buffer.from(der)),
          certificate_sha256: key.certificateSha256,
          not_after: key.notAfter,
          private_key_sealed: key.privateKeySealed === null ? null : Buffer.from(key.privateKeySealed),
          picture_png: key.picturePng === null ? null : Buffer.from(key.picturePng),
          created_at: key.createdAt,
          disabled_at: key.disabledAt,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows !== 1n) throw new GatewayError('KEY_EXISTS', `There is a key named ${key.id} already: choose another name`);
    },
    async find(id) {
      const row = await db.selectFrom('signing_key').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : keyOf(row);
    },
    async list() {
      return (await db.selectFrom('signing_key').selectAll().orderBy('id').execute()).map(keyOf);
    },
    async endingBefore(at) {
      const rows = await db.selectFrom('signing_key').select(['id', 'not_after']).where('disabled_at', 'is', null).where('not_after', '<=', at).orderBy('not_after').execute();
      return rows.map((row) => ({ id: row.id as KeyId, notAfter: row.not_after }));
    },
    async disable(id, at) {
      const result = await db.updateTable('signing_key').set({ disabled_at: at }).where('id', '=', id).where('disabled_at', 'is', null).executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
  };
}

function grants(db: Executor): Pick<KeyRecords, 'grant' | 'revokeGrant' | 'isGranted' | 'grantedTo' | 'grants'> {
  return {
    async grant(partnerId, keyId, at) {
      await db
        .insertInto('key_grant')
        .values({ partner_id: partnerId, key_id: keyId, created_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    },
    async revokeGrant(partnerId, keyId) {
      const result = await db.deleteFrom('key_grant').where('partner_id', '=', partnerId).where('key_id', '=', keyId).executeTakeFirst();
      return result.numDeletedRows === 1n;
    },
    async isGranted(partnerId, keyId) {
      const row = await db.selectFrom('key_grant').select('key_id').where('partner_id', '=', partnerId).where('key_id', '=', keyId).executeTakeFirst();
      return row !== undefined;
    },
    async grantedTo(partnerId) {
      const rows = await db
        .selectFrom('signing_key as k')
        .innerJoin('key_grant as g', 'g.key_id', 'k.id')
        .selectAll('k')
        .where('g.partner_id', '=', partnerId)
        .where('k.disabled_at', 'is', null)
        .orderBy('k.id')
        .execute();
      return rows.map(keyOf);
    },
    async grants(keyId) {
      const rows = await db.selectFrom('key_grant').select('partner_id').where('key_id', '=', keyId).orderBy('partner_id').execute();
      return rows.map((row) => row.partner_id as PartnerId);
    },
  };
}

function evidence(db: Executor): Pick<KeyRecords, 'addEvidence'> {
  return {
    async addEvidence(made) {
      await db
        .insertInto('signature_evidence')
        .values({
          id: made.id,
          at: made.at,
          partner_id: made.partnerId,
          key_id: made.keyId,
          input_sha256: made.inputSha256,
          output_sha256: made.outputSha256,
          level: made.level,
          policy: made.policy,
          result: made.result,
          detail: made.detail,
        })
        .execute();
    },
  };
}

function keyOf(row: Selectable<Database['signing_key']>): SigningKeyRecord {
  const [leaf, ...issuers] = row.chain_der.map(bytesOf);
  if (leaf === undefined) throw new Error(`signing_key ${row.id} has no certificate`);
  return {
    id: row.id as KeyId,
    purpose: row.purpose as KeyPurpose,
    kind: row.kind as SigningKeyRecord['kind'],
    scheme: row.scheme as SignatureScheme,
    chainDer: [leaf, ...issuers],
    privateKeySealed: row.private_key_sealed === null ? null : bytesOf(row.private_key_sealed),
    picturePng: row.picture_png === null ? null : bytesOf(row.picture_png),
    certificateSha256: row.certificate_sha256,
    notAfter: row.not_after,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
  };
}

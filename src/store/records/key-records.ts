import type { Selectable } from 'kysely';
import { GatewayError } from '../../domain/errors.ts';
import type { KeyId, PartnerId } from '../../domain/ids.ts';
import type { KeyPlace } from '../../domain/key-place.ts';
import type { KeyPurpose, SignatureScheme } from '../../domain/signature.ts';
import type { KeyRecords, SigningKeyRecord } from '../../ports/key-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

export function keyRecords(db: Executor): KeyRecords {
  return { ...signingKeys(db), ...grants(db), ...evidence(db) };
}

function signingKeys(db: Executor): Pick<KeyRecords, 'add' | 'find' | 'list' | 'endingBefore' | 'disable' | 'changeSecret' | 'remove'> {
  return {
    async add(key) {
      const added = await db
        .insertInto('signing_key')
        .values({
          id: key.id,
          purpose: key.purpose,
          kind: key.place.kind,
          settings: settingsOf(key.place),
          scheme: key.scheme,
          chain_der: key.chainDer.map((der) => Buffer.from(der)),
          certificate_sha256: key.certificateSha256,
          not_after: key.notAfter,
          private_key_sealed: key.secretSealed === null ? null : Buffer.from(key.secretSealed),
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
    async changeSecret(id, secretSealed) {
      const result = await db.updateTable('signing_key').set({ private_key_sealed: Buffer.from(secretSealed) }).where('id', '=', id).where('disabled_at', 'is', null).executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async remove(id, at) {
      await db.deleteFrom('key_grant').where('key_id', '=', id).execute();
      const result = await db
        .updateTable('signing_key')
        .set((is) => ({ private_key_sealed: null, picture_png: null, disabled_at: is.fn.coalesce('disabled_at', is.val(at)) }))
        .where('id', '=', id)
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
  };
}

function grants(db: Executor): Pick<KeyRecords, 'grant' | 'revokeGrant' | 'findGranted' | 'grantedTo' | 'grants'> {
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
    async findGranted(partnerId, keyId) {
      const row = await db.selectFrom('signing_key as k').innerJoin('key_grant as g', 'g.key_id', 'k.id').selectAll('k').where('g.partner_id', '=', partnerId).where('k.id', '=', keyId).executeTakeFirst();
      return row === undefined ? null : keyOf(row);
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

function evidence(db: Executor): Pick<KeyRecords, 'addUse' | 'uses' | 'addEvidence'> {
  return {
    async addUse({ id, keyId, partnerId, at }) {
      await db.insertInto('key_use').values({ id, key_id: keyId, partner_id: partnerId, at }).execute();
    },
    async uses(id) {
      const rows = await db
        .selectFrom('key_use as u')
        .leftJoin('signature_evidence as e', 'e.use_id', 'u.id')
        .select(['e.result', (is) => is.fn.countAll<string>().as('count')])
        .where('u.key_id', '=', id)
        .groupBy('e.result')
        .execute();
      const count = (result: string): number => Number(rows.find((row) => row.result === result)?.count ?? 0);
      const all = rows.reduce((sum, row) => sum + Number(row.count), 0);
      return { signed: count('signed'), failed: count('failed'), unknown: all - count('signed') - count('failed') };
    },
    async addEvidence(made) {
      await db
        .insertInto('signature_evidence')
        .values({
          id: made.id,
          at: made.at,
          partner_id: made.partnerId,
          key_id: made.keyId,
          use_id: made.useId,
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
    // What `settingsOf` wrote.
    place: { ...row.settings, kind: row.kind } as unknown as KeyPlace,
    scheme: row.scheme as SignatureScheme,
    chainDer: [leaf, ...issuers],
    secretSealed: row.private_key_sealed === null ? null : bytesOf(row.private_key_sealed),
    picturePng: row.picture_png === null ? null : bytesOf(row.picture_png),
    certificateSha256: row.certificate_sha256,
    notAfter: row.not_after,
    createdAt: row.created_at,
    disabledAt: row.disabled_at,
  };
}

function settingsOf({ kind: _, ...settings }: KeyPlace): Readonly<Record<string, unknown>> {
  return settings;
}

import { sql, type Selectable } from 'kysely';
import type { AgencyCode } from '../../domain/agency-code.ts';
import { GatewayError } from '../../domain/errors.ts';
import type { PartnerId } from '../../domain/ids.ts';
import { PAYLOAD_FORMS, type DeliveryMode, type Partner, type RepeatRule, type Route, type Scope } from '../../domain/partner.ts';
import type { ApiKeyRecord, PartnerRecords } from '../../ports/partner-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';
import { standingOf } from './partner-states.ts';

export function partnerRecords(db: Executor): PartnerRecords {
  return { ...partners(db), ...webhookSecrets(db), ...routes(db), ...apiKeys(db) };
}

/** Named one by one, so that the statements of each attempt and each call stay prepared (`statement-names.ts`). */
const PARTNER = [
  'p.id', 'p.name', 'p.mode', 'p.url', 'p.repeat_rule', 'p.webhook_secret_sealed', 'p.previous_secret_sealed', 'p.previous_secret_until', 'p.status', 'p.settings', 'p.created_at',
] as const;

function partners(db: Executor): Pick<PartnerRecords, 'add' | 'find' | 'recipient' | 'findByIdentity' | 'setIdentity' | 'setCallRate' | 'setPayload' | 'setAccepts' | 'list' | 'update'> {
  return {
    async add(partner) {
      const added = await db
        .insertInto('partner')
        .values({
          id: partner.id,
          name: partner.name,
          mode: partner.mode,
          url: partner.url,
          repeat_rule: partner.repeat,
          status: partner.status,
          created_at: partner.createdAt,
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirst();
      if (added.numInsertedOrUpdatedRows !== 1n) throw new GatewayError('PARTNER_EXISTS', `There is a partner named ${partner.id} already: choose another name`);
    },
    async find(id) {
      const row = await db.selectFrom('partner').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? null : partnerOf(row);
    },
    async recipient(id, at) {
      const row = await db
        .selectFrom('partner as p')
        .leftJoin('partner_state as s', 's.partner_id', 'p.id')
        .select(PARTNER)
        .select(['s.failures', 's.open_until', 's.disabled_at'])
        .where('p.id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : { partner: partnerOf(row), standing: standingOf(row), webhookSecretsSealed: secretsOf(row, at) };
    },
    async findByIdentity(identity) {
      const { rows } = await sql<Selectable<Database['partner']>>`
        SELECT * FROM partner WHERE settings->>'identity' = ${identity} OR (id = ${identity} AND NOT settings ? 'identity') ORDER BY settings ? 'identity' DESC LIMIT 1
      `.execute(db);
      return rows[0] === undefined ? null : partnerOf(rows[0]);
    },
    async setIdentity(id, identity) {
      const { rows } = await sql`
        UPDATE partner SET settings = settings || ${JSON.stringify({ identity })}::jsonb
        WHERE id = ${id} AND NOT EXISTS (SELECT 1 FROM partner AS other WHERE other.settings->>'identity' = ${identity} AND other.id <> ${id}) RETURNING id
      `.execute(db);
      if (rows.length === 0) throw new GatewayError('PARTNER_EXISTS', 'Another partner has this identity already');
    },
    async setCallRate(id, rate) {
      const change = rate === null ? sql`settings - 'callRate'` : sql`settings || ${JSON.stringify({ callRate: rate })}::jsonb`;
      await sql`UPDATE partner SET settings = ${change} WHERE id = ${id}`.execute(db);
    },
    async setPayload(id, payload) {
      await sql`UPDATE partner SET settings = settings || ${JSON.stringify({ payload })}::jsonb WHERE id = ${id}`.execute(db);
    },
    async setAccepts(id, accepts) {
      await sql`UPDATE partner SET settings = settings || ${JSON.stringify({ accepts })}::jsonb WHERE id = ${id}`.execute(db);
    },
    async list() {
      return (await db.selectFrom('partner').selectAll().orderBy('id').execute()).map(partnerOf);
    },
    async update(id, change) {
      const { repeat, ...rest } = change;
      const set = { ...rest, ...(repeat === undefined ? {} : { repeat_rule: repeat }) };
      if (Object.keys(set).length > 0) await db.updateTable('partner').set(set).where('id', '=', id).execute();
    },
  };
}

function webhookSecrets(db: Executor): Pick<PartnerRecords, 'setWebhookSecret' | 'webhookSecretsSealed'> {
  return {
    async setWebhookSecret(id, secretSealed, previousUntil = null) {
      const previous = previousUntil === null ? null : sql<Buffer | null>`webhook_secret_sealed`;
      await db
        .updateTable('partner')
        .set({ webhook_secret_sealed: Buffer.from(secretSealed), previous_secret_sealed: previous, previous_secret_until: previousUntil })
        .where('id', '=', id)
        .execute();
    },
    async webhookSecretsSealed(id, at) {
      const row = await db.selectFrom('partner').select(['webhook_secret_sealed', 'previous_secret_sealed', 'previous_secret_until']).where('id', '=', id).executeTakeFirst();
      return row === undefined ? [] : secretsOf(row, at);
    },
  };
}

type Secrets = Pick<Selectable<Database['partner']>, 'webhook_secret_sealed' | 'previous_secret_sealed' | 'previous_secret_until'>;

function secretsOf({ webhook_secret_sealed: secret, previous_secret_sealed: previous, previous_secret_until: until }: Secrets, at: Date): readonly Uint8Array[] {
  return [secret, until !== null && until > at ? previous : null].flatMap((sealed) => (sealed === null ? [] : [bytesOf(sealed)]));
}

function routes(db: Executor): Pick<PartnerRecords, 'setRoute' | 'removeRoute' | 'routes' | 'routesFor' | 'waysTo'> {
  return {
    async setRoute(route, at) {
      const { rows } = await sql`
        INSERT INTO route (agency_code, partner_id, created_at) SELECT ${route.agencyCode}, id, ${at} FROM partner WHERE id = ${route.partnerId}
        ON CONFLICT (agency_code) DO UPDATE SET partner_id = excluded.partner_id, created_at = excluded.created_at
        RETURNING agency_code
      `.execute(db);
      if (rows.length === 0) throw new GatewayError('PARTNER_NOT_FOUND', `There is no partner named ${route.partnerId}: add it first`);
    },
    async removeRoute(agencyCode) {
      const result = await db.deleteFrom('route').where('agency_code', '=', agencyCode).executeTakeFirst();
      return result.numDeletedRows === 1n;
    },
    async routes() {
      return (await db.selectFrom('route').selectAll().orderBy('agency_code').execute()).map(routeOf);
    },
    async routesFor(code) {
      const rows = await db.selectFrom('route').selectAll().where('agency_code', 'in', codesAbove(code)).orderBy('agency_code').execute();
      return rows.map(routeOf);
    },
    async waysTo(codes) {
      const rows = await db
        .selectFrom('route as r')
        .innerJoin('partner as p', 'p.id', 'r.partner_id')
        .select(PARTNER)
        .select('r.agency_code')
        .where('r.agency_code', '=', sql<string>`ANY (${[...new Set(codes.flatMap(codesAbove))]}::text[])`)
        .execute();
      return rows.map((row) => ({ route: routeOf({ agency_code: row.agency_code, partner_id: row.id }), partner: partnerOf(row) }));
    },
  };
}

/** The code and, where the province stands first, each code above it: `H57.12.03`, `H57.12`, `H57`. */
function codesAbove(code: AgencyCode): string[] {
  if (!/^[A-Y]/.test(code)) return [code];
  const levels = code.split('.');
  return levels.map((_, index) => levels.slice(0, levels.length - index).join('.'));
}

function apiKeys(db: Executor): Pick<PartnerRecords, 'addApiKey' | 'findApiKey' | 'apiKeys' | 'revokeApiKey' | 'touchApiKey'> {
  return {
    async addApiKey(key, secretSha256) {
      await db
        .insertInto('api_key')
        .values({
          id: key.id,
          partner_id: key.partnerId,
          secret_sha256: Buffer.from(secretSha256),
          label: key.label,
          scopes: [...key.scopes],
          created_at: key.createdAt,
          expires_at: key.expiresAt,
          revoked_at: key.revokedAt,
          last_used_at: key.lastUsedAt,
        })
        .execute();
    },
    async findApiKey(secretSha256) {
      const row = await db
        .selectFrom('api_key as k')
        .innerJoin('partner as p', 'p.id', 'k.partner_id')
        .select(PARTNER)
        .select(['k.id as key_id', 'k.partner_id', 'k.label', 'k.scopes', 'k.created_at as issued_at', 'k.expires_at', 'k.revoked_at', 'k.last_used_at'])
        .where('k.secret_sha256', '=', Buffer.from(secretSha256))
        .executeTakeFirst();
      return row === undefined ? null : { key: apiKeyOf({ ...row, id: row.key_id, created_at: row.issued_at }), partner: partnerOf(row) };
    },
    async apiKeys(partnerId) {
      const rows = await db.selectFrom('api_key').selectAll().where('partner_id', '=', partnerId).orderBy('created_at').orderBy('id').execute();
      return rows.map(apiKeyOf);
    },
    async revokeApiKey(id, at) {
      // A revocation set ahead by a rotation may be brought forward.
      const result = await db
        .updateTable('api_key')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where((is) => is.or([is('revoked_at', 'is', null), is('revoked_at', '>', at)]))
        .executeTakeFirst();
      return result.numUpdatedRows === 1n;
    },
    async touchApiKey(id, at) {
      const minuteAgo = new Date(at.getTime() - 60_000);
      await db
        .updateTable('api_key')
        .set({ last_used_at: at })
        .where('id', '=', id)
        .where((is) => is.or([is('last_used_at', 'is', null), is('last_used_at', '<=', minuteAgo)]))
        .execute();
    },
  };
}

function partnerOf(row: Selectable<Database['partner']>): Partner {
  return {
    id: row.id as PartnerId,
    name: row.name,
    mode: row.mode as DeliveryMode,
    url: row.url,
    repeat: row.repeat_rule as RepeatRule,
    status: row.status as Partner['status'],
    createdAt: row.created_at,
    ...(row.settings['requiresSignature'] === true && { requiresSignature: true }),
    ...callRateOf(row.settings['callRate']),
    ...payloadOf(row.settings['payload']),
    ...acceptsOf(row.settings['accepts']),
  };
}

function callRateOf(value: unknown): Pick<Partner, 'callRate'> {
  if (typeof value !== 'object' || value === null || !('perSecond' in value) || !('burst' in value)) return {};
  const { perSecond, burst } = value;
  return typeof perSecond === 'number' && typeof burst === 'number' ? { callRate: { perSecond, burst } } : {};
}

function payloadOf(value: unknown): Pick<Partner, 'payload'> {
  const payload = PAYLOAD_FORMS.find((form) => form === value);
  return payload === undefined ? {} : { payload };
}

/** Written by `setAccepts` only, which takes nothing else. */
function acceptsOf(value: unknown): Pick<Partner, 'accepts'> {
  return typeof value === 'object' && value !== null ? { accepts: value } : {};
}

function routeOf(row: Pick<Database['route'], 'agency_code' | 'partner_id'>): Route {
  return { agencyCode: row.agency_code as AgencyCode, partnerId: row.partner_id as PartnerId };
}

function apiKeyOf(row: Omit<Selectable<Database['api_key']>, 'secret_sha256'>): ApiKeyRecord {
  return {
    id: row.id,
    partnerId: row.partner_id as PartnerId,
    label: row.label,
    scopes: row.scopes as Scope[],
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}

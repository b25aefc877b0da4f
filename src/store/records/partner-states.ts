import { sql } from 'kysely';
import type { PartnerId } from '../../domain/ids.ts';
import { EVIDENCE_POLICIES, NO_LIMITS, openForMs, type PartnerLimits, type PartnerStanding } from '../../domain/partner-limits.ts';
import type { PartnerStates } from '../../ports/partner-states.ts';
import type { Executor } from './executor.ts';

export function partnerStates(db: Executor): PartnerStates {
  return {
    async find(id) {
      const row = await db
        .selectFrom('partner as p')
        .leftJoin('partner_state as s', 's.partner_id', 'p.id')
        .select(['p.settings', 's.failures', 's.open_until', 's.disabled_at'])
        .where('p.id', '=', id)
        .executeTakeFirst();
      return standingOf(row ?? NEVER_TROUBLED);
    },
    async setLimits(id, { ratePerSecond, burst }) {
      await sql`UPDATE partner SET settings = settings || ${JSON.stringify({ ratePerSecond, burst })}::jsonb WHERE id = ${id}`.execute(db);
    },
    async setEvidence(id, policy) {
      await sql`UPDATE partner SET settings = settings || ${JSON.stringify({ evidence: policy })}::jsonb WHERE id = ${id}`.execute(db);
    },
    async setPace(id, pace) {
      const change = pace === null ? sql`settings - 'pace'` : sql`settings || ${JSON.stringify({ pace })}::jsonb`;
      await sql`UPDATE partner SET settings = ${change} WHERE id = ${id}`.execute(db);
    },
    async concurrencies() {
      const { rows } = await sql<{ id: string; concurrency: number }>`SELECT id, (settings->'pace'->>'concurrency')::int AS concurrency FROM partner WHERE settings->'pace' ? 'concurrency'`.execute(db);
      return new Map(rows.map(({ id, concurrency }) => [id, concurrency]));
    },
    async takeProbe(id, now, until) {
      const { rows } = await sql`
        UPDATE partner_state SET probe_until = ${until}, updated_at = ${now}
        WHERE partner_id = ${id} AND (probe_until IS NULL OR probe_until <= ${now})
        RETURNING partner_id
      `.execute(db);
      return rows.length === 1;
    },
    async returnProbe(id, until) {
      await sql`UPDATE partner_state SET probe_until = NULL WHERE partner_id = ${id} AND probe_until = ${until}`.execute(db);
    },
    takeToken: (id, limits, now) => takeToken(db, id, limits, now),
    async recordFailure(id, settings, now) {
      const { rows } = await sql<{ failures: number }>`
        INSERT INTO partner_state AS s (partner_id, failures, updated_at) VALUES (${id}, 1, ${now})
        ON CONFLICT (partner_id) DO UPDATE SET failures = s.failures + 1, probe_until = NULL, updated_at = ${now}
        WHERE s.open_until IS NULL OR s.open_until <= ${now}
        RETURNING failures
      `.execute(db);
      const openMs = rows[0] === undefined ? null : openForMs(settings, rows[0].failures);
      if (openMs !== null) await holdUntil(db, id, new Date(now.getTime() + openMs), now);
    },
    async disable(id, now) {
      await sql`
        INSERT INTO partner_state (partner_id, disabled_at, updated_at) VALUES (${id}, ${now}, ${now})
        ON CONFLICT (partner_id) DO UPDATE SET disabled_at = ${now}, updated_at = ${now}
      `.execute(db);
    },
    async enable(id, now) {
      const { rows } = await sql`
        UPDATE partner_state SET disabled_at = NULL, failures = 0, open_until = NULL, probe_until = NULL, updated_at = ${now}
        WHERE partner_id = ${id} AND disabled_at IS NOT NULL
        RETURNING partner_id
      `.execute(db);
      return rows.length === 1;
    },
    holdUntil: (id, until, now) => holdUntil(db, id, until, now),
    async recordSuccess(id, now) {
      await sql`
        UPDATE partner_state SET failures = 0, open_until = NULL, probe_until = NULL, updated_at = ${now}
        WHERE partner_id = ${id} AND (failures > 0 OR open_until IS NOT NULL)
      `.execute(db);
    },
  };
}

async function holdUntil(db: Executor, id: PartnerId, until: Date, now: Date): Promise<void> {
  await sql`
    INSERT INTO partner_state AS s (partner_id, open_until, updated_at) VALUES (${id}, ${until}, ${now})
    ON CONFLICT (partner_id) DO UPDATE SET open_until = greatest(s.open_until, excluded.open_until), probe_until = NULL, updated_at = ${now}
  `.execute(db);
}

/** Token bucket: what came in since the last message, at most `burst`, less one if there is one. */
async function takeToken(db: Executor, id: PartnerId, { ratePerSecond, burst }: PartnerLimits, now: Date): Promise<Date | null> {
  if (ratePerSecond === null) return null;
  await sql`INSERT INTO partner_state (partner_id, updated_at) VALUES (${id}, ${now}) ON CONFLICT DO NOTHING`.execute(db);
  const elapsed = sql`greatest(0, coalesce(extract(epoch FROM ${now}::timestamptz - tokens_at), 0))::float8`;
  const available = sql<number>`least(${burst}::float8, coalesce(tokens, ${burst}::float8) + ${elapsed} * ${ratePerSecond}::float8)`;
  const { rows: taken } = await sql`
    UPDATE partner_state SET tokens = ${available} - 1, tokens_at = greatest(tokens_at, ${now}), updated_at = ${now}
    WHERE partner_id = ${id} AND ${available} >= 1
    RETURNING partner_id
  `.execute(db);
  if (taken.length === 1) return null;
  const { rows } = await sql<{ available: number }>`SELECT ${available} AS available FROM partner_state WHERE partner_id = ${id}`.execute(db);
  const missing = Math.max(0, 1 - (rows[0]?.available ?? 0));
  return new Date(now.getTime() + Math.ceil((missing / ratePerSecond) * 1_000));
}

/** A partner's row beside that of its state, which is there only once something happened. */
interface StandingRow {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly failures: number | null;
  readonly open_until: Date | null;
  readonly disabled_at: Date | null;
}

const NEVER_TROUBLED: StandingRow = { settings: {}, failures: null, open_until: null, disabled_at: null };

export function standingOf({ settings, failures, open_until, disabled_at }: StandingRow): PartnerStanding {
  return { limits: limitsOf(settings), ...paceOf(settings['pace']), ...evidenceOf(settings['evidence']), failures: failures ?? 0, openUntil: open_until, disabledAt: disabled_at };
}

/** Written by `setPace` only, which takes nothing else. */
function paceOf(value: unknown): Pick<PartnerStanding, 'pace'> {
  return typeof value === 'object' && value !== null ? { pace: value } : {};
}

function evidenceOf(stored: unknown): Pick<PartnerStanding, 'evidence'> {
  const evidence = EVIDENCE_POLICIES.find((policy) => policy === stored);
  return evidence === undefined ? {} : { evidence };
}

function limitsOf({ ratePerSecond, burst }: StandingRow['settings']): PartnerLimits {
  return typeof ratePerSecond === 'number' && ratePerSecond > 0 ? { ratePerSecond, burst: typeof burst === 'number' && burst >= 1 ? burst : 1 } : NO_LIMITS;
}

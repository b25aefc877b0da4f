import { sql, type Kysely } from 'kysely';

/** What was said stays said, but its box may change: for a new master key, and when personal data is erased. Everything else of such a row still refuses. */
export const number = 9;
export const name = 'sealed-columns';

const APPEND_ONLY: Readonly<Record<string, string>> = { message: 'body_sealed', postal_event: 'raw_sealed' };

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db);
}

const STATEMENTS: readonly string[] = [
  `CREATE FUNCTION refuse_change_but_of_box() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF to_jsonb(NEW) - TG_ARGV[0] = to_jsonb(OLD) - TG_ARGV[0] THEN RETURN NEW; END IF;
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$`,
  ...Object.entries(APPEND_ONLY).flatMap(([table, column]) => [
    `DROP TRIGGER append_only ON ${table}`,
    `CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
    `CREATE TRIGGER append_only_but_box BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_change_but_of_box('${column}')`,
  ]),
];

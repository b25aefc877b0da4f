import type { DatabaseHandle } from '../../src/store/database.ts';

/** Names of the tables, queues included, that hold a text as it is, in hexadecimal or in base64. */
export async function tablesHolding({ pool }: DatabaseHandle, canaries: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  );
  const shapes = canaries.flatMap((text) => [text, Buffer.from(text).toString('hex'), Buffer.from(text).toString('base64').replace(/=+$/, '')]);
  const found: string[] = [];
  for (const { name } of rows) {
    const whole = await pool.query<{ text: string }>(`SELECT to_jsonb(t)::text AS text FROM ${name} AS t`);
    if (whole.rows.some(({ text }) => shapes.some((shape) => text.includes(shape)))) found.push(name);
  }
  return found;
}

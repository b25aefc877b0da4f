import { sql, type Selectable } from 'kysely';
import type { LogCheckpoint, LogRecords, LogTile, LogTimestamp } from '../../ports/log-records.ts';
import type { Database } from '../schema.ts';
import { bytesOf } from './bytes.ts';
import type { Executor } from './executor.ts';

type Advance = Parameters<LogRecords['advance']>[0];

export function logTree(db: Executor): Pick<LogRecords, 'advance' | 'newest' | 'newestTimed' | 'checkpoint' | 'checkpointCovering' | 'tile'> {
  return {
    advance: (request) => (db.isTransaction ? advance(db, request) : db.transaction().execute((trx) => advance(trx, request))),
    newest: () => one(db.selectFrom('log_checkpoint').selectAll().orderBy('size', 'desc').limit(1)),
    newestTimed: () => one(timed(db).orderBy('size', 'desc').limit(1)),
    checkpoint: (size) => one(db.selectFrom('log_checkpoint').selectAll().where('size', '=', String(size))),
    checkpointCovering: (size, isTimed) => one((isTimed ? timed(db) : db.selectFrom('log_checkpoint').selectAll()).where('size', '>=', String(size)).orderBy('size').limit(1)),
    async tile(level, index) {
      const row = await db.selectFrom('log_tile').selectAll().where('level', '=', level).where('tile_index', '=', String(index)).executeTakeFirst();
      return row === undefined ? null : tileOf(row);
    },
  };
}

function timed(db: Executor) {
  return db.selectFrom('log_checkpoint').selectAll().where((is) => is.exists(is.selectFrom('log_timestamp').select('log_timestamp.id').whereRef('log_timestamp.size', '=', 'log_checkpoint.size')));
}

async function one(query: { executeTakeFirst(): Promise<Selectable<Database['log_checkpoint']> | undefined> }): Promise<LogCheckpoint | null> {
  const row = await query.executeTakeFirst();
  return row === undefined ? null : checkpointOf(row);
}

export function checkpointOf(row: Selectable<Database['log_checkpoint']>): LogCheckpoint {
  return { size: Number(row.size), root: bytesOf(row.root), note: row.note, keyId: row.key_id, createdAt: row.created_at };
}

async function advance(trx: Executor, { limit, keyId, at, grow }: Advance): Promise<LogCheckpoint | null> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('evidence-log', 0))`.execute(trx);
  // A statement of its own: it has to see what the lock's previous holder committed.
  const { rows: last } = await sql<{ size: string }>`SELECT coalesce(max(size), 0) AS size FROM log_checkpoint`.execute(trx);
  const size = Number(last[0]?.size ?? 0);
  const leafData = await givePlaces(trx, size, limit);
  if (leafData.length === 0) return null;
  const { rows: edge } = await sql<TileRow>`
    SELECT DISTINCT ON (level) level, tile_index, hashes FROM log_tile ORDER BY level, tile_index DESC`.execute(trx);
  const { tiles, root, note } = grow(size, edge.map(tileOf), leafData);
  await putTiles(trx, tiles);
  const checkpoint: LogCheckpoint = { size: size + leafData.length, root, note, keyId, createdAt: at };
  await trx.insertInto('log_checkpoint').values({ size: String(checkpoint.size), root: Buffer.from(root), key_id: keyId, note, created_at: at }).execute();
  return checkpoint;
}

/** What was committed later comes later: who has read up to an index never misses one before it. */
async function givePlaces(trx: Executor, size: number, limit: number): Promise<readonly Uint8Array[]> {
  const { rows } = await sql<{ leaf_data: Uint8Array }>`
    WITH taken AS (
      DELETE FROM log_pending WHERE position IN (SELECT position FROM log_pending ORDER BY position LIMIT ${limit}) RETURNING position, entry_id
    ), ordered AS (
      SELECT entry_id, ${size}::bigint + row_number() OVER (ORDER BY position) - 1 AS leaf_index FROM taken
    ), placed AS (
      INSERT INTO log_leaf (leaf_index, entry_id) SELECT leaf_index, entry_id FROM ordered ORDER BY leaf_index
    )
    SELECT e.leaf_data FROM ordered AS o JOIN log_entry AS e ON e.id = o.entry_id ORDER BY o.leaf_index
  `.execute(trx);
  return rows.map(({ leaf_data }) => leaf_data);
}

async function putTiles(trx: Executor, tiles: readonly LogTile[]): Promise<void> {
  await sql`
    INSERT INTO log_tile (level, tile_index, hashes)
    SELECT * FROM unnest(${tiles.map(({ level }) => level)}::smallint[], ${tiles.map(({ index }) => index)}::bigint[], ${tiles.map(({ hashes }) => Buffer.from(hashes))}::bytea[])
    ON CONFLICT (level, tile_index) DO UPDATE SET hashes = EXCLUDED.hashes
  `.execute(trx);
}

interface TileRow {
  readonly level: number;
  readonly tile_index: string;
  readonly hashes: Uint8Array;
}

function tileOf({ level, tile_index, hashes }: TileRow): LogTile {
  return { level, index: Number(tile_index), hashes: bytesOf(hashes) };
}

export function logTimestamps(db: Executor): Pick<LogRecords, 'addTimestamp' | 'timestamps' | 'newestTimestamp' | 'untimedSince'> {
  return {
    async addTimestamp(stamp) {
      await db
        .insertInto('log_timestamp')
        .values({
          id: stamp.id,
          size: String(stamp.size),
          authority: stamp.authority,
          token_der: Buffer.from(stamp.tokenDer),
          gen_time: stamp.genTime,
          certificate_not_after: stamp.certificateNotAfter,
          digest_algorithm: stamp.digestAlgorithm,
          created_at: stamp.createdAt,
        })
        .execute();
    },
    async timestamps(size) {
      return (await db.selectFrom('log_timestamp').selectAll().where('size', '=', String(size)).orderBy('created_at').orderBy('id').execute()).map(stampOf);
    },
    async newestTimestamp(authority) {
      const all = db.selectFrom('log_timestamp').selectAll();
      const row = await (authority === undefined ? all.orderBy('size', 'desc') : all.where('authority', '=', authority)).orderBy('created_at', 'desc').limit(1).executeTakeFirst();
      return row === undefined ? null : stampOf(row);
    },
    async untimedSince() {
      const { rows } = await sql<{ since: Date | null }>`
        SELECT created_at AS since FROM log_checkpoint WHERE size > coalesce((SELECT max(size) FROM log_timestamp), 0) ORDER BY size LIMIT 1`.execute(db);
      return rows[0]?.since ?? null;
    },
  };
}

export function stampOf(row: Selectable<Database['log_timestamp']>): LogTimestamp {
  return {
    id: row.id,
    size: Number(row.size),
    authority: row.authority,
    tokenDer: bytesOf(row.token_der),
    genTime: row.gen_time,
    certificateNotAfter: row.certificate_not_after,
    digestAlgorithm: row.digest_algorithm,
    createdAt: row.created_at,
  };
}

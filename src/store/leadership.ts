import type pg from 'pg';
import type { Leadership } from '../ports/leadership.ts';
import type { Log } from '../ports/telemetry.ts';

/**
 * Leadership by a session-level advisory lock, on one connection kept out of the pool for as long as this process leads. When that
 * connection breaks, PostgreSQL gives the lock to whoever asks next.
 */
export function leadership(pool: pg.Pool, name: string, log: Log): Leadership {
  let client: pg.PoolClient | null = null;

  const drop = (): void => {
    client?.release(true);
    client = null;
  };
  const take = async (): Promise<boolean> => {
    const candidate = await pool.connect();
    try {
      const { rows } = await candidate.query<{ taken: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS taken', [`leader:${name}`]);
      if (rows[0]?.taken === true) client = candidate;
    } finally {
      if (client !== candidate) candidate.release();
    }
    if (client === candidate) log.info('leader.taken', { name });
    return client === candidate;
  };
  const keep = async (held: pg.PoolClient): Promise<boolean> => {
    await held.query('SELECT 1');
    return true;
  };
  return {
    async isLeader() {
      try {
        return await (client === null ? take() : keep(client));
      } catch (error) {
        if (client !== null) log.warn('leader.lost', { name, reason: error instanceof Error ? error.message : String(error) });
        drop();
        return false;
      }
    },
    async resign() {
      drop(); // closing the session gives the lock back
    },
  };
}

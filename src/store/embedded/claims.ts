import pg from 'pg';
import type { PostgresConnection } from './connection.ts';

/** What one process may claim of a running server: to be the folder's gateway, and to be the one who will stop the server. */
export type Claim = 'serve' | 'server';

const CLASS_ID = 0x6c74; // any fixed number; 'lt'
const OBJECT_IDS = { serve: 1, server: 2 } as const satisfies Record<Claim, number>;

export interface ClaimConnection {
  /** Whether the claim is ours now; it lasts as long as the connection. */
  tryClaim(claim: Claim): Promise<boolean>;
  /** Who has it, such as `lienthong serve (pid 4711)`; null when nobody does. */
  holderOf(claim: Claim): Promise<string | null>;
  /** Calls back once when the connection, and with it every claim, is lost without `close`. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}

/**
 * Session-level advisory locks on a connection of their own: the server itself decides, and frees them when the process is gone.
 * @throws errors of pg, unmapped: the caller tells an absent server from a busy one
 */
export async function connectClaims(connection: PostgresConnection, mode: string): Promise<ClaimConnection> {
  const client = new pg.Client({ ...connection, application_name: `lienthong ${mode} (pid ${process.pid})`, connectionTimeoutMillis: 10_000 });
  let closing = false;
  const listeners: (() => void)[] = [];
  client.on('error', () => undefined); // 'end' follows, and says the same
  client.on('end', () => {
    if (!closing) for (const listener of listeners.splice(0)) listener();
  });
  await client.connect().catch(async (error: unknown) => {
    closing = true;
    await client.end();
    throw error;
  });
  return {
    tryClaim: async (claim) => {
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [CLASS_ID, OBJECT_IDS[claim]]);
      return rows[0]?.taken === true;
    },
    holderOf: (claim) => findHolder(client, claim),
    onLost: (listener) => void listeners.push(listener),
    close: () => {
      closing = true;
      return client.end();
    },
  };
}

async function findHolder(client: pg.Client, claim: Claim): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
      WHERE l.locktype = 'advisory' AND l.granted AND l.classid = $1 AND l.objid = $2 AND l.objsubid = 2
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [CLASS_ID, OBJECT_IDS[claim]],
  );
  return rows[0]?.name ?? null;
}

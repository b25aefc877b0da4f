/** How to reach the embedded server: `host` is the folder of its Unix socket. It listens on no network address. */
export interface PostgresConnection {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** Said aloud, so that PGSSLMODE in the environment cannot ask the socket for TLS. */
  readonly ssl: false;
}

/** Names the socket file only; no port is opened. */
export const SOCKET_PORT = 5432;
const OWNER = 'lienthong';

export function socketConnection(socketDir: string, database = OWNER): PostgresConnection {
  return { host: socketDir, port: SOCKET_PORT, database, user: OWNER, ssl: false };
}

import pg from 'pg';
import { GatewayError } from '../domain/errors.ts';

/**
 * What PostgreSQL or the way to it answered, in our words: DATABASE_UNAVAILABLE, STORAGE_FULL, or the error unchanged when it is
 * about the statement (constraints, serialisation, mistakes of ours).
 */
export function mapDatabaseError(error: unknown): unknown {
  if (error instanceof GatewayError) return error;
  if (sqlState(error) === '53100') return new GatewayError('STORAGE_FULL', "The database's disk is full: make room and try again", { cause: error });
  if (sqlState(error) === '57014') return unavailable('The database did not finish a statement in time: try again later', error);
  if (isConnectionFailure(error)) return unavailable('The database cannot be reached: check that PostgreSQL is running, and DATABASE_URL', error);
  if (isOutOfOrder(error)) return unavailable('The database cannot do its work now: see its log', error);
  return error;
}

/** The same for an attempt to connect: whatever the server says instead of letting us in, no statement was run. */
export function mapConnectError(error: unknown): unknown {
  if (error instanceof pg.DatabaseError) return unavailable('The database lets nobody in: check its state, and DATABASE_URL', error);
  return mapDatabaseError(error);
}

/**
 * Whether the connection is of no more use. pg raises bare `Error`s and errors of system calls when the connection failed, `DatabaseError`
 * for what the server said, `TypeError`s for our mistakes.
 */
export function isConnectionFailure(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return isOfClass(error, '08', '28', '3D', '57P', '25P03', '53300');
  return error instanceof Error && (error.constructor === Error || error.constructor === AggregateError);
}

/** SQLSTATE of an error that the server sent (PostgreSQL, appendix A). */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** 53: out of memory and the like; 58: the system failed under PostgreSQL; 25006: a standby, which only reads. */
function isOutOfOrder(error: unknown): boolean {
  return isOfClass(error, '53', '58', 'XX', '25006');
}

function isOfClass(error: unknown, ...prefixes: readonly string[]): boolean {
  const state = sqlState(error) ?? '';
  return prefixes.some((prefix) => state.startsWith(prefix));
}

function unavailable(message: string, cause: unknown): GatewayError {
  return new GatewayError('DATABASE_UNAVAILABLE', message, { cause });
}

import { GatewayError } from '../../domain/errors.ts';
import { sqlState } from '../database-error.ts';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const MOST_TRIES = 4; // the first, and three repeats

/**
 * Runs one transaction, or one statement by itself, again when it met another. Only what PostgreSQL rolled back for certain is repeated: a
 * connection lost during COMMIT is not, since the commit may have happened.
 */
export async function throughConflicts<T>(run: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isRolledBackByConflict(error)) throw error;
      if (tries === MOST_TRIES) throw new GatewayError('DATABASE_UNAVAILABLE', 'The database is too busy with the same rows: try again later', { cause: error });
    }
  }
}

function isRolledBackByConflict(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}

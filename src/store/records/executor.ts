import type { Kysely } from 'kysely';
import type { Database } from '../schema.ts';

/** One connection for each call, or the one connection of a transaction: the records do not care. */
export type Executor = Kysely<Database>;

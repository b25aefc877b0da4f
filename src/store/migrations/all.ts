import type { Migration } from '../migrate.ts';
import * as ledger from './0001-ledger.ts';

/** In order, forward only. */
export const MIGRATIONS: readonly Migration[] = [ledger];

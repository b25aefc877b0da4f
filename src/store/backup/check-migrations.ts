import { GatewayError } from '../../domain/errors.ts';
import { MIGRATIONS } from '../migrations/all.ts';
import { fingerprint } from '../migrate.ts';
import type { About } from './manifest.ts';

/**
 * Whether this program can take a backup in: its migrations are the first of ours, and none of ours is missing in it.
 * @throws DATABASE_INCOMPATIBLE
 */
export async function checkMigrations({ migrations }: About): Promise<void> {
  if (migrations.length > MIGRATIONS.length) throw incompatible(`The backup has migration ${migrations.length}, this program knows ${MIGRATIONS.length}: use the newer program`);
  const known = await Promise.all(MIGRATIONS.slice(0, migrations.length).map(fingerprint));
  const other = migrations.find(({ sha256 }, index) => sha256 !== known[index]);
  if (other !== undefined) throw incompatible(`Migration ${other.number} (${other.name}) of the backup is not the one of this program: restore it with the program that made it`);
}

function incompatible(message: string): GatewayError {
  return new GatewayError('DATABASE_INCOMPATIBLE', message);
}

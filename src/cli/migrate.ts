import { Command } from 'commander';
import { migrationStatus } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/all.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

interface MigrateOptions extends DataOption {
  readonly json?: boolean;
  readonly status?: boolean;
  readonly check?: boolean;
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this program’s schema (serve does it by itself)')
    .option('--data <folder>', 'data folder of the gateway')
    .option('--status', 'tell how the database stands and change nothing')
    .option('--check', 'as --status; exit 1 when a migration is missing')
    .option('--json', 'one JSON object')
    .action((options: MigrateOptions) => (options.status === true || options.check === true ? status(options) : migrateAll(options)));
}

async function status(options: MigrateOptions): Promise<void> {
  const { applied, pending } = await withStore({ ...options, migrations: null }, ({ database }) => migrationStatus(database.db, MIGRATIONS));
  if (options.check === true && pending.length > 0) process.exitCode = EXIT.no;
  if (options.json === true) return printJson({ applied, pending });
  return printLine(pending.length === 0 ? `${paint('green', '✓')} the database is at migration ${applied}, the newest of this program` : `${paint('yellow', '!')} the database is at migration ${applied}; missing: ${pending.join(', ')}`);
}

async function migrateAll(options: MigrateOptions): Promise<void> {
  // Opening the store migrates it.
  await withStore(options, () => Promise.resolve());
  const newest = MIGRATIONS.at(-1);
  if (options.json === true) return printJson({ migration: newest?.number ?? 0, name: newest?.name ?? null });
  return printLine(`${paint('green', '✓')} the database is at migration ${newest?.number ?? 0} (${newest?.name ?? 'empty'})`);
}

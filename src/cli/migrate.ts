import { Command } from 'commander';
import { migrationStatus, statementsOf, type Migration, type MigrationStatus } from '../store/migrate.ts';
import { MIGRATIONS } from '../store/migrations/all.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

interface MigrateOptions extends DataOption {
  readonly json?: boolean;
  readonly status?: boolean;
  readonly check?: boolean;
  readonly dryRun?: boolean;
}

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this program’s schema while gateways work on it (serve does it by itself)')
    .option('--data <folder>', 'data folder of the gateway')
    .option('--status', 'tell how the database stands and change nothing')
    .option('--check', 'as --status; exit 1 when a migration is missing')
    .option('--dry-run', 'as --status, with the SQL that would be run')
    .option('--json', 'one JSON object')
    .action((options: MigrateOptions) => (options.status === true || options.check === true || options.dryRun === true ? tell(options) : migrateAll(options)));
}

const statusOf = (options: MigrateOptions): Promise<MigrationStatus> => withStore({ ...options, migrations: null }, ({ database }) => migrationStatus(database.db, MIGRATIONS));

async function tell(options: MigrateOptions): Promise<void> {
  const status = await statusOf(options);
  const { applied, ahead, pending } = status;
  if (options.check === true && pending.length > 0) process.exitCode = EXIT.no;
  if (options.json === true) return printJson({ applied, ahead, pending: options.dryRun === true ? await Promise.all(pending.map(described)) : pending.map(({ name }) => name) });
  printLine(statusLine(status));
  if (options.dryRun !== true) return;
  for (const migration of pending) {
    const { number, name, how, statements } = await described(migration);
    printLine(`\n${paint('bold', `-- ${number} ${name}`)}  ${paint('dim', how)}`);
    for (const statement of statements) printLine(`${statement};`);
  }
}

function statusLine({ applied, ahead, pending }: MigrationStatus): string {
  if (ahead > 0) return `${paint('yellow', '!')} the database is at migration ${applied}, ${ahead} ahead of this program, which still works with it: put the newer program in its place`;
  if (pending.length === 0) return `${paint('green', '✓')} the database is at migration ${applied}, the newest of this program`;
  return `${paint('yellow', '!')} the database is at migration ${applied}; missing: ${pending.map(({ name }) => name).join(', ')}`;
}

async function described(migration: Migration): Promise<{ readonly number: number; readonly name: string; readonly how: string; readonly statements: readonly string[] }> {
  const { number, name, isOnline, contract } = migration;
  const how = contract === undefined ? 'earlier programs go on' : `programs before migration ${contract.needs} have to be stopped first: ${contract.because}`;
  return { number, name, how: isOnline === true ? `online, outside a transaction; ${how}` : how, statements: await statementsOf(migration) };
}

async function migrateAll(options: MigrateOptions): Promise<void> {
  const before = await statusOf(options);
  // Opening the store migrates it.
  await withStore(options, () => Promise.resolve());
  const after = await statusOf(options);
  if (options.json === true) return printJson({ migration: after.applied, name: MIGRATIONS[after.applied - 1]?.name ?? null, applied: before.pending.map(({ name }) => name) });
  for (const { number, name } of before.pending) printLine(`${paint('green', '✓')} ${number} ${name}`);
  return printLine(statusLine(after));
}

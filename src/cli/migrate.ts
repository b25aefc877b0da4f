import { Command } from 'commander';
import { MIGRATIONS } from '../store/migrations/all.ts';
import { paint, printJson, printLine } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

export function migrateCommand(): Command {
  return new Command('migrate')
    .description('bring the database to this program’s schema (serve does it by itself)')
    .option('--data <folder>', 'data folder of the gateway')
    .option('--json', 'one JSON object')
    .action(async (options: DataOption & { json?: boolean }) => {
      // Opening the store migrates it.
      await withStore(options, () => Promise.resolve());
      const newest = MIGRATIONS.at(-1);
      if (options.json === true) return printJson({ migration: newest?.number ?? 0, name: newest?.name ?? null });
      return printLine(`${paint('green', '✓')} the database is at migration ${newest?.number ?? 0} (${newest?.name ?? 'empty'})`);
    });
}

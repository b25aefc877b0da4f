import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { readConfig } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Manifest } from '../store/backup/manifest.ts';
import { readArchive } from '../store/backup/read-archive.ts';
import { restoreBackup, type Restored } from '../store/backup/restore-backup.ts';
import { openKeyFile } from '../store/backup/sealed-key.ts';
import { checkMigrations } from '../store/backup/check-migrations.ts';
import { MIGRATIONS } from '../store/migrations/all.ts';
import { prepareDataFolder } from '../store/embedded/folder.ts';
import { masterKeyPath } from '../wiring/open-store.ts';
import { paint, printJson, printLine } from './output.ts';
import { progressLine } from './progress-line.ts';
import { readSecret } from './secrets.ts';
import { done, subcommand, type Common } from './subcommand.ts';
import { withStore } from './with-store.ts';

interface RestoreOptions extends Common {
  readonly passphraseFile?: string;
}

export function restoreCommand(): Command {
  return subcommand('restore', 'put a backup into an empty data folder, or an empty database (DATABASE_URL); it starts held, and sends nothing before “hold release”')
    .argument('<file>', 'a backup')
    .option('--passphrase-file <file>', 'of the passphrase that the master key in the backup is sealed under; -: standard input, or a prompt')
    .action(restore);
}

/** Read to its end before anything is touched. */
async function restore(file: string, options: RestoreOptions): Promise<void> {
  const progress = progressLine();
  progress.show('reading the backup');
  let sealedKey: Uint8Array | null = null;
  const manifest = await readArchive(file, { begin: checkMigrations, file: async (name, bytes) => void (name === 'master.key.sealed' && (sealedKey = bytes)) }).finally(() => progress.end());
  await placeMasterKey(options, sealedKey);
  const restored = await withStore({ ...options, migrations: MIGRATIONS.slice(0, manifest.about.migrations.length) }, ({ target, documents, config, clock, actor }) =>
    restoreBackup({ path: file, manifest, target, documents, dataDir: config.dataDir, at: clock.now(), actor, onProgress: ({ part, documents: count }) => progress.show(`${part} · ${count} documents`) }),
  ).finally(() => progress.end());
  await withStore(options, () => Promise.resolve()); // later migrations
  tell(options, manifest, restored);
}

async function placeMasterKey({ data, passphraseFile }: RestoreOptions, sealed: Uint8Array | null): Promise<void> {
  const config = readConfig({ ...process.env, ...(data === undefined ? {} : { LIENTHONG_DATA: data }) });
  const path = masterKeyPath(config);
  if (existsSync(path)) return;
  if (sealed === null) throw new GatewayError('MASTER_KEY_UNREADABLE', `The backup holds no master key: put your copy of it at ${path} (mode 0600), or set MASTER_KEY_FILE, and run the command again`);
  const passphrase = await readSecret({ file: passphraseFile ?? '-' }, { what: 'passphrase', options: '--passphrase-file FILE' }, process.env);
  const content = openKeyFile(sealed, passphrase);
  await prepareDataFolder(config.dataDir);
  await writeFile(path, content, { mode: 0o600, flag: 'wx', flush: true });
}

function tell(options: RestoreOptions, { about }: Manifest, { incarnation, rows, documents }: Restored): void {
  if (options.json === true) return printJson({ restored: true, held: true, incarnation, rows, documents, backupOf: about.createdAt });
  done(`${rows} rows and ${documents} documents are back, as of ${about.createdAt}`);
  printLine(paint('yellow', `! The store is HELD (incarnation ${incarnation}): it answers and accepts, and sends nothing. Next:`));
  printLine('  1. lienthong serve                          partners see what is offered to them; carriers’ feeds are read');
  printLine('  2. lienthong hold reconcile                 recipients are asked what they have');
  printLine('  3. lienthong postal reconcile --from … --to …   orders placed since the backup become tasks');
  printLine(`  4. after ${about.createdAt}: revoke again what was revoked, erase again what was erased, withdraw no number of parcels twice`);
  printLine('  5. lienthong hold release --note "…"');
}

import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { readArchive } from '../store/backup/read-archive.ts';
import type { Manifest } from '../store/backup/manifest.ts';
import { sealKeyFile } from '../store/backup/sealed-key.ts';
import { writeBackup } from '../store/backup/write-backup.ts';
import { masterKeyPath } from '../wiring/open-store.ts';
import { EXIT } from './exit-code.ts';
import { failureLine, paint, printJson, printLine } from './output.ts';
import { readSecret } from './secrets.ts';
import { done, subcommand, type Common } from './subcommand.ts';
import { withStore } from './with-store.ts';
import { isGatewayError } from '../domain/errors.ts';
import { progressLine } from './progress-line.ts';

/** Copies of everything recorded, made beside a running gateway. */

interface BackupOptions extends Common {
  readonly withMasterKey?: boolean;
  readonly passphraseFile?: string;
}

export function backupCommand(): Command {
  return new Command('backup')
    .description('one archive of records and documents, consistent, beside a running gateway')
    .addCommand(
      subcommand('create', 'write a backup; the file must not be there yet')
        .argument('<file>')
        .option('--with-master-key', 'put the master key in, sealed under a passphrase; otherwise keep your own copy of it')
        .option('--passphrase-file <file>', 'of that passphrase; -: standard input, or a prompt')
        .action(create),
      { isDefault: true },
    )
    .addCommand(new Command('verify').description('read a backup to its end and compare every entry with its digest').argument('<file>').option('--json', 'JSON instead of text').action(verify));
}

async function create(out: string, options: BackupOptions): Promise<void> {
  const passphrase = options.withMasterKey === true ? await readSecret({ file: options.passphraseFile ?? '-' }, { what: 'passphrase', options: '--passphrase-file FILE' }, process.env) : null;
  const progress = progressLine();
  const manifest = await withStore(options, async ({ target, documents, config, clock, chance, records, actor }) => {
    const at = clock.now();
    const sealedKey = passphrase === null ? null : sealKeyFile(readFileSync(masterKeyPath(config)), passphrase, chance);
    const written = await writeBackup({ target, documents, dataDir: config.dataDir, out, at, sealedKey, onProgress: ({ part, rows, documents: count, bytes }) => progress.show(`${part} · ${rows} rows · ${count} documents · ${Math.round(bytes / 1e6)} MB`) });
    await records.audit.add({ at: clock.now(), actor, action: 'backup', subject: 'store', detail: { withMasterKey: sealedKey !== null, rows: rowsOf(written), documents: written.documents.count } });
    return written;
  }).finally(() => progress.end());
  if (options.json === true) return printJson({ file: out, masterKey: passphrase !== null, ...summaryOf(manifest) });
  done(`${out}: ${describe(manifest)}`);
  if (passphrase === null) printLine(paint('yellow', '! The master key is NOT in this backup. Without it nothing sealed can be read: keep a copy of the key file apart from the backups.'));
  else printLine(paint('yellow', '! The master key IS in this backup, sealed under your passphrase: without the passphrase it is lost, with it everything can be read.'));
  printLine(paint('dim', '  Documents and titles are readable in the file: keep it as you keep the database.'));
}

async function verify(file: string, options: { readonly json?: boolean }): Promise<void> {
  try {
    const manifest = await readArchive(file, {});
    if (options.json === true) return printJson({ file, whole: true, ...summaryOf(manifest) });
    return done(`${file} is whole: ${describe(manifest)}`);
  } catch (error) {
    if (!isGatewayError(error, 'BACKUP_DAMAGED')) throw error;
    process.exitCode = EXIT.no;
    if (options.json === true) return printJson({ file, whole: false, problem: error.message });
    process.stderr.write(`${failureLine(error)}\n`);
  }
}

function summaryOf(manifest: Manifest): object {
  const { about, documents } = manifest;
  return { createdAt: about.createdAt, incarnation: about.incarnation, migration: about.migrations.length, rows: rowsOf(manifest), documents: documents.count, documentBytes: documents.bytes, erasedMeanwhile: documents.erasedMeanwhile };
}

function describe(manifest: Manifest): string {
  const { about, tables, documents } = manifest;
  return `${rowsOf(manifest)} rows of ${tables.length} tables, ${documents.count} documents (${(documents.bytes / 1e6).toFixed(1)} MB), as of ${about.createdAt}, migration ${about.migrations.length}`;
}

function rowsOf({ tables }: Manifest): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0);
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { EXIT, exitCodeOf } from './cli/exit-code.ts';
import { failureLine } from './cli/output.ts';

/** The command line: one file a command in `cli/`. Results on standard output, everything else on standard error. */

/** Only the command that is asked for is loaded: `--help` and small commands answer at once. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./cli/serve.ts')).serveCommand(versionOf()),
  sign: async () => (await import('./cli/sign.ts')).signCommand(),
  extend: async () => (await import('./cli/extend.ts')).extendCommand(),
  'sign-prepare': async () => (await import('./cli/sign-two-step.ts')).signPrepareCommand(),
  'sign-complete': async () => (await import('./cli/sign-two-step.ts')).signCompleteCommand(),
  verify: async () => (await import('./cli/verify.ts')).verifyCommand(),
  evidence: async () => (await import('./cli/evidence.ts')).evidenceCommand(),
  trust: async () => (await import('./cli/trust.ts')).trustCommand(),
  keys: async () => (await import('./cli/keys.ts')).keysCommand(),
  partners: async () => (await import('./cli/partners.ts')).partnersCommand(),
  routes: async () => (await import('./cli/partners.ts')).routesCommand(),
  dossiers: async () => (await import('./cli/dossiers.ts')).dossiersCommand(),
  'master-key': async () => (await import('./cli/master-key.ts')).masterKeyCommand(),
  'webhook-keys': async () => (await import('./cli/webhook-keys.ts')).webhookKeysCommand(),
  'api-keys': async () => (await import('./cli/partners.ts')).apiKeysCommand(),
  messages: async () => (await import('./cli/messages.ts')).messagesCommand(),
  postal: async () => (await import('./cli/postal.ts')).postalCommand(),
  alarms: async () => (await import('./cli/alarms.ts')).alarmsCommand(),
  log: async () => (await import('./cli/log.ts')).logCommand(),
  backup: async () => (await import('./cli/backup.ts')).backupCommand(),
  restore: async () => (await import('./cli/restore.ts')).restoreCommand(),
  hold: async () => (await import('./cli/hold.ts')).holdCommand(),
  migrate: async () => (await import('./cli/migrate.ts')).migrateCommand(),
  demo: async () => (await import('./cli/demo.ts')).demoCommand(),
  'dev-pki': async () => (await import('./cli/dev-pki.ts')).devPkiCommand(),
};

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('lienthong')
    .description('Liên Thông Gateway: sign, verify, exchange dossiers between agencies, hand over to the post')
    .version(versionOf(), '--version')
    .showHelpAfterError('(add --help for usage)');
  const named = COMMANDS[argv[2] ?? ''];
  const loaders = named !== undefined ? [named] : argv[2] === '--version' ? [] : Object.values(COMMANDS);
  for (const command of await Promise.all(loaders.map((load) => load()))) program.addCommand(command);
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'lienthong: ')) });
  }
  await program.parseAsync(argv);
}

function versionOf(): string {
  // Two folders up from dist/src, one from src.
  const path = import.meta.url.includes('/dist/') ? '../../package.json' : '../package.json';
  const { version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}

// Whoever reads our output may stop reading (`| head`): that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  await main(process.argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.done : EXIT.usage;
  } else {
    process.stderr.write(`${failureLine(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

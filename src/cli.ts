#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { z } from 'zod';
import { devPkiCommand } from './cli/dev-pki.ts';
import { EXIT, exitCodeOf } from './cli/exit-code.ts';
import { keysCommand } from './cli/keys.ts';
import { messagesCommand, postalCommand } from './cli/messages.ts';
import { migrateCommand } from './cli/migrate.ts';
import { failureLine } from './cli/output.ts';
import { apiKeysCommand, partnersCommand, routesCommand } from './cli/partners.ts';
import { serveCommand } from './cli/serve.ts';
import { signCommand } from './cli/sign.ts';
import { verifyCommand } from './cli/verify.ts';

/** The command line: one file a command in `cli/`. Results on standard output, everything else on standard error. */
async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('lienthong')
    .description('Liên Thông Gateway: sign, verify, exchange dossiers between agencies, hand over to the post')
    .version(versionOf(), '--version')
    .showHelpAfterError('(add --help for usage)')
    .addCommand(serveCommand(versionOf()))
    .addCommand(signCommand())
    .addCommand(verifyCommand())
    .addCommand(keysCommand())
    .addCommand(partnersCommand())
    .addCommand(routesCommand())
    .addCommand(apiKeysCommand())
    .addCommand(messagesCommand())
    .addCommand(postalCommand())
    .addCommand(migrateCommand())
    .addCommand(devPkiCommand());
  for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
    command.exitOverride().configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'lienthong: ')) });
  }
  await program.parseAsync(argv);
}

function versionOf(): string {
  // Two folders up from dist/src, one from src.
  const load = createRequire(import.meta.url);
  const path = import.meta.url.includes('/dist/') ? '../../package.json' : '../package.json';
  return z.object({ version: z.string() }).parse(load(path)).version;
}

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

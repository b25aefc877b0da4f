import { Command } from 'commander';
import { createDevPki, DEFAULT_DEV_PKI_URL } from '../../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../../certs/dev/write-dev-pki.ts';
import { systemClock } from '../wiring/clock.ts';
import { paint, printJson, printLine } from './output.ts';

interface DevPkiOptions {
  readonly url: string;
  readonly json?: boolean;
}

export function devPkiCommand(): Command {
  return new Command('dev-pki')
    .description('write a throw-away CA, signer, seal, TSA and OCSP responder for trying things out')
    .argument('<folder>')
    .option('--url <url>', 'where its server will listen; written into the certificates', DEFAULT_DEV_PKI_URL)
    .option('--json', 'one JSON object')
    .action(devPki);
}

async function devPki(folder: string, options: DevPkiOptions): Promise<void> {
  const files = await writeDevPki(await createDevPki({ now: systemClock.now(), baseUrl: options.url }), folder);
  if (options.json === true) return printJson(files);
  printLine(`${paint('green', '✓')} ${folder}: for trying things out only, its keys are worth nothing`);
  printLine(`  officer  ${files.p12.officer}  passphrase in ${files.passphrase.officer}`);
  printLine(`  seal     ${files.p12.seal}  passphrase in ${files.passphrase.seal}`);
  printLine(`  anchors  ${files.trustDir}`);
  printLine(paint('dim', `  TSA, OCSP and CRL: node dist/sandbox/pki/main.js --dir ${folder}  (listens on ${options.url})`));
}

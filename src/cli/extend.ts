import { Command } from 'commander';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../domain/signature.ts';
import { growingPdf } from '../formats/ades/growing-pdf.ts';
import { EXTENSION_LEVELS, type ExtensionOptions } from '../formats/api/extensions.ts';
import { raiseLevel, type RaisedPdf } from '../usecases/raise-level.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { parseChoice } from './arguments.ts';
import { checkOtherFile, openInput } from './input-file.ts';
import { paint, printJson, printLine } from './output.ts';
import { POLICY_CHOICES } from './policy.ts';
import { checkLevelOptions, LEVELS_HELP, withAuthorities, type AuthorityOptions } from './with-authorities.ts';
import { OUTBOUND_HELP } from './with-collector.ts';
import { writeSigned } from './write-file.ts';

interface ExtendOptions extends AuthorityOptions {
  readonly out: string;
  readonly to: ExtensionOptions['level'];
  readonly field?: string;
  readonly digest: DigestAlgorithm;
  readonly json?: boolean;
}

export function extendCommand(): Command {
  return new Command('extend')
    .description('raise what is signed already, also by others, or renew its protection; never changes FILE')
    .argument('<file>', 'signed PDF')
    .requiredOption('--out <file>', 'where the result goes')
    .requiredOption('--to <level>', EXTENSION_LEVELS.join(' | '), parseChoice('--to', EXTENSION_LEVELS))
    .option('--tsa <url...>', 'time-stamping authorities, asked in this order', [])
    .option('--trust <path...>', 'anchors (PEM file or folder) that the chains of signers must reach', [])
    .option('--trust-tsa <path...>', 'anchors of time-stamping authorities; default: those of --trust', [])
    .option('--policy <name|file>', POLICY_CHOICES)
    .option('--field <name>', 'the one signature to raise; default: all')
    .option('--digest <name>', DIGEST_ALGORITHMS.join(' | '), parseChoice('--digest', DIGEST_ALGORITHMS), 'sha256')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  lienthong extend decision.signed.pdf --out decision.lta.pdf --to B-LTA --tsa http://tsa.ca.gov.vn/ --trust anchors/')
    .addHelpText('after', `\n${LEVELS_HELP}\nSignatures themselves are not touched: everything follows them in incremental updates.\n\n${OUTBOUND_HELP}`)
    .action(extend);
}

async function extend(file: string, options: ExtendOptions): Promise<void> {
  checkLevelOptions(options.to, options);
  checkOtherFile(options.out, file);
  const source = openInput(file);
  try {
    const raised = await withAuthorities(options, (authorities) =>
      raiseLevel({ ...authorities, clock: systemClock, chance: systemChance(systemClock) }, growingPdf(source), { level: options.to, fieldName: options.field, appended: new Uint8Array(), digestAlgorithm: options.digest }),
    );
    writeSigned(file, raised.appended, options.out);
    report(file, raised, options);
  } finally {
    source.close();
  }
}

function report(file: string, { appended, signatures, documentTimestamp }: RaisedPdf, { out, json }: ExtendOptions): void {
  const stamp = documentTimestamp === null ? null : { authority: documentTimestamp.authority, genTime: documentTimestamp.token.info.genTime.toISOString() };
  if (json === true) return printJson({ file, out, signatures: signatures.map(({ fieldName, from, to }) => ({ field: fieldName, from, to })), addedBytes: appended.length, documentTimestamp: stamp });
  const stamped = stamp === null ? '' : `, whole document time-stamped ${stamp.genTime} by ${stamp.authority}`;
  printLine(`${paint('green', '✓')} ${out}${appended.length === 0 ? '  nothing had to be added' : stamped}`);
  for (const { fieldName, from, to } of signatures) printLine(`  ${fieldName}: ${from === to ? to : `${from} → ${to}`}`);
}

import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { DIGEST_ALGORITHMS, type DigestAlgorithm } from '../domain/signature.ts';
import { growingCms } from '../formats/ades/growing-cms.ts';
import { growingPdf } from '../formats/ades/growing-pdf.ts';
import { CMS_MEDIA_TYPE, mediaTypeOf } from '../formats/ades/judge-document.ts';
import { EXTENSION_LEVELS, type ExtensionOptions } from '../formats/api/extensions.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import { NOTHING_ADDED } from '../formats/cms/grow-signed-data.ts';
import { raiseCms } from '../usecases/raise-cms.ts';
import { raiseLevel, type RaisePorts } from '../usecases/raise-level.ts';
import type { ObtainedTimestamp } from '../usecases/timestamp-value.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { parseChoice } from './arguments.ts';
import { checkOtherFile, openInput } from './input-file.ts';
import { paint, printJson, printLine } from './output.ts';
import { POLICY_CHOICES } from './policy.ts';
import { checkLevelOptions, LEVELS_HELP, withAuthorities, type AuthorityOptions } from './with-authorities.ts';
import { OUTBOUND_HELP } from './with-collector.ts';
import { writeSigned, writeWhole } from './write-file.ts';

interface ExtendOptions extends AuthorityOptions {
  readonly out: string;
  readonly to: ExtensionOptions['level'];
  readonly field?: string;
  readonly detached?: string;
  readonly digest: DigestAlgorithm;
  readonly json?: boolean;
}

export function extendCommand(): Command {
  return new Command('extend')
    .description('raise what is signed already, also by others, or renew its protection; never changes FILE')
    .argument('<file>', 'signed PDF, or CAdES signature (.p7s with --detached, .p7m)')
    .requiredOption('--out <file>', 'where the result goes')
    .requiredOption('--to <level>', EXTENSION_LEVELS.join(' | '), parseChoice('--to', EXTENSION_LEVELS))
    .option('--detached <data>', 'what a detached CAdES signature signs')
    .option('--tsa <url...>', 'time-stamping authorities, asked in this order', [])
    .option('--trust <path...>', 'anchors (PEM file or folder) that the chains of signers must reach', [])
    .option('--trust-tsa <path...>', 'anchors of time-stamping authorities; default: those of --trust', [])
    .option('--policy <name|file>', POLICY_CHOICES)
    .option('--field <name>', 'the one signature to raise, as “lienthong verify” names it; default: all')
    .option('--digest <name>', DIGEST_ALGORITHMS.join(' | '), parseChoice('--digest', DIGEST_ALGORITHMS), 'sha256')
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  lienthong extend decision.signed.pdf --out decision.lta.pdf --to B-LTA --tsa http://tsa.ca.gov.vn/ --trust anchors/')
    .addHelpText('after', '  lienthong extend minutes.p7s --detached minutes.docx --out minutes.lta.p7s --to B-LTA --tsa http://tsa.ca.gov.vn/ --trust anchors/')
    .addHelpText('after', `\n${LEVELS_HELP}\nSignatures themselves are not touched: in a PDF everything follows them in incremental updates, in a CAdES file it stands beside what is signed.\n\n${OUTBOUND_HELP}`)
    .action(extend);
}

async function extend(file: string, options: ExtendOptions): Promise<void> {
  checkLevelOptions(options.to, options);
  for (const input of [file, ...(options.detached === undefined ? [] : [options.detached])]) checkOtherFile(options.out, input);
  const source = openInput(file);
  const detached = options.detached === undefined ? undefined : openInput(options.detached);
  try {
    const isCms = mediaTypeOf(source) === CMS_MEDIA_TYPE;
    if (!isCms && detached !== undefined) throw new GatewayError('REQUEST_INVALID', '--detached is for CAdES signatures, and FILE is none');
    const extended = await withAuthorities(options, (authorities) => {
      const ports = { ...authorities, clock: systemClock, chance: systemChance(systemClock) };
      return isCms ? extendCms(ports, source, detached, options) : extendPdf(ports, file, source, options);
    });
    report(file, extended, options);
  } finally {
    source.close();
    detached?.close();
  }
}

interface Extended {
  readonly signatures: readonly { readonly field: string; readonly from: string; readonly to: string }[];
  readonly addedBytes: number;
  readonly documentTimestamp: ObtainedTimestamp | null;
  readonly archiveTimestamp: ObtainedTimestamp | null;
}

async function extendPdf(ports: RaisePorts, file: string, source: ByteSource, { to: level, field: fieldName, digest: digestAlgorithm, out }: ExtendOptions): Promise<Extended> {
  const { appended, signatures, documentTimestamp } = await raiseLevel(ports, growingPdf(source), { level, fieldName, appended: new Uint8Array(), digestAlgorithm });
  writeSigned(file, appended, out);
  return { signatures: signatures.map(({ fieldName: field, from, to }) => ({ field, from, to })), addedBytes: appended.length, documentTimestamp, archiveTimestamp: null };
}

async function extendCms(ports: RaisePorts, source: ByteSource, detached: ByteSource | undefined, { to: level, field: signatureId, digest: digestAlgorithm, out }: ExtendOptions): Promise<Extended> {
  const cms = growingCms(source, detached);
  const { added, signatures, archiveTimestamp } = await raiseCms(ports, cms, { level, signatureId, added: NOTHING_ADDED, digestAlgorithm });
  const grown = await cms.grown(added);
  writeWhole(out, grown);
  return { signatures: signatures.map(({ id: field, from, to }) => ({ field, from, to })), addedBytes: grown.length - (await cms.grown(NOTHING_ADDED)).length, documentTimestamp: null, archiveTimestamp };
}

function report(file: string, { signatures, addedBytes, ...stamps }: Extended, { out, json }: ExtendOptions): void {
  const told = (stamp: ObtainedTimestamp | null) => (stamp === null ? null : { authority: stamp.authority, genTime: stamp.token.info.genTime.toISOString() });
  const [documentTimestamp, archiveTimestamp] = [told(stamps.documentTimestamp), told(stamps.archiveTimestamp)];
  if (json === true) return printJson({ file, out, signatures, addedBytes, documentTimestamp, archiveTimestamp });
  const whole = documentTimestamp === null ? '' : `, whole document time-stamped ${documentTimestamp.genTime} by ${documentTimestamp.authority}`;
  const archive = archiveTimestamp === null ? '' : `, archive time-stamped ${archiveTimestamp.genTime} by ${archiveTimestamp.authority}`;
  printLine(`${paint('green', '✓')} ${out}${addedBytes === 0 ? '  nothing had to be added' : `${whole}${archive}`}`);
  for (const { field, from, to } of signatures) printLine(`  ${field}: ${from === to ? to : `${from} → ${to}`}`);
}

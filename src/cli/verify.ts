import { Command } from 'commander';
import { trustFolder } from '../../certs/trust-folder.ts';
import { loadPolicy, loadPolicyFile, POLICY_NAMES } from '../../certs/policy/load-policy.ts';
import { GatewayError } from '../domain/errors.ts';
import type { ValidationReport } from '../domain/validation-report.ts';
import { readMaterial } from '../formats/ades/context.ts';
import { validationPolicy, type ValidationPolicy } from '../formats/ades/policy.ts';
import { readCertificates } from '../formats/x509/certificate.ts';
import { isPem, readPem } from '../formats/x509/pem.ts';
import { verifyDocument } from '../usecases/verify-document.ts';
import { systemClock } from '../wiring/clock.ts';
import { openFileSource, type FileSource } from '../wiring/file-source.ts';
import { parseInstant, readInputFile, unreadable } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { chooseLanguage, printJson, printLine } from './output.ts';
import { reportLines } from './report-lines.ts';
import { writeWhole } from './write-file.ts';

interface VerifyOptions {
  readonly detached: readonly string[];
  readonly trust: readonly string[];
  readonly trustTsa: readonly string[];
  readonly cert: readonly string[];
  readonly crl: readonly string[];
  readonly ocsp: readonly string[];
  readonly at?: Date;
  readonly policy: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('verify signatures; one report a file, in order, never stopping at a bad one')
    .argument('<file...>', 'signed PDFs, or CMS signatures (.p7s) with --detached')
    .option('--detached <data...>', 'what each detached signature is about, in the order of FILE', [])
    .option('--trust <path...>', 'trust anchors of signers: PEM files or folders', [])
    .option('--trust-tsa <path...>', 'trust anchors of time-stamping authorities; default: those of --trust', [])
    .option('--cert <file...>', 'further certificates', [])
    .option('--crl <file...>', 'revocation lists', [])
    .option('--ocsp <file...>', 'OCSP responses', [])
    .option('--at <time>', 'validation time, ISO 8601; not a proof that the document existed then', parseInstant)
    .option('--policy <name|file>', `${POLICY_NAMES.join(' | ')}, or a policy file`, 'default')
    .option('--report <out.json>', 'write the report there too (one FILE only)')
    .option('--json', 'one JSON object a file and line')
    .option('--lang <vi|en>', 'language of the summary; default: the terminal’s')
    .addHelpText('after', '\nExit codes: 0 every file is TOTAL-PASSED, 1 any other verdict, 2 wrong options or missing files.\nNothing is fetched: give CRLs or OCSP responses, or revocation is reported as missing and the verdict is INDETERMINATE.')
    .action(verify);
}

async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  if (options.report !== undefined && files.length > 1) throw new GatewayError('REQUEST_INVALID', '--report takes one FILE');
  if (options.report !== undefined && !options.report.endsWith('.json')) throw new GatewayError('REQUEST_INVALID', '--report writes JSON: name a file that ends in .json');
  if (options.detached.length > 0 && options.detached.length !== files.length) throw new GatewayError('REQUEST_INVALID', 'Give as many --detached files as signatures');
  const ports = { clock: systemClock, trustStore: trustFolder({ signature: options.trust, timestamp: options.trustTsa.length > 0 ? options.trustTsa : options.trust }) };
  const shared = {
    policy: policyOf(options.policy),
    certificates: options.cert.flatMap((path) => readCertificates(readInputFile(path))),
    revocation: readMaterial('given', options.crl.flatMap(derFilesOf), options.ocsp.flatMap(derFilesOf)),
    ...(options.at === undefined ? {} : { at: options.at }),
  };
  // All files are opened first: a missing one is a wrong call, not a verdict in the middle of others.
  const sources = openAll([...files, ...options.detached]);
  try {
    let allPassed = true;
    for (const [index, file] of files.entries()) {
      const [source, detached] = [sources[index], sources[files.length + index]];
      if (source === undefined) continue;
      const report = await verifyDocument(ports, { ...shared, file, source, ...(detached === undefined ? {} : { detached }) });
      allPassed &&= report.result === 'TOTAL-PASSED';
      show(report, options);
    }
    process.exitCode = allPassed ? EXIT.done : EXIT.no;
  } finally {
    for (const source of sources) source.close();
  }
}

function show(report: ValidationReport, { json, lang, report: out }: VerifyOptions): void {
  if (out !== undefined) writeWhole(out, Buffer.from(`${JSON.stringify(report, null, 2)}\n`));
  if (json === true) return printJson(report);
  for (const line of reportLines(report, chooseLanguage(lang, process.env))) printLine(line);
}

function policyOf(text: string): ValidationPolicy {
  const name = POLICY_NAMES.find((known) => known === text);
  return validationPolicy(name === undefined ? loadPolicyFile(text) : loadPolicy(name));
}

function openAll(paths: readonly string[]): FileSource[] {
  const opened: FileSource[] = [];
  try {
    for (const path of paths) {
      try {
        opened.push(openFileSource(path));
      } catch (cause) {
        throw unreadable(path, cause);
      }
    }
    return opened;
  } catch (error) {
    for (const source of opened) source.close();
    throw error;
  }
}

function derFilesOf(path: string): Uint8Array[] {
  const bytes = readInputFile(path);
  return isPem(bytes) ? readPem(bytes).map(({ der }) => der) : [bytes];
}

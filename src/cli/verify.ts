import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { certificatesOf, trustFolder } from '../../certs/trust-folder.ts';
import { openKeptTrust } from '../../certs/trust-store/open.ts';
import { GatewayError } from '../domain/errors.ts';
import type { ValidationReport } from '../domain/validation-report.ts';
import { joinMaterial, readMaterial, type RevocationMaterial } from '../formats/ades/context.ts';
import { isPem, readPem } from '../formats/x509/pem.ts';
import { extractRevision } from '../usecases/extract-revision.ts';
import { verifyDocument, type VerifyDocumentRequest, type VerifyPorts } from '../usecases/verify-document.ts';
import { systemClock } from '../wiring/clock.ts';
import { joinTrust } from '../wiring/trust.ts';
import { openFileSource, type FileSource } from '../isolation/file-source.ts';
import { parseInstant, parseWhole, readInputFile, readPassphrase, unreadable } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { chooseLanguage, printJson, printLine } from './output.ts';
import { POLICY_CHOICES, policyOf } from './policy.ts';
import { reportMediaType, writeReport } from './report-file.ts';
import { reportLines } from './report-lines.ts';
import { OUTBOUND_HELP, withCollector } from './with-collector.ts';
import { writeChunks } from './write-file.ts';

interface VerifyOptions {
  readonly detached: readonly string[];
  readonly trust: readonly string[];
  readonly trustTsa: readonly string[];
  readonly data?: string;
  readonly cert: readonly string[];
  readonly crl: readonly string[];
  readonly ocsp: readonly string[];
  readonly at?: Date;
  readonly policy: string;
  readonly offline?: boolean;
  readonly passwordFile?: string;
  readonly extractRevision?: number;
  readonly out?: string;
  readonly report?: string;
  readonly json?: boolean;
  readonly lang?: string;
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('verify signatures; one report a file, in order, never stopping at a bad one')
    .argument('<file...>', 'signed PDFs, or CMS signatures (.p7s) and time-stamps (.tst, .tsr) with --detached')
    .option('--detached <data...>', 'what each detached signature or time-stamp is about, in the order of FILE', [])
    .option('--trust <path...>', 'trust anchors of signers: PEM files or folders', [])
    .option('--trust-tsa <path...>', 'trust anchors of time-stamping authorities; default: those of --trust', [])
    .option('--data <folder>', 'data folder of a gateway: its anchors and trusted lists ("lienthong trust") count too')
    .option('--cert <file...>', 'further certificates', [])
    .option('--crl <file...>', 'revocation lists', [])
    .option('--ocsp <file...>', 'OCSP responses', [])
    .option('--at <time>', 'validation time, ISO 8601; not a proof that the document existed then', parseInstant)
    .option('--policy <name|file>', POLICY_CHOICES, 'default')
    .option('--offline', 'fetch nothing: what is neither in the file nor given is reported as missing')
    .option('--password-file <file>', 'password of encrypted PDFs, user’s or owner’s; - reads standard input')
    .option('--extract-revision <n>', 'write the PDF as revision N left it to --out, too (one FILE only)', parseWhole('--extract-revision', 1, 1_000_000))
    .option('--out <out>', 'where --extract-revision writes')
    .option('--report <out>', 'write the report there too, as the name ends: .html, .pdf, .xml (ETSI TS 119 102-2), .json (one FILE only)')
    .option('--json', 'one JSON object a file and line')
    .option('--lang <vi|en>', 'language of the summary; default: the terminal’s')
    .addHelpText(
      'after',
      `\nExit codes: 0 every file is TOTAL-PASSED, 1 any other verdict, 2 wrong options or missing files.\n${OUTBOUND_HELP}\nFor a time in the past (--at) nothing is fetched, since what authorities say now is later: give CRLs or OCSP responses.`,
    )
    .action(verify);
}

async function verify(files: readonly string[], options: VerifyOptions): Promise<void> {
  if (options.report !== undefined && files.length > 1) throw new GatewayError('REQUEST_INVALID', '--report takes one FILE');
  if (options.report !== undefined) reportMediaType(options.report);
  if ((options.extractRevision === undefined) !== (options.out === undefined)) throw new GatewayError('REQUEST_INVALID', '--extract-revision and --out belong together');
  if (options.extractRevision !== undefined && files.length > 1) throw new GatewayError('REQUEST_INVALID', '--extract-revision takes one FILE');
  if (options.detached.length > 0 && options.detached.length !== files.length) throw new GatewayError('REQUEST_INVALID', 'Give as many --detached files as signatures');
  const given = trustFolder({ signature: options.trust, timestamp: options.trustTsa.length > 0 ? options.trustTsa : options.trust });
  const trustStore = options.data === undefined ? given : joinTrust(given, openKeptTrust(join(resolve(options.data), 'trust')));
  const ports: VerifyPorts = { clock: systemClock, trustStore };
  const shared = {
    policy: policyOf(options.policy),
    certificates: options.cert.flatMap((path) => certificatesOf(path)),
    revocation: joinMaterial(...options.crl.map((path) => readGiven(path, 'CRL')), ...options.ocsp.map((path) => readGiven(path, 'OCSP response'))),
    ...(options.at === undefined ? {} : { at: options.at }),
    ...(options.passwordFile === undefined ? {} : { password: readPassphrase({ passphraseFile: options.passwordFile }, {}) }),
  };
  // All files are opened first: a missing one is a wrong call, not a verdict in the middle of others.
  const sources = openAll([...files, ...options.detached]);
  const requests = files.flatMap((file, index): VerifyDocumentRequest[] => {
    const [source, detached] = [sources[index], sources[files.length + index]];
    return source === undefined ? [] : [{ ...shared, file, source, ...(detached === undefined ? {} : { detached }) }];
  });
  try {
    for (const request of requests) writeRevision(request, options);
    const allPassed = await withCollector(options.offline === true, (collector) => verifyAll({ ...ports, collector }, requests, options));
    process.exitCode = allPassed ? EXIT.done : EXIT.no;
  } finally {
    for (const source of sources) source.close();
  }
}

function writeRevision({ source, password }: VerifyDocumentRequest, { extractRevision: revision, out, json }: VerifyOptions): void {
  if (revision === undefined || out === undefined) return;
  const { of, sizeBytes, chunks } = extractRevision({ source, revision, password });
  writeChunks(out, chunks);
  if (json !== true) printLine(`${out}: revision ${revision} of ${of}, ${sizeBytes} bytes`);
}

async function verifyAll(ports: VerifyPorts, requests: readonly VerifyDocumentRequest[], options: VerifyOptions): Promise<boolean> {
  let allPassed = true;
  for (const request of requests) {
    const report = await verifyDocument(ports, request);
    allPassed &&= report.result === 'TOTAL-PASSED';
    if (options.report !== undefined) await writeReport(options.report, { report, source: request.source, password: request.password ?? null }, options.lang);
    show(report, options);
  }
  return allPassed;
}

function show(report: ValidationReport, { json, lang }: VerifyOptions): void {
  if (json === true) return printJson(report);
  for (const line of reportLines(report, chooseLanguage(lang, process.env))) printLine(line);
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

/** A file given by name that holds nothing of its kind is a wrong call: left out silently, its certificate would look unchecked. @throws REQUEST_INVALID */
function readGiven(path: string, kind: 'CRL' | 'OCSP response'): RevocationMaterial {
  const files = derFilesOf(path);
  const material = kind === 'CRL' ? readMaterial('given', files, []) : readMaterial('given', [], files);
  if (material.crls.length + material.ocsps.length === 0) throw new GatewayError('REQUEST_INVALID', `${path} does not hold ${kind === 'CRL' ? 'a' : 'an'} ${kind} in PEM or DER that can be read`);
  return material;
}

function derFilesOf(path: string): Uint8Array[] {
  const bytes = readInputFile(path);
  return isPem(bytes) ? readPem(bytes).map(({ der }) => der) : [bytes];
}

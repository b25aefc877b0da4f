import { basename, join } from 'node:path';
import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { COMMITMENT_NAMES, DIGEST_ALGORITHMS, SIGNATURE_FORMATS, SIGNATURE_LEVELS, SIGNATURE_PACKAGINGS, SIGNATURE_SCHEMES, type Commitment, type DigestAlgorithm, type SignatureFormat, type SignatureLevel, type SignaturePackaging, type SignatureScheme } from '../domain/signature.ts';
import { appendedSource, chunksOf, type ByteSource } from '../formats/byte-source.ts';
import { envelopingChunks } from '../formats/cms/attach-content.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import type { Signer } from '../ports/signer.ts';
import { presentationOf, type PresentationRequest } from '../usecases/signature-presentation.ts';
import { signBytes } from '../usecases/sign-bytes.ts';
import { signDocument } from '../usecases/sign-document.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { loadFonts } from '../wiring/fonts.ts';
import { parseChoice, parseWhole } from './arguments.ts';
import { GATEWAY_KEY_HELP, withGatewayKey } from './gateway-key.ts';
import type { OwnSigner } from './check-own-signer.ts';
import { CONSENT_HELP } from './consent.ts';
import { PKCS11_HELP } from './device-token.ts';
import { checkOtherFile, openInput } from './input-file.ts';
import { paint, printJson, printLine } from './output.ts';
import type { OwnKeyOptions } from './own-signer.ts';
import { POLICY_CHOICES } from './policy.ts';
import { signMany, type FileToSign } from './sign-many.ts';
import { withKeyOfCaller, type KeyInHand, type MadeFile } from './signing-key.ts';
import type { DataOption } from './with-store.ts';
import { checkLevelOptions, LEVELS_HELP, type Authorities, type AuthorityOptions } from './with-authorities.ts';
import { OUTBOUND_HELP } from './with-collector.ts';
import { pictureIn, visibleIn, withVisibleOptions, type VisibleOptions } from './visible-signature.ts';
import { writeChunks, writeSigned } from './write-file.ts';

interface SignOptions extends AuthorityOptions, OwnKeyOptions, DataOption, VisibleOptions {
  readonly key?: string;
  readonly otpFile?: string;
  readonly redirectPort?: number;
  readonly out?: string;
  readonly outDir?: string;
  readonly jobs: number;
  readonly again?: boolean;
  readonly format: SignatureFormat;
  readonly packaging: SignaturePackaging;
  readonly level: SignatureLevel;
  readonly digest: DigestAlgorithm;
  readonly certify?: 1 | 2 | 3;
  readonly lock?: PresentationRequest['lock'];
  readonly reason?: string;
  readonly location?: string;
  readonly commitment?: Commitment;
  readonly json?: boolean;
}

export function signCommand(): Command {
  return withVisibleOptions(
    new Command('sign')
      .description('sign files; never changes FILE')
      .argument('<file...>', 'PDF files (any files with --format cades)')
      .option('--out <file>', 'where the signed file goes (one FILE only)')
      .option('--out-dir <folder>', 'folder for signed files, named <name>.signed.pdf (<name>.p7s or .p7m with --format cades)')
      .option('--jobs <n>', 'with --out-dir: files signed at once', parseWhole('--jobs', 1, 64), 4)
      .option('--again', 'with --out-dir: sign again what an earlier run signed there, which is kept otherwise')
      .option('--p12 <file>', 'PKCS#12 file with key and certificate')
      .option('--passphrase-file <file>', 'file that holds its passphrase; - for standard input; without it you are asked')
      .option('--passphrase-env <variable>', 'environment variable that holds it (other processes of yours can read it)')
      .option('--pkcs11 <uri>', 'PKCS #11 URI of a key in a device, instead of --p12')
      .option('--pkcs11-module <file>', 'its module, where the URI has no module-path')
      .option('--pin-file <file>', 'file with the device’s PIN; - for standard input; without it you are asked')
      .option('--cert <file>', 'the signer’s certificate and its issuers, where they are not on the device')
      .option('--key <id>', 'a key of the gateway’s store (“lienthong keys list”), instead of --p12 or --pkcs11')
      .option('--data <folder>', 'with --key: data folder of the gateway')
      .option('--otp-file <file>', 'with --key: file with the one-time password that a remote key wants; - for standard input')
      .option('--redirect-port <n>', 'with --key: port on 127.0.0.1 where the browser comes back to, for a key whose holder allows each use there', parseWhole('--redirect-port', 1, 65_535))
      .option('--format <format>', SIGNATURE_FORMATS.join(' | '), parseChoice('--format', SIGNATURE_FORMATS), 'pades')
      .option('--packaging <packaging>', 'with --format cades: detached (FILE.p7s) | enveloping (FILE.p7m, the file inside)', parseChoice('--packaging', SIGNATURE_PACKAGINGS), 'detached')
      .option('--level <level>', SIGNATURE_LEVELS.join(' | '), parseChoice('--level', SIGNATURE_LEVELS), 'B-B')
      .option('--tsa <url...>', 'time-stamping authorities, asked in this order', [])
      .option('--trust <path...>', 'anchors (PEM file or folder) that the signer’s chain must reach; its revocation is checked too', [])
      .option('--trust-tsa <path...>', 'anchors of time-stamping authorities, for B-LT and B-LTA; default: those of --trust', [])
      .option('--policy <name|file>', `rules for the signer’s certificate: ${POLICY_CHOICES}; a named one also decides what happens when revocation cannot be checked`)
      .option('--offline', 'fetch nothing: revocation is then not checked')
      .option('--digest <name>', DIGEST_ALGORITHMS.join(' | '), parseChoice('--digest', DIGEST_ALGORITHMS), 'sha256')
      .option('--scheme <name>', SIGNATURE_SCHEMES.join(' | '), parseChoice('--scheme', SIGNATURE_SCHEMES))
      .option('--certify <1|2|3>', 'certify: 1 no changes, 2 form filling, 3 annotations too', (text) => parseWhole('--certify', 1, 3)(text))
      .option('--lock <fields>', 'form fields that nobody may change afterwards: all, or full names separated by commas', parseLock)
      .option('--reason <text>', 'reason shown in the signature')
      .option('--commitment <type>', `what the signer commits to, instead of a reason: ${COMMITMENT_NAMES.join(' | ')}`, parseChoice('--commitment', COMMITMENT_NAMES))
      .option('--location <text>', 'place of signing')
      .option('--json', 'one JSON object a file')
      .addHelpText('after', '\nExample:\n  lienthong sign decision.pdf --out decision.signed.pdf --p12 officer.p12 --passphrase-file - \\\n    --level B-T --tsa http://tsa.ca.gov.vn/ --appearance text --page 1 --rect 320,120,200,80')
      .addHelpText('after', '  lienthong sign papers/*.pdf --out-dir signed --p12 officer.p12 --passphrase-file officer.pass\n    A run that was killed is taken up again by the same command; signed/.lienthong-sign.jsonl says what became of each file.')
      .addHelpText('after', '  lienthong sign minutes.docx --out minutes.docx.p7m --format cades --packaging enveloping --level B-LTA \\\n    --tsa http://tsa.ca.gov.vn/ --trust anchors/ --p12 officer.p12 --passphrase-file officer.pass')
      .addHelpText('after', `\n${LEVELS_HELP}`)
      .addHelpText('after', `\n${PKCS11_HELP}`)
      .addHelpText('after', `\n${GATEWAY_KEY_HELP}`)
      .addHelpText('after', `\n${CONSENT_HELP}`)
      .addHelpText('after', `\n${OUTBOUND_HELP}`)
      .action((files: string[], options: SignOptions) => sign(files, options)),
  );
}

function parseLock(text: string): PresentationRequest['lock'] {
  const fields = text.split(',').map((name) => name.trim());
  if (fields.some((name) => name === '')) throw new GatewayError('REQUEST_INVALID', `--lock: ${text} has an empty name; use all, or names separated by commas`);
  return text === 'all' ? { action: 'All' } : { action: 'Include', fields };
}

async function sign(files: readonly string[], options: SignOptions): Promise<void> {
  const outs = files.map((file) => outputOf(file, files.length, options));
  const twice = outs.find((out, index) => outs.indexOf(out) !== index);
  if (twice !== undefined) throw new GatewayError('REQUEST_INVALID', `Two of the files would both become ${twice}: sign them into different folders`);
  if (options.format !== 'pades' && options.format !== 'cades') throw new GatewayError('REQUEST_INVALID', `--format ${options.format} is not available yet; use pades or cades`);
  if (options.format === 'pades' && options.packaging !== 'detached') throw new GatewayError('REQUEST_INVALID', '--packaging is for --format cades: a PDF holds its signature itself');
  if (options.key === undefined) {
    checkLevelOptions(options.level, options);
    return withKeyOfCaller(options, (key) => signWith(key, files, outs, options));
  }
  checkOnlyKey(files, options);
  return withGatewayKey(options.key, options, (key) => signWith(key, files, outs, options));
}

function checkOnlyKey(files: readonly string[], { p12, pkcs11, scheme, otpFile, redirectPort }: SignOptions): void {
  if (p12 !== undefined || pkcs11 !== undefined) throw new GatewayError('REQUEST_INVALID', 'Say one key: --key, --p12 or --pkcs11');
  if (scheme !== undefined) throw new GatewayError('REQUEST_INVALID', 'A key of the gateway has its scheme from “lienthong keys add”: leave out --scheme');
  if (otpFile !== undefined && files.length > 1) throw new GatewayError('REQUEST_INVALID', 'A one-time password is good for one signature: sign one FILE at a time');
  if (redirectPort !== undefined && files.length > 1) throw new GatewayError('REQUEST_INVALID', 'A browser comes back to one port for one signature: sign one FILE at a time');
}

async function signWith(key: KeyInHand, files: readonly string[], outs: readonly string[], options: SignOptions): Promise<void> {
  const checked = await key.check();
  const signOne = async ({ file, out }: FileToSign): Promise<() => void> => {
    const source = openInput(file);
    try {
      const make = options.format === 'pades' ? makePdf : makeCades;
      const made = await key.recorded(source, (signer) => make({ source, file, out }, { ...key, signer }, options));
      made.release();
      return () => report(file, out, { ...made.facts, ...(made.fieldName !== undefined && { fieldName: made.fieldName }), checked }, options);
    } finally {
      source.close();
    }
  };
  const each = files.map((file, index) => ({ file, out: outs[index] ?? file }));
  if (options.outDir !== undefined) await signMany(each, { folder: options.outDir, jobs: options.jobs, again: options.again === true, json: options.json === true }, signOne);
  else for (const one of each) (await signOne(one))();
  if (options.json !== true) tellSigner(checked);
}

interface Reported {
  readonly level: SignatureLevel;
  readonly scheme: SignatureScheme;
  readonly certificateSha256: string;
  readonly timestamp: { readonly authority: string; readonly genTime: Date } | null;
  readonly documentTimestamp?: { readonly authority: string; readonly genTime: Date } | null;
  readonly archiveTimestamp?: { readonly authority: string; readonly genTime: Date } | null;
  readonly fieldName?: string;
}

interface OpenFile extends FileToSign {
  readonly source: ByteSource;
}

async function makePdf({ source, file, out }: OpenFile, { signer, authorities, picturePng }: KeyInHand, options: SignOptions): Promise<MadeFile> {
  const presentation = presentationOf(
    { ...options, ...(await visibleIn(file, options)) },
    {
      certificate: readCertificate(signer.chainDer[0]),
      at: systemClock.now(),
      fonts: await loadFonts(),
      picturePng: pictureIn(options, picturePng),
      documentNumber: options.documentNumber,
    },
  );
  const { facts, fieldName, increment } = await signDocument(portsOf(signer, authorities), { source, level: options.level, digestAlgorithm: options.digest, presentation, commitment: options.commitment });
  const whole = appendedSource(source, increment);
  return { facts, fieldName, pieces: () => chunksOf(whole, 0, whole.sizeBytes), release: () => writeSigned(file, increment, out) };
}

async function makeCades({ source, out }: OpenFile, { signer, authorities }: KeyInHand, options: SignOptions): Promise<MadeFile> {
  const { cmsDer, facts } = await signBytes(portsOf(signer, authorities), { source, level: options.level, digestAlgorithm: options.digest, commitment: options.commitment });
  const pieces = (): Iterable<Uint8Array> => (options.packaging === 'enveloping' ? envelopingChunks(cmsDer, source, facts) : [cmsDer]);
  return { facts, pieces, release: () => writeChunks(out, pieces()) };
}

function portsOf(signer: Signer, authorities: Authorities) {
  return { ...authorities, signer, clock: systemClock, chance: systemChance(systemClock) };
}

function outputOf(file: string, count: number, { out, outDir, format, packaging }: SignOptions): string {
  if ((out === undefined) === (outDir === undefined)) throw new GatewayError('REQUEST_INVALID', 'Say where the result goes: either --out FILE or --out-dir FOLDER');
  if (out !== undefined && count > 1) throw new GatewayError('REQUEST_INVALID', 'Several files need --out-dir FOLDER');
  const path = out ?? join(outDir ?? '.', format === 'pades' ? basename(file).replace(/(\.pdf)?$/i, '.signed.pdf') : `${basename(file)}.${packaging === 'enveloping' ? 'p7m' : 'p7s'}`);
  checkOtherFile(path, file);
  return path;
}

function report(file: string, out: string, facts: Reported & { readonly checked: OwnSigner }, options: SignOptions): void {
  const { checked } = facts;
  const told = (stamp: Reported['timestamp'] | undefined) => (stamp == null ? null : { authority: stamp.authority, genTime: stamp.genTime.toISOString() });
  const [timestamp, documentTimestamp, archiveTimestamp] = [told(facts.timestamp), told(facts.documentTimestamp), told(facts.archiveTimestamp)];
  if (options.json === true) return printJson({ file, out, level: facts.level, scheme: facts.scheme, certificateSha256: facts.certificateSha256, ...checked, field: facts.fieldName ?? null, timestamp, documentTimestamp, archiveTimestamp });
  const stamped = timestamp === null ? '' : `, time-stamped ${timestamp.genTime} by ${timestamp.authority}`;
  const archived = `${documentTimestamp === null ? '' : `, whole document ${documentTimestamp.genTime}`}${archiveTimestamp === null ? '' : `, archived ${archiveTimestamp.genTime}`}`;
  printLine(`${paint('green', '✓')} ${out}  ${facts.level}${stamped}${archived}`);
}

/** Once a run, whatever the number of files. */
function tellSigner(checked: OwnSigner): void {
  if (checked.chain === 'not-checked') printLine(paint('yellow', 'The certificate’s validity, usage and key were checked, not its chain or revocation: add --trust PEM to check the chain.'));
  else if (checked.revocation === 'good') printLine(paint('dim', 'The signer’s chain reaches a trust anchor and is not revoked.'));
  else printLine(paint('yellow', `The signer’s chain reaches a trust anchor; revocation could not be checked:${checked.warnings.map((warning) => `\n    ${warning}`).join('')}`));
}

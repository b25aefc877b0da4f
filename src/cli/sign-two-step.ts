import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { GatewayError } from '../domain/errors.ts';
import { DIGEST_ALGORITHMS, SIGNATURE_LEVELS, SIGNATURE_PACKAGINGS, SIGNATURE_SCHEMES, type DigestAlgorithm, type SignatureLevel, type SignaturePackaging, type SignatureScheme } from '../domain/signature.ts';
import { growingPdf } from '../formats/ades/growing-pdf.ts';
import { digestOfChunks } from '../formats/algorithms/digests.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import { envelopingChunks } from '../formats/cms/attach-content.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { defaultScheme } from '../usecases/default-scheme.ts';
import { stateOf, toMakeOf, type PreparedState } from '../usecases/prepared-state.ts';
import { completeElsewhere, prepareElsewhere } from '../usecases/sign-elsewhere.ts';
import { presentationOf } from '../usecases/signature-presentation.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { loadFonts } from '../wiring/fonts.ts';
import { parseChoice, readInputFile } from './arguments.ts';
import { checkOwnSigner } from './check-own-signer.ts';
import { readChainFile } from './device-token.ts';
import { checkOtherFile, openInput } from './input-file.ts';
import { paint, printJson, printLine } from './output.ts';
import { policyOf } from './policy.ts';
import { pictureIn, visibleIn, withVisibleOptions, type VisibleOptions } from './visible-signature.ts';
import { checkLevelOptions, withAuthorities, type AuthorityOptions } from './with-authorities.ts';
import { writeChunks, writeSigned, writeWhole } from './write-file.ts';

/** Signing in two steps on the command line, for keys that only another program reaches: `sign-prepare`, the other program, `sign-complete`. */

const EXAMPLE = `
Example, with a key that openssl has in a file:
  lienthong sign-prepare decision.pdf --cert officer.pem --state decision.json --to-sign decision.attributes
  openssl dgst -sha256 -sign officer.key -out decision.value decision.attributes
  lienthong sign-complete decision.pdf --state decision.json --value decision.value --out decision.signed.pdf
With a key on a token instead of the second line:
  pkcs11-tool --module /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so --login --sign --mechanism SHA256-RSA-PKCS --id 01 \\
    --input-file decision.attributes --output-file decision.value`;

interface PrepareOptions extends VisibleOptions {
  readonly cert: string;
  readonly state: string;
  readonly toSign: string;
  readonly format: 'pades' | 'cades';
  readonly level: SignatureLevel;
  readonly digest: DigestAlgorithm;
  readonly scheme?: SignatureScheme;
  readonly policy?: string;
  readonly reason?: string;
  readonly location?: string;
  readonly json?: boolean;
}

interface CompleteOptions extends AuthorityOptions {
  readonly state: string;
  readonly value: string;
  readonly out: string;
  readonly packaging: SignaturePackaging;
  readonly json?: boolean;
}

export function signPrepareCommand(): Command {
  return withVisibleOptions(
    new Command('sign-prepare')
      .description('first of two steps: all of a signature but its value, for a key that another program reaches')
      .argument('<file>', 'PDF (any file with --format cades); it is not changed')
      .requiredOption('--cert <file>', 'the signer’s certificate and its issuers, PEM')
      .requiredOption('--state <file>', 'where what sign-complete needs is kept')
      .requiredOption('--to-sign <file>', 'where the bytes go that the key has to sign')
      .option('--format <format>', 'pades | cades', parseChoice('--format', ['pades', 'cades']), 'pades')
      .option('--level <level>', SIGNATURE_LEVELS.join(' | '), parseChoice('--level', SIGNATURE_LEVELS), 'B-B')
      .option('--digest <name>', DIGEST_ALGORITHMS.join(' | '), parseChoice('--digest', DIGEST_ALGORITHMS), 'sha256')
      .option('--scheme <name>', SIGNATURE_SCHEMES.join(' | '), parseChoice('--scheme', SIGNATURE_SCHEMES))
      .option('--policy <name|file>', 'says which scheme RSA keys use where --scheme does not')
      .option('--reason <text>', 'reason shown in the signature')
      .option('--location <text>', 'place of signing')
      .option('--json', 'JSON instead of text')
      .addHelpText('after', EXAMPLE)
      .action(prepare),
  );
}

export function signCompleteCommand(): Command {
  return new Command('sign-complete')
    .description('second of two steps: puts the value into the signature that sign-prepare made, and verifies it first')
    .argument('<file>', 'the very file that was prepared; it is not changed')
    .requiredOption('--state <file>', 'what sign-prepare kept')
    .requiredOption('--value <file>', 'the signature value, as the other program wrote it')
    .requiredOption('--out <file>', 'where the signed file goes')
    .option('--packaging <packaging>', 'of a signature prepared with --format cades: detached | enveloping', parseChoice('--packaging', SIGNATURE_PACKAGINGS), 'detached')
    .option('--tsa <url...>', 'time-stamping authorities, for the levels above B-B', [])
    .option('--trust <path...>', 'anchors that the signer’s chain must reach; its revocation is checked too', [])
    .option('--trust-tsa <path...>', 'anchors of time-stamping authorities', [])
    .option('--policy <name|file>', 'rules for the signer’s certificate')
    .option('--offline', 'fetch nothing: revocation is then not checked')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', EXAMPLE)
    .action(complete);
}

/** The state file: what was prepared, and of which document. */
interface StateFile {
  readonly lienthong: 'prepared-signature';
  readonly sha256: string;
  readonly signature: PreparedState;
}

const sha256Of = (source: ByteSource): string => Buffer.from(digestOfChunks('sha256', chunksOf(source, 0, source.sizeBytes))).toString('hex');
const readerOf = (source: ByteSource) => ({ pdf: growingPdf(source), digestContent: async (digest: DigestAlgorithm) => digestOfChunks(digest, chunksOf(source, 0, source.sizeBytes)) });

async function prepare(file: string, options: PrepareOptions): Promise<void> {
  const chainDer = readChainFile(options.cert);
  const scheme = options.scheme ?? defaultScheme(chainDer[0], policyOf(options.policy ?? 'default'));
  const source = openInput(file);
  try {
    const material = { certificate: readCertificate(chainDer[0]), at: systemClock.now(), fonts: await loadFonts(), picturePng: pictureIn(options), documentNumber: options.documentNumber };
    const presentation = presentationOf({ ...options, ...(await visibleIn(file, options)) }, material);
    // What the level needs beyond the value is asked for when it is completed.
    const ports = { timestampAuthorities: [], clock: systemClock, chance: systemChance(systemClock) };
    const toMake = await prepareElsewhere(ports, readerOf(source), { ...options, digestAlgorithm: options.digest, scheme, chainDer, presentation, checkLevelLater: true });
    const state: StateFile = { lienthong: 'prepared-signature', sha256: sha256Of(source), signature: stateOf(toMake) };
    writeWhole(options.state, Buffer.from(`${JSON.stringify(state)}\n`));
    writeWhole(options.toSign, toMake.signedAttributesDer);
  } finally {
    source.close();
  }
  if (options.json === true) return printJson({ file, state: options.state, toSign: options.toSign, scheme, digestAlgorithm: options.digest });
  printLine(`${paint('green', '✓')} ${options.toSign}: sign these bytes with ${scheme} and ${options.digest}`);
  printLine(paint('dim', `  ${opensslHint(options.toSign, scheme, options.digest)}`));
  printLine(paint('dim', `  Then: lienthong sign-complete ${file} --state ${options.state} --value VALUE --out OUT`));
}

function opensslHint(toSign: string, scheme: SignatureScheme, digest: DigestAlgorithm): string {
  const padding = scheme === 'pss' ? ' -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest' : '';
  return `openssl dgst -${digest} -sign KEY${padding} -out VALUE ${toSign}`;
}

async function complete(file: string, options: CompleteOptions): Promise<void> {
  checkOtherFile(options.out, file);
  const { sha256, signature } = readState(options.state);
  const toMake = toMakeOf(signature);
  checkLevelOptions(toMake.level, options);
  const value = readInputFile(options.value);
  const source = openInput(file);
  try {
    if (sha256Of(source) !== sha256) throw new GatewayError('SIGNATURE_VALUE_WRONG', `${file} is not the file that ${options.state} was prepared for`);
    const facts = await withAuthorities(options, async (authorities) => {
      await checkOwnSigner(authorities.longTerm, toMake.chainDer, { ...options, digest: toMake.digestAlgorithm, level: toMake.level });
      const made = await completeElsewhere({ ...authorities, clock: systemClock, chance: systemChance(systemClock) }, growingPdf(source), toMake, value);
      if (toMake.format === 'pades') writeSigned(file, made.bytes, options.out);
      else if (options.packaging === 'enveloping') writeChunks(options.out, envelopingChunks(made.bytes, source, made.facts));
      else writeWhole(options.out, made.bytes);
      return made.facts;
    });
    if (options.json === true) return printJson({ file, out: options.out, level: facts.level, scheme: facts.scheme, certificateSha256: facts.certificateSha256 });
    printLine(`${paint('green', '✓')} ${options.out}  ${facts.level}`);
  } finally {
    source.close();
  }
}

function readState(path: string): StateFile {
  readInputFile(path); // says what is wrong with the file
  try {
    const state = JSON.parse(readFileSync(path, 'utf8')) as Partial<StateFile>;
    if (state.lienthong === 'prepared-signature' && typeof state.sha256 === 'string' && state.signature !== undefined) return { lienthong: state.lienthong, sha256: state.sha256, signature: state.signature };
  } catch {
    // said below
  }
  throw new GatewayError('REQUEST_INVALID', `${path} is not what sign-prepare wrote`);
}

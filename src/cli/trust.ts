import { resolve, join } from 'node:path';
import { Command } from 'commander';
import { openKeptTrust, TRUST_PURPOSES, type KeptAnchor, type KeptTrust } from '../../certs/trust-store/open.ts';
import { readConfig } from '../config.ts';
import { GatewayError } from '../domain/errors.ts';
import { readCertificates, type Certificate } from '../formats/x509/certificate.ts';
import type { TrustPurpose } from '../ports/trust-store.ts';
import { systemClock } from '../wiring/clock.ts';
import { parseChoice, readInputFile } from './arguments.ts';
import { EXIT } from './exit-code.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { addList, printLists, removeList, shownList, updateLists } from './trusted-lists.ts';

/** Whom the gateway trusts, per purpose and set. Files in the data folder: no database is needed, and a running gateway sees changes at once. */

interface Common {
  readonly data?: string;
  readonly purpose?: TrustPurpose;
  readonly set?: string;
  readonly json?: boolean;
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--data <folder>', 'data folder of the gateway')
    .option('--purpose <purpose>', TRUST_PURPOSES.join(' | '), parseChoice('--purpose', TRUST_PURPOSES))
    .option('--set <name>', 'set of anchors, such as neac or official-use; sets are kept apart')
    .option('--json', 'JSON instead of text');
}

export function trustCommand(): Command {
  return new Command('trust')
    .description('trust anchors of signers and of time-stamping authorities')
    .addCommand(
      command('add', 'trust a certification authority')
        .argument('[file...]', 'its certificate, PEM or DER')
        .option('--list <source>', 'instead of a file: a trusted list (ETSI TS 119 612), a file or a URL')
        .option('--list-signer <certificate...>', 'who must have signed the list: a certificate file, or the SHA-256 of the certificate')
        .option('--source <text>', 'where the certificate was had from; default: the file’s name')
        .option('--fingerprint <sha256>', 'digest learned another way: only the certificate that has it is taken')
        .addHelpText('after', '\nCompare the fingerprint with what the authority publishes elsewhere before you rely on it, or give it with --fingerprint.\n\nExample:\n  lienthong trust add neac-root.pem --purpose signature --set neac --source https://neac.gov.vn --fingerprint 3A:5F:…\n  lienthong trust add --list https://example.vn/tsl.xml --list-signer 3A:5F:… --set neac\n\nA list gives signers’ anchors (CA/QC, CA/PKC) and time-stamping ones (TSA), each for as long as its service is in order; without --purpose, both.')
        .action(add),
    )
    .addCommand(command('list', 'all anchors, and the trusted lists with what they trust and until when').action(list))
    .addCommand(command('update', 'read the trusted lists again; what fails leaves the kept list as it is').action((options: Common) => updateLists(keptTrust(options), options.set, options.json === true)))
    .addCommand(
      command('remove', 'trust an authority, or a trusted list, no longer')
        .argument('[sha256]', 'its fingerprint, whole or the first 8 characters or more')
        .option('--list <set>', 'instead of a fingerprint: the set whose trusted list is to go')
        .action(remove),
    );
}

interface AddOptions extends Common {
  readonly source?: string;
  readonly fingerprint?: string;
  readonly list?: string;
  readonly listSigner?: readonly string[];
}

async function add(files: readonly string[], options: AddOptions): Promise<void> {
  const { purpose, set, source, fingerprint } = options;
  if (options.list !== undefined) return addTrustedList(files, options, options.list);
  if (files.length === 0) throw new GatewayError('REQUEST_INVALID', 'Name the certificate’s file, or a trusted list with --list');
  if (purpose === undefined) throw new GatewayError('REQUEST_INVALID', `Say what it is trusted for: --purpose ${TRUST_PURPOSES.join(' or ')}`);
  if (set === undefined) throw new GatewayError('REQUEST_INVALID', 'Say to which set it belongs: --set NAME, such as neac or official-use');
  const trust = keptTrust(options);
  // All files are read before anything is trusted.
  const chosen = files.flatMap((file) => readCertificates(readInputFile(file)).map((certificate) => ({ file, certificate }))).filter(({ certificate }) => hasFingerprint(certificate, fingerprint));
  if (chosen.length === 0) throw new GatewayError('REQUEST_INVALID', 'No certificate there has the fingerprint given: nothing was added');
  for (const { file, certificate } of chosen) {
    const { anchor, isNew } = trust.add({ purpose, set, certificateDer: certificate.der, source: source ?? file, addedAt: systemClock.now() });
    if (options.json === true) printJson({ ...shownAs(anchor), added: isNew });
    else printAdded(anchor, isNew, certificate);
  }
}

async function addTrustedList(files: readonly string[], options: AddOptions, source: string): Promise<void> {
  const { purpose, set, listSigner = [] } = options;
  if (files.length > 0) throw new GatewayError('REQUEST_INVALID', 'Give a certificate’s file or --list, not both');
  if (set === undefined) throw new GatewayError('REQUEST_INVALID', 'Say to which set it belongs: --set NAME, such as neac or official-use');
  if (listSigner.length === 0) throw new GatewayError('REQUEST_INVALID', 'Say who must have signed the list: --list-signer CERT or SHA256; a certificate merely found in the list proves nothing');
  await addList(keptTrust(options), { set, source: /^https?:/i.test(source) ? source : resolve(source), signers: listSigner, purposes: purpose === undefined ? TRUST_PURPOSES : [purpose] }, options.json === true);
}

function hasFingerprint({ sha256Hex }: Certificate, fingerprint: string | undefined): boolean {
  return fingerprint === undefined || sha256Hex === plainHex(fingerprint);
}

function printAdded(anchor: KeptAnchor, isNew: boolean, { notAfter }: Certificate): void {
  printLine(`${paint('green', '✓')} ${anchor.subject}  ${isNew ? 'is trusted' : 'was trusted already'} for ${anchor.purpose} in ${anchor.set}`);
  printLine(`  SHA-256 ${anchor.sha256.match(/../g)?.join(':').toUpperCase() ?? ''}`);
  if (notAfter < systemClock.now()) printLine(paint('yellow', `  It expired on ${notAfter.toISOString()}: only what was signed before can still be checked with it.`));
}

function list(options: Common): void {
  const trust = keptTrust(options);
  const anchors = trust.list(options);
  const lists = trust.lists().filter(({ set, purposes }) => (options.set ?? set) === set && purposes.includes(options.purpose ?? purposes[0] ?? 'signature'));
  if (options.json === true) return printJson([...anchors.map((anchor) => shownAs(anchor)), ...lists.map((trusted) => ({ list: shownList(trusted) }))]);
  if (anchors.length + lists.length === 0) return printLine('No anchors: add one with "lienthong trust add FILE --purpose signature --set NAME"');
  if (anchors.length > 0) printTable(['purpose', 'set', 'subject', 'sha-256', 'added', 'from'], anchors.map(({ purpose, set, subject, sha256, addedAt, source }) => [purpose, set, subject, sha256.slice(0, 16), addedAt.toISOString().slice(0, 10), source]));
  printLists(lists);
}

const MIN_PREFIX = 8;

function remove(text: string | undefined, options: Common & { readonly list?: string }): void {
  const trust = keptTrust(options);
  if (options.list !== undefined) return removeList(trust, options.list, options.json === true);
  if (text === undefined) throw new GatewayError('REQUEST_INVALID', 'Name the fingerprint of an anchor, or a trusted list with --list SET');
  const prefix = plainHex(text);
  if (prefix.length < MIN_PREFIX) throw new GatewayError('REQUEST_INVALID', `A fingerprint is hexadecimal, at least ${MIN_PREFIX} characters of it: see "lienthong trust list --json"`);
  const meant = new Set(trust.list(options).map(({ sha256 }) => sha256).filter((sha256) => sha256.startsWith(prefix)));
  const [sha256, other] = meant;
  if (other !== undefined) throw new GatewayError('REQUEST_INVALID', `Several anchors begin with ${prefix}: give more of the fingerprint`);
  const removed = sha256 === undefined ? [] : trust.remove({ purpose: options.purpose, set: options.set, sha256 });
  if (removed.length === 0) process.exitCode = EXIT.no;
  if (options.json === true) return printJson(removed.map((anchor) => shownAs(anchor)));
  if (removed.length === 0) return printLine('There is no such anchor');
  for (const { subject, purpose, set } of removed) printLine(`${paint('green', '✓')} ${subject}  is no longer trusted for ${purpose} in ${set}`);
}

function keptTrust({ data }: Common): KeptTrust {
  return openKeptTrust(join(data === undefined ? readConfig(process.env).dataDir : resolve(data), 'trust'));
}

/** `3A:5F:…`, with spaces or without, as programs and web pages write it. */
function plainHex(text: string): string {
  const hex = text.replace(/[\s:]/g, '').toLowerCase();
  return /^[0-9a-f]*$/.test(hex) ? hex : '';
}

function shownAs({ purpose, set, sha256, subject, source, addedAt }: KeptAnchor): Record<string, string> {
  return { purpose, set, sha256, subject, source, addedAt: addedAt.toISOString() };
}

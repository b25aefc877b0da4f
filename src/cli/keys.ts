import { Command } from 'commander';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { KeyId, PartnerId } from '../domain/ids.ts';
import { KEY_PURPOSES, SIGNATURE_SCHEMES, type KeyPurpose, type SignatureScheme } from '../domain/signature.ts';
import { readPkcs12 } from '../formats/pkcs12/read-pkcs12.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { addSigningKey, disableKey, grantKey, revokeKeyGrant } from '../usecases/administer-keys.ts';
import { parseChoice, readInputFile, readPassphrase } from './arguments.ts';
import { paint, printJson, printLine, printTable } from './output.ts';
import { withStore, type DataOption } from './with-store.ts';

/** Server keys: sealed at rest, used only by systems they are granted to. */

interface Common extends DataOption {
  readonly json?: boolean;
}

const done = (text: string): void => printLine(`${paint('green', '✓')} ${text}`);

function command(name: string, description: string): Command {
  return new Command(name).description(description).option('--data <folder>', 'data folder of the gateway').option('--json', 'JSON instead of text');
}

export function keysCommand(): Command {
  return new Command('keys')
    .description('keys that the gateway signs with')
    .addCommand(
      command('add', 'keep a key, sealed under the master key')
        .argument('<id>', 'lower-case letters, digits, hyphens')
        .requiredOption('--p12 <file>', 'PKCS#12 file with key and certificate')
        .option('--passphrase-file <file>', 'file that holds its passphrase; - for standard input')
        .option('--passphrase-env <variable>', 'environment variable that holds it')
        .option('--purpose <purpose>', `one key, one purpose: ${KEY_PURPOSES.join(' | ')}`, parseChoice('--purpose', KEY_PURPOSES), 'document')
        .option('--scheme <name>', SIGNATURE_SCHEMES.join(' | '), parseChoice('--scheme', SIGNATURE_SCHEMES))
        .option('--picture <png>', 'picture of the signature or seal for visible signatures')
        .action(add),
    )
    .addCommand(command('list', 'all keys').action(list))
    .addCommand(command('grant', 'let a system use a key').argument('<id>').argument('<partner>').action(grant))
    .addCommand(command('revoke', 'take a grant back').argument('<id>').argument('<partner>').action(revoke))
    .addCommand(command('disable', 'let nobody use a key any more').argument('<id>').action(disable));
}

interface AddOptions extends Common {
  readonly p12: string;
  readonly passphraseFile?: string;
  readonly passphraseEnv?: string;
  readonly purpose: KeyPurpose;
  readonly scheme?: SignatureScheme;
  readonly picture?: string;
}

async function add(id: string, options: AddOptions): Promise<void> {
  const contents = await readPkcs12(readInputFile(options.p12), readPassphrase(options, process.env));
  const chainDer = [contents.certificateDer, ...contents.chainDer] as const;
  const { scheme } = createFileSigner({ keyId: id, privateKeyPkcs8Der: contents.privateKeyPkcs8Der, chainDer, ...(options.scheme === undefined ? {} : { scheme: options.scheme }) });
  const picturePng = options.picture === undefined ? null : readInputFile(options.picture);
  const key = await withStore(options, (ports) =>
    addSigningKey(ports, ports.actor, { id: parseId(id), purpose: options.purpose, scheme, privateKeyPkcs8Der: contents.privateKeyPkcs8Der, chainDer, picturePng }),
  );
  if (options.json === true) return printJson({ keyId: key.id, purpose: key.purpose, scheme: key.scheme, certificateSha256: key.certificateSha256, notAfter: key.notAfter });
  done(`${id}: ${readCertificate(contents.certificateDer).subject}`);
  printLine(`  ${key.scheme}, valid until ${key.notAfter.toISOString().slice(0, 10)}, sealed; nobody may use it yet`);
  printLine(paint('dim', `  Next: lienthong keys grant ${id} PARTNER`));
}

async function list(options: Common): Promise<void> {
  const keys = await withStore(options, async ({ records }) => {
    const all = await records.keys.list();
    return Promise.all(all.map(async (key) => ({ key, grants: await records.keys.grants(key.id) })));
  });
  const rows = keys.map(({ key, grants }) => ({ keyId: key.id, purpose: key.purpose, scheme: key.scheme, notAfter: key.notAfter.toISOString(), disabled: key.disabledAt !== null, subject: readCertificate(key.chainDer[0]).subject, grants }));
  if (options.json === true) return printJson(rows);
  printTable(['ID', 'PURPOSE', 'SCHEME', 'UNTIL', 'STATE', 'GRANTED TO', 'SUBJECT'], rows.map((row) => [row.keyId, row.purpose, row.scheme, row.notAfter.slice(0, 10), row.disabled ? 'disabled' : 'in use', row.grants.join(' ') || '–', row.subject]));
}

async function grant(id: string, partner: string, options: Common): Promise<void> {
  await withStore(options, (ports) => grantKey(ports, ports.actor, partner as PartnerId, parseId(id)));
  if (options.json === true) return printJson({ keyId: id, partnerId: partner, granted: true });
  done(`${partner} may sign with ${id}`);
}

async function revoke(id: string, partner: string, options: Common): Promise<void> {
  const revoked = await withStore(options, (ports) => revokeKeyGrant(ports, ports.actor, partner as PartnerId, parseId(id)));
  if (options.json === true) return printJson({ keyId: id, partnerId: partner, revoked });
  done(revoked ? `${partner} may not sign with ${id} any more` : `${partner} had no grant for ${id}`);
}

async function disable(id: string, options: Common): Promise<void> {
  await withStore(options, (ports) => disableKey(ports, ports.actor, parseId(id)));
  if (options.json === true) return printJson({ keyId: id, disabled: true });
  done(`${id} is disabled`);
}

function parseId(text: string): KeyId {
  if (!/^[a-z0-9][a-z0-9-]{1,62}$/.test(text)) throw new GatewayError('REQUEST_INVALID', `${text} cannot name a key: use 2 to 63 lower-case letters, digits and hyphens`);
  return text as KeyId;
}

import type { Command } from 'commander';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { GatewayError } from '../domain/errors.ts';
import { KEY_PURPOSES, SIGNATURE_SCHEMES, type KeyPurpose, type SignatureScheme } from '../domain/signature.ts';
import { readPkcs12 } from '../formats/pkcs12/read-pkcs12.ts';
import { readCertificate } from '../formats/x509/certificate.ts';
import { addKeyElsewhere, addSigningKey } from '../usecases/administer-keys.ts';
import { defaultScheme } from '../usecases/default-scheme.ts';
import { readPolicy } from '../wiring/verification.ts';
import { parseChoice, readInputFile } from './arguments.ts';
import { openDevice, PKCS11_HELP } from './device-token.ts';
import { addCredential } from './keys-add-remote.ts';
import { keyCommand, parseKeyId, tellDone, type KeyCommandOptions } from './key-command.ts';
import { readSecret } from './secrets.ts';
import { paint, printJson, printLine } from './output.ts';
import { withStore, type Administration } from './with-store.ts';

interface AddOptions extends KeyCommandOptions {
  readonly p12?: string;
  readonly passphraseFile?: string;
  readonly passphraseEnv?: string;
  readonly pkcs11?: string;
  readonly pkcs11Module?: string;
  readonly cert?: string;
  readonly csc?: string;
  readonly credential?: string;
  readonly tokenFile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly tokenUrl?: string;
  readonly authorizeUrl?: string;
  readonly pinFile?: string;
  readonly withoutPin?: boolean;
  readonly purpose: KeyPurpose;
  readonly scheme?: SignatureScheme;
  readonly picture?: string;
}

export function addKeyCommand(): Command {
  return keyCommand('add', 'take a key into use: from a file, in a key device, or at a remote signing service')
    .argument('<id>', 'lower-case letters, digits, hyphens')
    .option('--p12 <file>', 'PKCS#12 file with key and certificate; the key is kept, sealed under the master key')
    .option('--passphrase-file <file>', 'file that holds its passphrase; - for standard input; without it you are asked')
    .option('--passphrase-env <variable>', 'environment variable that holds it')
    .option('--pkcs11 <uri>', 'PKCS #11 URI of a key in a device')
    .option('--pkcs11-module <file>', 'its module, where the URI has no module-path')
    .option('--cert <file>', 'the signer’s certificate and its issuers, where they are not on the device')
    .option('--csc <url>', 'CSC API v2 of a remote signing service, up to /csc/v2')
    .option('--credential <id>', 'credential there')
    .option('--token-file <file>', 'file with its bearer token')
    .option('--client-id <id>', 'or OAuth 2.0 client credentials')
    .option('--client-secret-file <file>', 'file with the client’s secret')
    .option('--token-url <url>', 'where tokens are given; default: oauth2/token below what the service names, else below --csc')
    .option('--authorize-url <url>', 'page where the signer allows each use, for credentials that want that; default: oauth2/authorize beside the tokens')
    .option('--pin-file <file>', 'file with the PIN of device or credential; - for standard input; it is kept sealed')
    .option('--without-pin', 'the credential at the service has no PIN')
    .option('--purpose <purpose>', `one key, one purpose: ${KEY_PURPOSES.join(' | ')}`, parseChoice('--purpose', KEY_PURPOSES), 'document')
    .option('--scheme <name>', SIGNATURE_SCHEMES.join(' | '), parseChoice('--scheme', SIGNATURE_SCHEMES))
    .option('--picture <png>', 'picture of the signature or seal for visible signatures')
    .addHelpText('after', `\n${PKCS11_HELP}`)
    .action(add);
}

async function add(id: string, options: AddOptions): Promise<void> {
  const kinds = [options.p12, options.pkcs11, options.csc].filter((given) => given !== undefined);
  if (kinds.length !== 1) throw new GatewayError('REQUEST_INVALID', 'Say where the key is, once: --p12 FILE, --pkcs11 URI or --csc URL');
  const key = await withStore(options, (store) => (options.p12 !== undefined ? addFile(store, id, options, options.p12) : options.pkcs11 !== undefined ? addDevice(store, id, options, options.pkcs11) : addCredential(store, { ...facts(id, options), ...options })));
  if (options.json === true) return printJson({ keyId: key.id, kind: key.place.kind, purpose: key.purpose, scheme: key.scheme, certificateSha256: key.certificateSha256, notAfter: key.notAfter });
  const isOwn = key.purpose === 'exchange';
  tellDone(`${id}: ${readCertificate(key.chainDer[0]).subject}`);
  printLine(`  ${key.place.kind}, ${key.scheme}, valid until ${key.notAfter.toISOString().slice(0, 10)}, secrets sealed; ${isOwn ? 'the gateway uses it within a minute' : 'nobody may use it yet'}`);
  printLine(paint('dim', `  Next: lienthong keys test ${id}${isOwn ? '' : `; lienthong keys grant ${id} PARTNER`}`));
}

const facts = (id: string, { purpose, picture }: AddOptions) => ({ id: parseKeyId(id), purpose, picturePng: picture === undefined ? null : readInputFile(picture) });

async function addFile(store: Administration, id: string, options: AddOptions, p12: string) {
  const words = { what: 'passphrase', options: '--passphrase-file FILE (or - for standard input) or --passphrase-env VARIABLE' };
  const contents = await readPkcs12(readInputFile(p12), await readSecret({ file: options.passphraseFile, env: options.passphraseEnv }, words, process.env));
  const chainDer = [contents.certificateDer, ...contents.chainDer] as const;
  const scheme = schemeOf(store, options, chainDer[0]);
  createFileSigner({ keyId: id, privateKeyPkcs8Der: contents.privateKeyPkcs8Der, chainDer, scheme }); // whether they go together
  return addSigningKey(store, store.actor, { ...facts(id, options), scheme, privateKeyPkcs8Der: contents.privateKeyPkcs8Der, chainDer });
}

async function addDevice(store: Administration, id: string, options: AddOptions, pkcs11: string) {
  const device = await openDevice({ ...options, pkcs11 }, store.pinGuard);
  try {
    const found = await device.token.signer({ keyId: id, ...(device.chainDer === undefined ? {} : { chainDer: device.chainDer }) });
    const scheme = schemeOf(store, options, found.chainDer[0]);
    const { chainDer } = await device.token.signer({ keyId: id, chainDer: found.chainDer, scheme }); // whether the device can
    const secret = device.pin === null ? null : new TextEncoder().encode(device.pin);
    return await addKeyElsewhere(store, store.actor, { ...facts(id, options), scheme, chainDer, place: { kind: 'pkcs11', uri: device.uri }, secret });
  } finally {
    await device.token.close();
  }
}

function schemeOf({ config }: Administration, { scheme }: AddOptions, certificateDer: Uint8Array): SignatureScheme {
  return scheme ?? defaultScheme(certificateDer, readPolicy(config));
}

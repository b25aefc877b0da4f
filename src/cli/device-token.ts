import { openPkcs11Token, type Pkcs11Token } from '../../connectors/key-pkcs11/index.ts';
import { readPkcs11Uri } from '../../connectors/key-pkcs11/uri.ts';
import { GatewayError } from '../domain/errors.ts';
import { readCertificates } from '../formats/x509/certificate.ts';
import type { PinGuard } from '../ports/pin-guard.ts';
import { createLog } from '../telemetry/log.ts';
import { moduleEnvironment } from '../wiring/module-environment.ts';
import { readInputFile } from './arguments.ts';
import { readSecret } from './secrets.ts';

export interface DeviceOptions {
  readonly pkcs11: string;
  readonly pkcs11Module?: string;
  readonly pinFile?: string;
  readonly cert?: string;
}

/** Words for the help of commands that take a key device. */
export const PKCS11_HELP =
  'Key devices: --pkcs11 "pkcs11:token=LABEL;object=NAME?module-path=/usr/lib/softhsm/libsofthsm2.so" (RFC 7512). The certificate is read from\n' +
  'the device, or from --cert. The PIN comes from --pin-file, from pin-source=file:/path in the URI, or is asked for; never from an argument.';

export interface OpenDevice {
  readonly token: Pkcs11Token;
  /** With the module's path, as it is to be kept. */
  readonly uri: string;
  /** Null: the URI names the file that holds it. */
  readonly pin: string | null;
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]] | undefined;
}

/** A key device with the PIN of whoever calls; nothing is started before a key is asked for. @throws CONFIG_INVALID, KEY_UNSUPPORTED, as `readSecret` */
export async function openDevice({ pkcs11, pkcs11Module, pinFile, cert }: DeviceOptions, pinGuard: PinGuard): Promise<OpenDevice> {
  const read = readPkcs11Uri(pkcs11);
  if (read.modulePath === null && pkcs11Module === undefined) throw new GatewayError('CONFIG_INVALID', 'Say which module drives the key device: ?module-path=/path in the URI, or --pkcs11-module /path');
  const uri = read.modulePath === null ? `${pkcs11}${pkcs11.includes('?') ? '&' : '?'}module-path=${encodeURIComponent(pkcs11Module ?? '')}` : pkcs11;
  const words = { what: 'PIN of the key device', options: '--pin-file FILE (or - for standard input), or pin-source=file:/path in the URI' };
  const pin = read.pinFile !== null && pinFile === undefined ? null : await readSecret({ file: pinFile }, words, {});
  const token = openPkcs11Token({
    uri,
    pinGuard,
    log: createLog({ level: 'silent' }),
    environment: moduleEnvironment(process.env, { LIENTHONG_PKCS11_ENV: (process.env['LIENTHONG_PKCS11_ENV'] ?? '').split(/[\s,]+/).filter((name) => name !== '') }),
    ...(pin === null ? {} : { pin: () => Promise.resolve(new TextEncoder().encode(pin)) }),
  });
  return { token, uri, pin, chainDer: cert === undefined ? undefined : readChainFile(cert) };
}

/** The signer's certificate first. @throws CERTIFICATE_MALFORMED when there is none in the file */
export function readChainFile(path: string): readonly [Uint8Array, ...Uint8Array[]] {
  const [leaf, ...issuers] = readCertificates(readInputFile(path)).map(({ der }) => der);
  if (leaf === undefined) throw new GatewayError('CERTIFICATE_MALFORMED', `${path} holds no certificate`);
  return [leaf, ...issuers];
}

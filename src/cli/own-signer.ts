import { basename } from 'node:path';
import { createFileSigner } from '../../connectors/key-file/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { SignatureScheme } from '../domain/signature.ts';
import { readPkcs12 } from '../formats/pkcs12/read-pkcs12.ts';
import { processPinGuard } from '../ports/process-pin-guard.ts';
import type { Signer } from '../ports/signer.ts';
import { defaultScheme } from '../usecases/default-scheme.ts';
import { systemClock } from '../wiring/clock.ts';
import { readInputFile } from './arguments.ts';
import { openDevice } from './device-token.ts';
import { policyOf } from './policy.ts';
import { readSecret } from './secrets.ts';

export interface OwnKeyOptions {
  readonly p12?: string;
  readonly passphraseFile?: string;
  readonly passphraseEnv?: string;
  readonly pkcs11?: string;
  readonly pkcs11Module?: string;
  readonly pinFile?: string;
  readonly cert?: string;
  readonly scheme?: SignatureScheme;
  readonly policy?: string;
}

const WHICH = 'Say which key signs: --p12 FILE with --passphrase-file FILE or --passphrase-env VARIABLE, --pkcs11 URI with --pin-file FILE, or --key ID of the gateway';

/**
 * Runs `work` with the key of whoever calls, from a file or in a device. The device's own count of wrong PINs and one try a run are what
 * guards it here: the gateway's count is for the gateway's keys.
 * @throws REQUEST_INVALID; what the connectors and `work` throw
 */
export async function withOwnSigner<T>(options: OwnKeyOptions, work: (signer: Signer) => Promise<T>): Promise<T> {
  const { p12, pkcs11, policy = 'default' } = options;
  if ((p12 === undefined) === (pkcs11 === undefined)) throw new GatewayError('REQUEST_INVALID', p12 === undefined ? WHICH : 'Say one key: --p12 or --pkcs11, not both');
  const schemeOf = (certificateDer: Uint8Array): SignatureScheme => options.scheme ?? defaultScheme(certificateDer, policyOf(policy));
  if (p12 !== undefined) return work(await fileSigner(p12, options, schemeOf));
  const device = await openDevice({ ...options, pkcs11: pkcs11 ?? '' }, processPinGuard(() => systemClock.now()));
  try {
    const keyId = 'device';
    const { chainDer } = await device.token.signer({ keyId, ...(device.chainDer === undefined ? {} : { chainDer: device.chainDer }) });
    return await work(await device.token.signer({ keyId, chainDer, scheme: schemeOf(chainDer[0]) }));
  } finally {
    await device.token.close();
  }
}

async function fileSigner(p12: string, { passphraseFile, passphraseEnv }: OwnKeyOptions, schemeOf: (certificateDer: Uint8Array) => SignatureScheme): Promise<Signer> {
  const words = { what: 'passphrase', options: '--passphrase-file FILE (or - for standard input) or --passphrase-env VARIABLE' };
  const contents = await readPkcs12(readInputFile(p12), await readSecret({ file: passphraseFile, env: passphraseEnv }, words, process.env));
  const chainDer = [contents.certificateDer, ...contents.chainDer] as const;
  return createFileSigner({ keyId: basename(p12), privateKeyPkcs8Der: contents.privateKeyPkcs8Der, chainDer, scheme: schemeOf(chainDer[0]) });
}

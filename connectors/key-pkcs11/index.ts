import { GatewayError } from '../../src/domain/errors.ts';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import type { PinGuard } from '../../src/ports/pin-guard.ts';
import type { Signer } from '../../src/ports/signer.ts';
import type { Log } from '../../src/ports/telemetry.ts';
import { chainOnToken, checkKey, defaultScheme, type Chain } from './key-check.ts';
import { loadPackage } from './module.ts';
import { pinFromFile, type PinSource } from './pin.ts';
import { places } from './places.ts';
import { tokenLink, type TokenLink } from './token-link.ts';
import { readPkcs11Uri, type KeyMatch } from './uri.ts';

export interface Pkcs11TokenSettings {
  /** RFC 7512; names the token, and with `module-path` and `pin-source` where module and PIN are. Never holds a PIN. */
  readonly uri: string;
  /** The module's shared library, where the URI does not say. */
  readonly modulePath?: string;
  /** Where the URI has no `pin-source`: a prompt, a vault. */
  readonly pin?: PinSource;
  readonly pinGuard: PinGuard;
  readonly log: Log;
  /** Environment of the signer process: what the module needs to find its device. Default: nothing. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Sessions, each making one signature at a time. Default 4. */
  readonly maxSessions?: number;
  /** Signatures that may wait, besides two for each session that are with the signer process. Default 256. */
  readonly maxWaiting?: number;
  /** Loading the module and finding the token. Default 20,000. */
  readonly openTimeoutMs?: number;
  /** One signature, or a login. Default 10,000; then the signer process is killed. */
  readonly signTimeoutMs?: number;
  /** Between a signer process that came to nothing and the next. Default 500. */
  readonly restartPauseMs?: number;
}

export interface Pkcs11KeySettings {
  readonly keyId: string;
  /** Of the key; must name the same token. Default: the URI the token was opened with. */
  readonly uri?: string;
  /** Default: what stands on the token beside the key (same CKA_ID), with its issuers as far as they are there. */
  readonly chainDer?: Chain;
  /** Default: `pkcs1` for RSA keys, `pss` for RSA-PSS keys, `ecdsa` for EC keys. */
  readonly scheme?: SignatureScheme;
}

/** A key device, held open by a signer process of its own that is replaced when it hangs, crashes or loses the device. */
export interface Pkcs11Token {
  /**
   * @throws KEY_NOT_FOUND, KEY_MISMATCH, KEY_UNSUPPORTED, CERTIFICATE_MALFORMED, CONFIG_INVALID, HSM_LOGIN_FAILED, SIGNER_UNAVAILABLE
   */
  signer(key: Pkcs11KeySettings): Promise<Signer>;
  /** Ends the signer process; signatures under way fail. */
  close(): Promise<void>;
}

/**
 * Prepares the use of a token; nothing is started before the first key is asked for.
 * @throws CONFIG_INVALID for a URI that cannot be used; KEY_UNSUPPORTED when pkcs11js is not installed
 * @see PKCS #11 v3.0, RFC 7512
 */
export function openPkcs11Token(settings: Pkcs11TokenSettings): Pkcs11Token {
  const uri = readPkcs11Uri(settings.uri);
  loadPackage();
  const { maxSessions = 4, maxWaiting = 256 } = settings;
  const link = tokenLink({
    modulePath: required(uri.modulePath ?? settings.modulePath, 'module-path'),
    token: uri.token,
    pin: required(uri.pinFile === null ? settings.pin : pinFromFile(uri.pinFile), 'pin-source'),
    pinGuard: settings.pinGuard,
    environment: settings.environment ?? {},
    maxSessions,
    // As many again wait inside the process, so that no session idles while an answer and the next question are under way.
    places: places(2 * maxSessions, maxWaiting),
    openTimeoutMs: settings.openTimeoutMs ?? 20_000,
    signTimeoutMs: settings.signTimeoutMs ?? 10_000,
    restartPauseMs: settings.restartPauseMs ?? 500,
    log: settings.log,
  });
  return { signer: (key) => signerOf(link, settings.uri, key), close: () => link.close() };
}

async function signerOf(link: TokenLink, tokenUri: string, { keyId, uri = tokenUri, chainDer, scheme }: Pkcs11KeySettings): Promise<Signer> {
  const match = keyMatchOf(tokenUri, uri);
  const found = await link.find(match);
  const chain = chainDer ?? chainOnToken(found);
  const chosen = scheme ?? defaultScheme(chain[0]);
  checkKey(found, chain[0], chosen);
  return {
    keyId,
    chainDer: chain,
    scheme: chosen,
    sign: (toBeSigned, digest, signal) => link.sign({ match, scheme: chosen, digest, toBeSigned }, signal),
  };
}

function keyMatchOf(tokenUri: string, uri: string): KeyMatch {
  const { token, key } = readPkcs11Uri(uri);
  if (JSON.stringify(token) !== JSON.stringify(readPkcs11Uri(tokenUri).token)) throw new GatewayError('CONFIG_INVALID', 'The PKCS #11 URI of the key names another token than the one that is open');
  if (key.id === undefined && key.label === undefined) throw new GatewayError('CONFIG_INVALID', 'The PKCS #11 URI names no key: add object= or id=');
  return key;
}

function required<T>(value: T | null | undefined, attribute: string): T {
  if (value == null) throw new GatewayError('CONFIG_INVALID', `The PKCS #11 URI has no ${attribute}, and none is set`);
  return value;
}

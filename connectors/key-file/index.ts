import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../src/domain/errors.ts';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import type { Signer } from '../../src/ports/signer.ts';
import { signWithKey } from './sign.ts';

export interface FileSignerSettings {
  readonly keyId: string;
  /** PrivateKeyInfo (RFC 5958), not encrypted: what `readPkcs12` or the sealed key store gives. */
  readonly privateKeyPkcs8Der: Uint8Array;
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  /** Default: `pkcs1` for RSA keys, `pss` for RSA-PSS keys, `ecdsa` for EC keys. */
  readonly scheme?: SignatureScheme;
}

/** Curves that node:crypto names as their users do; each with 256 bits or more (Circular 15/2025/TT-BKHCN). */
const CURVES = new Set(['prime256v1', 'secp384r1', 'secp521r1']);
const MIN_RSA_BITS = 2048;

/**
 * A signer whose private key is in this process's memory, from a PKCS#12 file or the sealed key store.
 * @throws KEY_UNSUPPORTED for keys that may not or cannot make the scheme's signatures; KEY_MISMATCH, CERTIFICATE_MALFORMED
 */
export function createFileSigner(settings: FileSignerSettings): Signer {
  const key = loadKey(settings.privateKeyPkcs8Der);
  const scheme = settings.scheme ?? defaultScheme(key);
  checkKey(key, scheme);
  checkBelongs(key, settings.chainDer[0]);
  return {
    keyId: settings.keyId,
    chainDer: settings.chainDer,
    scheme,
    sign: (toBeSigned, digest, signal) => signWithKey(key, scheme, toBeSigned, digest, signal),
  };
}

function loadKey(privateKeyPkcs8Der: Uint8Array): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(privateKeyPkcs8Der), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw new GatewayError('KEY_UNSUPPORTED', 'The private key is damaged or of a kind that cannot be used', { cause });
  }
}

function defaultScheme(key: KeyObject): SignatureScheme {
  return key.asymmetricKeyType === 'ec' ? 'ecdsa' : key.asymmetricKeyType === 'rsa-pss' ? 'pss' : 'pkcs1';
}

function checkKey(key: KeyObject, scheme: SignatureScheme): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ec') {
    const curve = details?.namedCurve ?? 'unnamed';
    if (scheme !== 'ecdsa') throw unsupported(`An EC key cannot sign with the scheme ${scheme}`);
    if (!CURVES.has(curve)) throw unsupported(`The key's curve ${curve} is not supported; use P-256, P-384 or P-521`);
    return;
  }
  if (type !== 'rsa' && type !== 'rsa-pss') throw unsupported(`Keys of type ${type ?? 'unknown'} are not supported; use RSA or ECDSA`);
  if (scheme === 'ecdsa' || (type === 'rsa-pss' && scheme === 'pkcs1')) throw unsupported(`A key of type ${type} cannot sign with the scheme ${scheme}`);
  const bits = details?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS) throw unsupported(`The RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are required`);
}

function checkBelongs(key: KeyObject, certificateDer: Uint8Array): void {
  if (!loadCertificate(certificateDer).checkPrivateKey(key)) throw new GatewayError('KEY_MISMATCH', 'The certificate does not belong to the private key');
}

function loadCertificate(certificateDer: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(certificateDer);
  } catch (cause) {
    throw new GatewayError('CERTIFICATE_MALFORMED', 'The certificate of the key cannot be read', { cause });
  }
}

function unsupported(message: string): GatewayError {
  return new GatewayError('KEY_UNSUPPORTED', message);
}

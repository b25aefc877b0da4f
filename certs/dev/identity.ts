import { constants, createPublicKey, generateKeyPair, sign, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import type { StructureSigner } from '../../src/formats/algorithms/build-signed.ts';
import { buildPkcs12 } from '../../src/formats/pkcs12/build-pkcs12.ts';

const generate = promisify(generateKeyPair);

export type DevKeyKind = keyof typeof KINDS;

const KINDS = { 'rsa-2048': 2048, 'rsa-3072': 3072, 'rsa-4096': 4096, 'ec-p256': 'P-256', 'ec-p384': 'P-384', 'ec-p521': 'P-521' } as const;

/** A key with its certificate chain. Throw-away: generated when asked for, worth nothing outside the folder or process it lives in. */
export interface DevIdentity {
  /** Short name in file names: `officer`, `seal`, `tsa` … */
  readonly name: string;
  readonly certificateDer: Uint8Array;
  /** The certificate, its issuer, and so on up to the root. */
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  readonly privateKey: KeyObject;
  readonly scheme: SignatureScheme;
}

export async function generateDevKey(kind: DevKeyKind): Promise<KeyObject> {
  const size = KINDS[kind];
  const { privateKey } = typeof size === 'number' ? await generate('rsa', { modulusLength: size }) : await generate('ec', { namedCurve: size });
  return privateKey;
}

export function spkiDerOf(privateKey: KeyObject): Uint8Array {
  return createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
}

export function privateKeyDerOf(privateKey: KeyObject): Uint8Array {
  return privateKey.export({ format: 'der', type: 'pkcs8' });
}

/** RSA keys sign with PKCS#1 v1.5, as most certificates in use do, unless told otherwise. */
export function schemeOf(privateKey: KeyObject): SignatureScheme {
  return privateKey.asymmetricKeyType === 'ec' ? 'ecdsa' : 'pkcs1';
}

export function structureSigner(privateKey: KeyObject, scheme: SignatureScheme = schemeOf(privateKey), digest: DigestAlgorithm = 'sha256'): StructureSigner {
  const padding = scheme === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  return { scheme, digest, sign: (toBeSigned) => sign(digest, toBeSigned, { key: privateKey, ...padding }) };
}

/** The identity as a PKCS#12 file that OpenSSL 3, Java and browsers read. */
export function pkcs12Of(identity: DevIdentity, passphrase: string, randomBytes: (count: number) => Uint8Array): Promise<Uint8Array> {
  const { chainDer, name } = identity;
  return buildPkcs12({ privateKeyPkcs8Der: privateKeyDerOf(identity.privateKey), chainDer, passphrase, friendlyName: name, randomBytes });
}

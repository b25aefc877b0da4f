import { constants, createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { SignatureScheme } from '../../src/domain/signature.ts';
import type { StructureSigner } from '../../src/formats/algorithms/build-signed.ts';
import { buildCertificate, keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from '../../src/formats/x509/build-extensions.ts';
import { buildName, type NameInput } from '../../src/formats/x509/build-name.ts';
import { EKU, type KeyUsageName } from '../../src/formats/x509/extensions.ts';

/** A certificate with its key, for tests of single rules; whole hierarchies come from `certs/dev`. */
export interface TestIdentity {
  readonly certificateDer: Uint8Array;
  readonly privateKey: KeyObject;
  readonly privateKeyPkcs8Der: Uint8Array;
  readonly subjectDer: Uint8Array;
  readonly signer: StructureSigner;
}

export interface TestIdentityOptions {
  readonly name?: NameInput;
  readonly issuer?: TestIdentity;
  readonly key?: 'rsa' | 'p256';
  readonly scheme?: SignatureScheme;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly keyUsage?: readonly KeyUsageName[];
  readonly extensionsDer?: readonly Uint8Array[];
  readonly serialNumber?: Uint8Array;
  /** Instead of the signer's own: for certificates that share a key, or claim one. */
  readonly privateKey?: KeyObject;
}

const YEAR_MS = 365 * 24 * 3_600_000;

/** Self-signed unless an issuer is given; valid from a year ago to a year ahead. */
export function testIdentity(options: TestIdentityOptions = {}): TestIdentity {
  const privateKey = options.privateKey ?? newKey(options.key ?? 'rsa');
  const spkiDer = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const subjectDer = buildName(options.name ?? [['C', 'VN'], ['O', 'Sở Thử nghiệm'], ['CN', 'Nguyễn Thị Thử']]);
  const signer = structureSigner(privateKey, options.scheme);
  const issuer = options.issuer;
  const certificateDer = buildCertificate({
    serialNumber: options.serialNumber ?? Uint8Array.of(0x40, ...randomBytes(12)),
    issuerDer: issuer?.subjectDer ?? subjectDer,
    subjectDer,
    notBefore: options.notBefore ?? new Date(Date.now() - YEAR_MS),
    notAfter: options.notAfter ?? new Date(Date.now() + YEAR_MS),
    spkiDer,
    extensionsDer: options.extensionsDer ?? [
      keyUsageExtension(options.keyUsage ?? ['digitalSignature', 'nonRepudiation']),
      subjectKeyIdentifierExtension(keyIdentifierOf(spkiDer)),
      ...(issuer === undefined ? [] : [authorityKeyIdentifierExtension(keyIdentifierOf(createPublicKey(issuer.privateKey).export({ type: 'spki', format: 'der' })))]),
    ],
    signer: issuer?.signer ?? signer,
  });
  return { certificateDer, privateKey, privateKeyPkcs8Der: privateKey.export({ type: 'pkcs8', format: 'der' }), subjectDer, signer };
}

export function testCa(name: NameInput = [['C', 'VN'], ['CN', 'CA thử nghiệm']]): TestIdentity {
  const privateKey = newKey('rsa');
  const spkiDer = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const extensionsDer = [basicConstraintsExtension(true), keyUsageExtension(['keyCertSign', 'cRLSign']), subjectKeyIdentifierExtension(keyIdentifierOf(spkiDer))];
  return testIdentity({ name, privateKey, extensionsDer });
}

/** A certificate for time-stamping alone, critically so (RFC 3161 §2.3). */
export function testTsa(issuer: TestIdentity, options: TestIdentityOptions = {}): TestIdentity {
  return testIdentity({
    name: [['C', 'VN'], ['CN', 'Dấu thời gian thử nghiệm']],
    issuer,
    extensionsDer: [keyUsageExtension(['digitalSignature']), extendedKeyUsageExtension([EKU.TIME_STAMPING], true)],
    ...options,
  });
}

export function newKey(kind: 'rsa' | 'p256'): KeyObject {
  return kind === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

function structureSigner(privateKey: KeyObject, scheme?: SignatureScheme): StructureSigner {
  const chosen = scheme ?? (privateKey.asymmetricKeyType === 'ec' ? 'ecdsa' : 'pkcs1');
  const padding = chosen === 'pss' ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } : {};
  return { scheme: chosen, digest: 'sha256', sign: (toBeSigned) => sign('sha256', toBeSigned, { key: privateKey, ...padding }) };
}

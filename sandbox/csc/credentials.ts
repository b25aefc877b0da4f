import { createPublicKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { readAlgorithmIdentifierDer } from '../../src/formats/algorithms/identifier.ts';
import { KEY_OID, signatureAlgorithmDer } from '../../src/formats/algorithms/schemes.ts';
import { buildCertificate, keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { authorityKeyIdentifierExtension, basicConstraintsExtension, keyUsageExtension, subjectKeyIdentifierExtension } from '../../src/formats/x509/build-extensions.ts';
import { buildName } from '../../src/formats/x509/build-name.ts';

export interface SandboxCredential {
  readonly id: string;
  readonly privateKey: KeyObject;
  /** The signer's certificate, then the authority's. */
  readonly chainDer: readonly [Uint8Array, Uint8Array];
  /** OIDs that `key.algo` lists. */
  readonly algorithms: readonly string[];
  readonly multisign: number;
  readonly wantsPin: boolean;
  /** Opened by a person in a browser (oauth2code), not by a call. */
  readonly wantsConsent: boolean;
  /** May be changed, for refusals. */
  status: { key: 'enabled' | 'disabled'; certificate: 'valid' | 'expired' | 'revoked' | 'suspended' };
}

const DAY_MS = 86_400_000;

/** Four credentials under an authority of this run's own: RSA with PIN and one-time password, RSA and EC without, RSA with consent in a browser. */
export function createCredentials(): ReadonlyMap<string, SandboxCredential> {
  const caKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ca = authority(caKey);
  const rsa = [KEY_OID.RSA, KEY_OID.RSA_PSS, ...(['sha256', 'sha384', 'sha512'] as const).map((digest) => oidOf('pkcs1', digest))];
  const ec = [KEY_OID.EC, ...(['sha256', 'sha384', 'sha512'] as const).map((digest) => oidOf('ecdsa', digest))];
  const credentials = [
    credential(ca, 'can-bo', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, rsa, 10, 'pin'),
    credential(ca, 'con-dau', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, rsa, 100, 'none'),
    credential(ca, 'trao-doi', generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey, ec, 1, 'none'),
    credential(ca, 'lanh-dao', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, rsa, 1, 'consent'),
  ];
  return new Map(credentials.map((made) => [made.id, made]));
}

function oidOf(scheme: SignatureScheme, digest: DigestAlgorithm): string {
  return readAlgorithmIdentifierDer(signatureAlgorithmDer(scheme, digest)).oid;
}

interface Authority {
  readonly key: KeyObject;
  readonly certificateDer: Uint8Array;
  readonly nameDer: Uint8Array;
}

const CA_NAME = buildName([['C', 'VN'], ['O', 'CSC sandbox'], ['CN', 'CA của CSC sandbox']]);

function authority(key: KeyObject): Authority {
  const spkiDer = spkiOf(key);
  const extensionsDer = [basicConstraintsExtension(true), keyUsageExtension(['keyCertSign', 'cRLSign']), subjectKeyIdentifierExtension(keyIdentifierOf(spkiDer))];
  return { key, nameDer: CA_NAME, certificateDer: certificate(CA_NAME, CA_NAME, spkiDer, extensionsDer, key) };
}

function credential(ca: Authority, id: string, privateKey: KeyObject, algorithms: readonly string[], multisign: number, wants: 'none' | 'pin' | 'consent'): SandboxCredential {
  const spkiDer = spkiOf(privateKey);
  const extensionsDer = [
    keyUsageExtension(['digitalSignature', 'nonRepudiation']),
    subjectKeyIdentifierExtension(keyIdentifierOf(spkiDer)),
    authorityKeyIdentifierExtension(keyIdentifierOf(spkiOf(ca.key))),
  ];
  const subject = buildName([['C', 'VN'], ['O', 'CSC sandbox'], ['CN', `Người ký thử ${id}`]]);
  const certificateDer = certificate(ca.nameDer, subject, spkiDer, extensionsDer, ca.key);
  return { id, privateKey, chainDer: [certificateDer, ca.certificateDer], algorithms, multisign, wantsPin: wants === 'pin', wantsConsent: wants === 'consent', status: { key: 'enabled', certificate: 'valid' } };
}

function certificate(issuerDer: Uint8Array, subjectDer: Uint8Array, spkiDer: Uint8Array, extensionsDer: readonly Uint8Array[], key: KeyObject): Uint8Array {
  return buildCertificate({
    serialNumber: Uint8Array.of(0x40, ...randomBytes(12)),
    issuerDer,
    subjectDer,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + 365 * DAY_MS),
    spkiDer,
    extensionsDer,
    signer: { scheme: 'pkcs1', digest: 'sha256', sign: (toBeSigned) => sign('sha256', toBeSigned, key) },
  });
}

function spkiOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

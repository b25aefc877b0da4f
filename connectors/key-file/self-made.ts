import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { buildCertificate, keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { basicConstraintsExtension, keyUsageExtension, subjectKeyIdentifierExtension } from '../../src/formats/x509/build-extensions.ts';
import { buildName } from '../../src/formats/x509/build-name.ts';

export interface SelfMadeKeyRequest {
  /** 16 random octets. */
  readonly serialNumber: Uint8Array;
  readonly name: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface SelfMadeKey {
  /** PKCS#8; a secret. */
  readonly privateKeyPkcs8Der: Uint8Array;
  readonly chainDer: readonly [Uint8Array];
}

/** A P-256 key with a certificate of its own making: it names the key, vouches for nobody and may not issue others. */
export function makeKey({ serialNumber, name, notBefore, notAfter }: SelfMadeKeyRequest): SelfMadeKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spkiDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const nameDer = buildName([['O', 'Liên Thông Gateway'], ['CN', name]]);
  const certificateDer = buildCertificate({
    serialNumber: positive(serialNumber),
    issuerDer: nameDer,
    subjectDer: nameDer,
    notBefore,
    notAfter,
    spkiDer,
    extensionsDer: [basicConstraintsExtension(false), keyUsageExtension(['digitalSignature']), subjectKeyIdentifierExtension(keyIdentifierOf(spkiDer))],
    signer: { scheme: 'ecdsa', digest: 'sha256', sign: (toBeSigned) => sign('sha256', toBeSigned, privateKey) },
  });
  return { privateKeyPkcs8Der: privateKey.export({ format: 'der', type: 'pkcs8' }), chainDer: [certificateDer] };
}

/** And as long everywhere (RFC 5280 §4.1.2.2). */
function positive(serialNumber: Uint8Array): Uint8Array {
  const serial = Uint8Array.from(serialNumber);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

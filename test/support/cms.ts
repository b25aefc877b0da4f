import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../../src/domain/signature.ts';
import { buildSignedAttributes, type SignedAttributesInput } from '../../src/formats/cms/build-attributes.ts';
import { buildSignedData } from '../../src/formats/cms/build-signed-data.ts';
import type { TestIdentity } from './certificates.ts';

export interface SignTestInput {
  readonly content: Uint8Array;
  readonly identity: TestIdentity;
  readonly attributes?: Partial<SignedAttributesInput>;
  readonly encapsulated?: boolean;
  /** Certificates carried besides the signer's. */
  readonly chainDer?: readonly Uint8Array[];
  /** Unsigned attributes for a signature value, such as its time-stamp. */
  readonly unsigned?: (signatureValue: Uint8Array) => readonly Uint8Array[];
  /** Changes the attributes before they are signed: for signatures that are right in value and wrong in shape. */
  readonly reshape?: (signedAttributesDer: Uint8Array) => Uint8Array;
}

/** A CAdES signature made with our own builder and the identity's key. */
export function signForTest({ content, identity, attributes = {}, encapsulated = false, chainDer = [], unsigned = () => [], reshape = (der) => der }: SignTestInput): Uint8Array {
  const digestAlgorithm: DigestAlgorithm = 'sha256';
  const built = buildSignedAttributes({
    contentDigest: createHash(digestAlgorithm).update(content).digest(),
    digestAlgorithm,
    signerCertificateDer: identity.certificateDer,
    ...attributes,
  });
  const signedAttributesDer = reshape(built);
  const signatureValue = identity.signer.sign(signedAttributesDer);
  return buildSignedData({
    signedAttributesDer,
    signatureValue,
    unsignedAttributes: unsigned(signatureValue),
    scheme: identity.signer.scheme,
    digestAlgorithm,
    chainDer: [identity.certificateDer, ...chainDer],
    ...(encapsulated ? { encapsulatedContent: content } : {}),
  });
}

import { GatewayError } from '../../src/domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { KEY_OID, ownAlgorithm } from '../../src/formats/algorithms/schemes.ts';
import { verifyValue } from '../../src/formats/algorithms/verify.ts';
import { meetsBaseline } from '../../src/formats/ades/level.ts';
import { checkSignerInfo } from '../../src/formats/cms/check-signer-info.ts';
import { readSignedData } from '../../src/formats/cms/signed-data.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import type { CscCredential } from './response.ts';

export interface CheckedCredential {
  readonly credentialID: string;
  readonly credential: CscCredential;
  readonly scheme: SignatureScheme;
}

const MIN_RSA_BITS = 2048;

/** The scheme asked for, or the best that the credential offers. @throws KEY_UNSUPPORTED, CERTIFICATE_MALFORMED */
export function schemeOf({ chainDer, algorithms }: CscCredential, asked: SignatureScheme | undefined): SignatureScheme {
  const { type, bits } = readCertificate(chainDer[0]).publicKey;
  if (type !== 'RSA' && type !== 'RSA-PSS' && type !== 'EC') throw new GatewayError('KEY_UNSUPPORTED', `Keys of type ${type} are not supported; use RSA or ECDSA`);
  if (type !== 'EC' && bits < MIN_RSA_BITS) throw new GatewayError('KEY_UNSUPPORTED', `The RSA key has ${bits} bits; at least ${MIN_RSA_BITS} are required`);
  const best = type === 'EC' ? 'ecdsa' : type === 'RSA-PSS' || algorithms.includes(KEY_OID.RSA_PSS) ? 'pss' : 'pkcs1';
  const scheme = asked ?? best;
  if ((type === 'EC') !== (scheme === 'ecdsa') || (type === 'RSA-PSS' && scheme === 'pkcs1')) throw new GatewayError('KEY_UNSUPPORTED', `A key of type ${type} cannot sign with the scheme ${scheme}`);
  return scheme;
}

/** Another hash's signature, another key's, or a damaged one is never given on. @throws SIGNATURE_VALUE_WRONG */
export function checkValue({ credential, scheme }: CheckedCredential, digest: DigestAlgorithm, data: Uint8Array, signature: Uint8Array | undefined): void {
  const { spkiDer } = readCertificate(credential.chainDer[0]);
  const algorithm = ownAlgorithm(scheme, digest).identifier;
  if (signature === undefined || !verifyValue({ algorithm, spkiDer, data, signature }).valid) throw wrong();
}

/** The CMS of signDoc: intact over our hash, and by this credential's certificate. @throws SIGNATURE_VALUE_WRONG */
export function checkSignatureObject({ credential }: CheckedCredential, format: 'C' | 'P', digest: DigestAlgorithm, hash: Uint8Array, cmsDer: Uint8Array | undefined): void {
  try {
    const signedData = readSignedData(cmsDer ?? new Uint8Array());
    const [signerInfo, other] = signedData.signerInfos;
    if (signerInfo === undefined || other !== undefined) throw wrong();
    const certificates = credential.chainDer.map((der) => readCertificate(der));
    const contentDigest = (name: string): Uint8Array | null => (name === digest ? hash : null);
    const result = checkSignerInfo({ signedData, signerInfo, contentDigest, profile: format === 'P' ? 'pades' : 'cades', certificates });
    const { integrity, subIndication, signerCertificate } = result;
    if (!meetsBaseline(format === 'P' ? 'PAdES' : 'CAdES', signerInfo, result)) throw notBaseline();
    if (integrity !== 'intact' || subIndication !== null || signerCertificate?.sha256Hex !== certificates[0]?.sha256Hex) throw wrong();
  } catch (cause) {
    if (cause instanceof GatewayError && cause.code !== 'SIGNATURE_VALUE_WRONG') throw wrong(cause);
    throw cause;
  }
}

function wrong(cause?: unknown): GatewayError {
  return new GatewayError('SIGNATURE_VALUE_WRONG', 'The signing service gave a signature that is not one of this credential over the hash it was asked to sign', { cause });
}

function notBaseline(): GatewayError {
  return new GatewayError('SIGNATURE_VALUE_WRONG', 'The signing service built a signature that lacks what the baseline profile asks for, or has what it forbids: an identified certificate, and a signing time in CAdES only');
}

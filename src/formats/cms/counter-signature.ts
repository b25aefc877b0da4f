import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { digestOf } from '../algorithms/digests.ts';
import { readAsn1 } from '../asn1/reader.ts';
import type { Certificate } from '../x509/certificate.ts';
import { checkSignerInfo, type SignerInfoResult } from './check-signer-info.ts';
import { readSignerInfo, type SignedData, type SignerInfo } from './signed-data.ts';

/**
 * Applies the rules to a counter-signature: a SignerInfo over the signature value of `parent`. Its certificate may be in the
 * parent's set. Trust is decided elsewhere.
 * @throws CMS_MALFORMED when the value is no SignerInfo
 * @see RFC 5652 §11.4; ETSI EN 319 122-1 §5.2.7
 */
export function checkCounterSignature(signedData: SignedData, parent: SignerInfo, valueDer: Uint8Array, certificates: readonly Certificate[] = []): SignerInfoResult {
  return checkSignerInfo({
    signedData,
    signerInfo: readValue(valueDer),
    contentDigest: (digest) => digestOf(digest, parent.signature),
    profile: 'counter-signature',
    certificates,
  });
}

function readValue(valueDer: Uint8Array): SignerInfo {
  try {
    return readSignerInfo(readAsn1(valueDer, { rules: 'BER' }));
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) throw new GatewayError('CMS_MALFORMED', 'The counter-signature is malformed', { cause: error });
    throw error;
  }
}

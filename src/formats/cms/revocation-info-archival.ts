import { isGatewayError } from '../../domain/errors.ts';
import type { Asn1Node } from '../asn1/reader.ts';
import { readExplicit, readSequence } from '../asn1/values.ts';
import { singleValueOf, type Attribute } from './attributes.ts';
import { ATTRIBUTE } from './oids.ts';

const MAX_VALUES = 1_000;

/**
 * CRLs and OCSP responses that a signer of adbe.pkcs7.* signed along (adbe-revocationInfoArchival); none when the attribute is
 * absent or malformed. Nothing of it is trusted by standing there.
 * @see ISO 32000-2 §12.8.3.3.2
 */
export function readRevocationInfoArchival(signedAttributes: readonly Attribute[]): { readonly crlsDer: readonly Uint8Array[]; readonly ocspsDer: readonly Uint8Array[] } {
  const value = singleValueOf(signedAttributes, ATTRIBUTE.revocationInfoArchival);
  try {
    const fields = value === null ? [] : readSequence(value);
    return { crlsDer: listOf(fields, 0), ocspsDer: listOf(fields, 1) };
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return { crlsDer: [], ocspsDer: [] };
    throw error;
  }
}

function listOf(fields: readonly Asn1Node[], number: number): Uint8Array[] {
  const field = fields.find((candidate) => candidate.isContext(number));
  return field === undefined ? [] : readSequence(readExplicit(field, number)).slice(0, MAX_VALUES).map((node) => node.bytes);
}

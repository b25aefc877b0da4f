import { bitString, boolean, context, contextPrimitive, integer, nullValue, octetString, oid, sequence } from '../asn1/writer.ts';
import { EXTENSION, KEY_USAGES, type KeyUsageName } from './extensions.ts';

/** Builders of whole Extension values; each follows the criticality RFC 5280 §4.2 prescribes unless an argument says otherwise. */

export function buildExtension(type: string, critical: boolean, valueDer: Uint8Array): Uint8Array {
  return sequence(oid(type), ...(critical ? [boolean(true)] : []), octetString(valueDer));
}

/** @see RFC 5280 §4.2.1.9 */
export function basicConstraintsExtension(ca: boolean, pathLength: number | null = null): Uint8Array {
  const value = sequence(...(ca ? [boolean(true)] : []), ...(pathLength === null ? [] : [integer(pathLength)]));
  return buildExtension(EXTENSION.BASIC_CONSTRAINTS, true, value);
}

/** @see RFC 5280 §4.2.1.3 */
export function keyUsageExtension(usages: readonly KeyUsageName[]): Uint8Array {
  return buildExtension(EXTENSION.KEY_USAGE, true, namedBits(usages.map((usage) => KEY_USAGES.indexOf(usage))));
}

/** Purposes as dotted OIDs. @see RFC 5280 §4.2.1.12; RFC 3161 §2.3 wants it critical in a TSA's certificate */
export function extendedKeyUsageExtension(purposes: readonly string[], critical: boolean): Uint8Array {
  return buildExtension(EXTENSION.EXTENDED_KEY_USAGE, critical, sequence(...purposes.map((purpose) => oid(purpose))));
}

/** @see RFC 5280 §4.2.1.2 */
export function subjectKeyIdentifierExtension(keyId: Uint8Array): Uint8Array {
  return buildExtension(EXTENSION.SUBJECT_KEY_IDENTIFIER, false, octetString(keyId));
}

/** @see RFC 5280 §4.2.1.1 */
export function authorityKeyIdentifierExtension(keyId: Uint8Array): Uint8Array {
  return buildExtension(EXTENSION.AUTHORITY_KEY_IDENTIFIER, false, sequence(contextPrimitive(0, keyId)));
}

/** Policies as dotted OIDs. @see RFC 5280 §4.2.1.4 */
export function certificatePoliciesExtension(policies: readonly string[]): Uint8Array {
  return buildExtension(EXTENSION.CERTIFICATE_POLICIES, false, sequence(...policies.map((policy) => sequence(oid(policy)))));
}

/** URLs in ASCII. @see RFC 5280 §4.2.2.1 */
export function authorityInfoAccessExtension(urls: { readonly ocsp?: string | undefined; readonly caIssuers?: string | undefined }): Uint8Array {
  const entry = (method: string, url: string | undefined): Uint8Array[] => (url === undefined ? [] : [sequence(oid(method), uri(url))]);
  const entries = [...entry('1.3.6.1.5.5.7.48.1', urls.ocsp), ...entry('1.3.6.1.5.5.7.48.2', urls.caIssuers)];
  return buildExtension(EXTENSION.AUTHORITY_INFO_ACCESS, false, sequence(...entries));
}

/** A distribution point per address, each with all reasons, signed by the certificate's issuer. @see RFC 5280 §4.2.1.13 */
export function crlDistributionPointsExtension(...urls: readonly string[]): Uint8Array {
  return buildExtension(EXTENSION.CRL_DISTRIBUTION_POINTS, false, sequence(...urls.map((url) => sequence(context(0, context(0, uri(url)))))));
}

/** Marks a responder's certificate as not to be checked for revocation. @see RFC 6960 §4.2.2.2.1 */
export function ocspNoCheckExtension(): Uint8Array {
  return buildExtension(EXTENSION.OCSP_NOCHECK, false, nullValue());
}

/** Bit string of a named bit list: trailing zero bits cut off (X.690 §11.2.2). */
function namedBits(indexes: readonly number[]): Uint8Array {
  const highest = Math.max(...indexes);
  const bytes = new Uint8Array((highest >> 3) + 1);
  for (const index of indexes) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
  return bitString(bytes, 7 - (highest & 7));
}

const uri = (url: string): Uint8Array => contextPrimitive(6, Buffer.from(url, 'latin1'));

import { EKU, type KeyUsageName } from '../../src/formats/x509/extensions.ts';
import {
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  crlDistributionPointsExtension,
  extendedKeyUsageExtension,
  keyUsageExtension,
  ocspNoCheckExtension,
  subjectKeyIdentifierExtension,
} from '../../src/formats/x509/build-extensions.ts';
import { keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { SIGNER_POLICY, TSA_POLICY } from './names.ts';

/** What a certificate is for; decides its extensions. */
export type DevProfile = 'root' | 'issuing' | 'signer' | 'seal' | 'tsa' | 'ocsp' | 'tls-server' | 'encryption-only';

/** Where relying parties find revocation and issuers; null leaves the extension out. */
export interface IssuerUrls {
  readonly ocsp: string | null;
  readonly crl: string | null;
  readonly caIssuers: string | null;
}

interface EndEntity {
  readonly usages: readonly KeyUsageName[];
  readonly purposes: readonly string[];
  readonly policy: string | null;
}

/** emailProtection stands beside documentSigning (RFC 9336) because readers built on NSS look for it. */
const SIGNING: EndEntity = { usages: ['digitalSignature', 'nonRepudiation'], purposes: [EKU.EMAIL_PROTECTION, EKU.DOCUMENT_SIGNING], policy: SIGNER_POLICY };

const END_ENTITIES = {
  signer: SIGNING,
  seal: SIGNING,
  tsa: { usages: ['digitalSignature', 'nonRepudiation'], purposes: [EKU.TIME_STAMPING], policy: TSA_POLICY },
  ocsp: { usages: ['digitalSignature'], purposes: [EKU.OCSP_SIGNING], policy: null },
  'tls-server': { usages: ['digitalSignature', 'keyEncipherment'], purposes: [EKU.SERVER_AUTH], policy: null },
  'encryption-only': { usages: ['keyEncipherment', 'dataEncipherment'], purposes: [], policy: null },
} as const satisfies Record<Exclude<DevProfile, 'root' | 'issuing'>, EndEntity>;

/** Extensions of a certificate with this profile, for the subject's and issuer's keys. @see RFC 5280 §4.2 */
export function extensionsOf(profile: DevProfile, subjectSpki: Uint8Array, issuerSpki: Uint8Array, urls: IssuerUrls): Uint8Array[] {
  const identifiers = [subjectKeyIdentifierExtension(keyIdentifierOf(subjectSpki)), authorityKeyIdentifierExtension(keyIdentifierOf(issuerSpki))];
  if (profile === 'root') return [...caExtensions(null), ...identifiers];
  if (profile === 'issuing') return [...caExtensions(0), ...identifiers, certificatePoliciesExtension([SIGNER_POLICY, TSA_POLICY]), ...whereToLook(urls)];
  const { usages, purposes, policy }: EndEntity = END_ENTITIES[profile];
  return [
    basicConstraintsExtension(false),
    keyUsageExtension(usages),
    ...identifiers,
    // RFC 3161 §2.3: timeStamping must stand alone and be critical.
    ...(purposes.length === 0 ? [] : [extendedKeyUsageExtension(purposes, profile === 'tsa')]),
    ...(policy === null ? [] : [certificatePoliciesExtension([policy])]),
    ...(profile === 'ocsp' ? [ocspNoCheckExtension()] : []),
    ...whereToLook(urls),
  ];
}

function caExtensions(pathLength: number | null): Uint8Array[] {
  return [basicConstraintsExtension(true, pathLength), keyUsageExtension(['keyCertSign', 'cRLSign'])];
}

function whereToLook(urls: IssuerUrls): Uint8Array[] {
  const { ocsp, crl, caIssuers } = urls;
  const access = ocsp === null && caIssuers === null ? [] : [authorityInfoAccessExtension({ ocsp: ocsp ?? undefined, caIssuers: caIssuers ?? undefined })];
  return [...access, ...(crl === null ? [] : [crlDistributionPointsExtension(crl)])];
}

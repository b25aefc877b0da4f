import { isGatewayError } from '../../domain/errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { sameName } from '../x509/name.ts';
import type { SignatureProfile } from './check-signer-info.ts';
import type { Finding } from './finding.ts';
import type { SignerIdentifier, SignerInfo } from './signed-data.ts';
import { hashMatches, issuerSerialMatches, readSigningCertificates, type SigningCertificateAttribute } from './signing-certificate.ts';

export interface IdentifiedSigner {
  readonly certificate: Certificate | null;
  readonly findings: readonly Finding[];
}

/**
 * The signer's certificate: the one that `sid` names and whose hash the signer signed. Names alone decide nothing, since
 * anyone can add a certificate of the same name to the set.
 * @see ETSI EN 319 102-1 §5.2.3.4; RFC 5035 §5; RFC 5652 §5.3
 */
export function identifySigner(signerInfo: SignerInfo, certificates: readonly Certificate[], profile: SignatureProfile): IdentifiedSigner {
  const named = certificates.filter((certificate) => sidMatches(signerInfo.sid, certificate));
  const attributes = signingCertificatesOrNull(signerInfo);
  const confirmed = named.find((certificate) => attributes?.every(({ ids }) => ids[0] !== undefined && hashMatches(ids[0], certificate)) === true && attributes.length > 0);
  const certificate = confirmed ?? named[0] ?? null;
  return { certificate, findings: [checkSid(named), checkEss(attributes, named, confirmed, profile)] };
}

function sidMatches(sid: SignerIdentifier, certificate: Certificate): boolean {
  if (sid.kind === 'subjectKeyIdentifier') return certificate.subjectKeyId !== null && Buffer.compare(sid.keyIdentifier, certificate.subjectKeyId) === 0;
  return sid.serial === certificate.serial && sameName(sid.issuer, certificate.issuerName);
}

function checkSid(named: readonly Certificate[]): Finding {
  const different = new Set(named.map((certificate) => certificate.sha256Hex)).size;
  const status = different === 0 ? 'failed' : different === 1 ? 'passed' : 'warning';
  const detail = different === 0 ? 'no certificate at hand is the one the signature names' : different === 1 ? 'the certificate the signature names is there' : `${different} certificates share issuer and serial number`;
  return { check: { name: 'signer-identifier', clause: 'RFC 5652 §5.3', status, detail }, subIndication: 'NO_SIGNING_CERTIFICATE_FOUND' };
}

function checkEss(attributes: readonly SigningCertificateAttribute[] | null, named: readonly Certificate[], confirmed: Certificate | undefined, profile: SignatureProfile): Finding {
  const clause = 'RFC 5035 §5; ETSI EN 319 102-1 §5.2.3.4';
  const result = (status: 'passed' | 'failed' | 'skipped' | 'warning', detail: string, subIndication: Finding['subIndication']): Finding => ({
    check: { name: 'signing-certificate', clause, status, detail },
    subIndication,
  });
  if (attributes === null) return result('failed', 'the attribute is malformed', 'FORMAT_FAILURE');
  if (attributes.length === 0) {
    // A timestamp without it would let any certificate of the same name and number stand in for the authority's.
    if (profile === 'cms') return result(new Set(named.map(({ sha256Hex }) => sha256Hex)).size > 1 ? 'failed' : 'skipped', 'absent, which this signature format allows', 'NO_SIGNING_CERTIFICATE_FOUND');
    return result('failed', 'missing or ambiguous', profile === 'timestamp' ? 'FORMAT_FAILURE' : 'SIG_CONSTRAINTS_FAILURE');
  }
  if (named.length === 0) return result('skipped', 'there is no certificate to compare with', null);
  if (confirmed === undefined) return result('failed', 'the certificate is not the one whose hash was signed', 'NO_SIGNING_CERTIFICATE_FOUND');
  const versions = attributes.map(({ version }) => `v${version}`).join(' and ');
  const serialsMatch = attributes.every(({ ids }) => ids[0] !== undefined && issuerSerialMatches(ids[0], confirmed));
  if (!serialsMatch) return result('failed', 'the hash is right, but issuer and serial number are not the certificate\'s', 'SIG_CONSTRAINTS_FAILURE');
  return result('passed', `${versions}, hash and issuer match`, null);
}

function signingCertificatesOrNull(signerInfo: SignerInfo): SigningCertificateAttribute[] | null {
  try {
    return readSigningCertificates(signerInfo.signedAttributes ?? []);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return null;
    throw error;
  }
}

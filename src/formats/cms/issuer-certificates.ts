import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readKnownCertificate } from '../x509/certificate-memo.ts';
import { isPem, readPem } from '../x509/pem.ts';
import { readSignedData } from './signed-data.ts';

/** Kept of one answer; authorities publish one to three. */
const MAX_CERTIFICATES = 20;

/**
 * Certificates as authorities publish their own: one in DER, some in PEM, or a certs-only CMS (.p7c) in DER or PEM. At most 20 are
 * kept. Decides nothing about them.
 * @throws CERTIFICATE_MALFORMED when there is none that can be read
 * @see RFC 5280 §4.2.2.1, RFC 5652 §5.1
 */
export function readIssuerCertificates(bytes: Uint8Array): Certificate[] {
  const blocks = isPem(bytes) ? readPem(bytes).map(({ der }) => der) : [bytes];
  const found = blocks.slice(0, MAX_CERTIFICATES).flatMap((der) => certificatesOf(der)).slice(0, MAX_CERTIFICATES);
  if (found.length === 0) throw new GatewayError('CERTIFICATE_MALFORMED', 'The answer holds no certificate in DER, PEM or certs-only CMS');
  return found;
}

/** A SignedData begins with the OID of its type, a certificate with its signed part. */
function certificatesOf(der: Uint8Array): readonly Certificate[] {
  try {
    return [readKnownCertificate(der)];
  } catch (error) {
    if (!isGatewayError(error, 'CERTIFICATE_MALFORMED')) throw error;
    return certsOnlyOf(der);
  }
}

function certsOnlyOf(der: Uint8Array): readonly Certificate[] {
  try {
    return readSignedData(der).certificates;
  } catch (error) {
    if (isGatewayError(error)) return []; // neither the one nor the other: counted as none
    throw error;
  }
}

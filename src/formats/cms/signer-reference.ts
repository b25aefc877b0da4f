import { createHash } from 'node:crypto';
import type { DigestAlgorithm } from '../../domain/signature.ts';
import { digestAlgorithmDer } from '../algorithms/digests.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { readSequence } from '../asn1/values.ts';
import { context, octetString, sequence } from '../asn1/writer.ts';

/** How a SignerInfo and the ESS attribute point at the signer's certificate. */
interface SignerReference {
  readonly issuerDer: Uint8Array;
  /** The whole INTEGER. */
  readonly serialDer: Uint8Array;
  readonly issuerAndSerialDer: Uint8Array;
  readonly essCertIds: Map<DigestAlgorithm, Uint8Array>;
}

// A signer's certificate comes back with every signature: its parts are cut out once per byte array.
const references = new WeakMap<Uint8Array, SignerReference>();

/** IssuerAndSerialNumber (RFC 5652 §10.2.4) of a DER certificate. Decides nothing about the certificate. */
export function issuerAndSerialDer(certificateDer: Uint8Array): Uint8Array {
  return referenceOf(certificateDer).issuerAndSerialDer;
}

/** ESSCertIDv2 (RFC 5035 §4) with issuerSerial; the hash algorithm is left out when it is the default, SHA-256. */
export function essCertIdV2Der(certificateDer: Uint8Array, digest: DigestAlgorithm): Uint8Array {
  const reference = referenceOf(certificateDer);
  const known = reference.essCertIds.get(digest);
  if (known !== undefined) return known;
  const hash = octetString(createHash(digest).update(certificateDer).digest());
  const generalNames = sequence(context(4, reference.issuerDer));
  const issuerSerial = sequence(generalNames, reference.serialDer);
  const der = digest === 'sha256' ? sequence(hash, issuerSerial) : sequence(digestAlgorithmDer(digest), hash, issuerSerial);
  reference.essCertIds.set(digest, der);
  return der;
}

function referenceOf(certificateDer: Uint8Array): SignerReference {
  const known = references.get(certificateDer);
  if (known !== undefined) return known;
  const [tbs] = readSequence(readAsn1(certificateDer));
  const fields = readSequence(tbs);
  const [serial, , issuer] = fields[0]?.isContext(0) === true ? fields.slice(1) : fields;
  readSequence(issuer);
  const [issuerDer, serialDer] = [issuer?.bytes ?? new Uint8Array(), serial?.bytes ?? new Uint8Array()];
  const reference = { issuerDer, serialDer, issuerAndSerialDer: sequence(issuerDer, serialDer), essCertIds: new Map<DigestAlgorithm, Uint8Array>() };
  references.set(certificateDer, reference);
  return reference;
}

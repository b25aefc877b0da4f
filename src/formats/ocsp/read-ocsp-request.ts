import { readAsn1, malformed, type Asn1Node } from '../asn1/reader.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { readExplicit, readInteger, readOctetString, readSequence } from '../asn1/values.ts';
import { readExtensions } from '../x509/extensions.ts';

const NONCE = '1.3.6.1.5.5.7.48.1.2';
const LIMITS = { maxBytes: 64 * 1024, maxDepth: 16, maxNodes: 5_000 };
const MAX_REQUESTS = 100;

export interface OcspRequestCertId {
  readonly der: Uint8Array;
  readonly hashAlgorithm: AlgorithmIdentifier;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: bigint;
}

export interface OcspRequest {
  readonly certIds: readonly OcspRequestCertId[];
  /** extnValue of the nonce, whole DER. */
  readonly nonceDer: Uint8Array | null;
}

/**
 * An OCSPRequest as a responder reads it; its optional signature is ignored, at most 100 certificates, at most 64 KiB.
 * @throws ASN1_MALFORMED, ASN1_LIMIT
 * @see RFC 6960 §4.1.1
 */
export function readOcspRequest(der: Uint8Array): OcspRequest {
  const [tbs] = readSequence(readAsn1(der, { limits: LIMITS }));
  const fields = readSequence(tbs);
  while (fields[0]?.isContext(0) === true || fields[0]?.isContext(1) === true) fields.shift(); // version, requestorName
  const [list, extensions] = fields;
  const certIds = readSequence(list).map((request) => readCertId(readSequence(request)[0]));
  if (certIds.length === 0 || certIds.length > MAX_REQUESTS) throw malformed(`OCSP request for none or more than ${MAX_REQUESTS} certificates`, 0);
  const nonce = extensions === undefined ? undefined : readExtensions(readExplicit(extensions, 2)).find(({ oid }) => oid === NONCE);
  return { certIds, nonceDer: nonce?.valueDer ?? null };
}

function readCertId(node: Asn1Node | undefined): OcspRequestCertId {
  const [hashAlgorithm, nameHash, keyHash, serial] = readSequence(node);
  return {
    der: node?.bytes ?? new Uint8Array(),
    hashAlgorithm: readAlgorithmIdentifier(hashAlgorithm),
    issuerNameHash: readOctetString(nameHash),
    issuerKeyHash: readOctetString(keyHash),
    serial: readInteger(serial),
  };
}

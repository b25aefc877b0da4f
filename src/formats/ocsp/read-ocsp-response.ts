import { createHash } from 'node:crypto';
import { GatewayError } from '../../domain/errors.ts';
import { readAlgorithmIdentifier, type AlgorithmIdentifier } from '../algorithms/identifier.ts';
import { TAG, malformed, readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readBitString, readEnumerated, readExplicit, readGeneralizedTime, readInteger, readOctetString, readOid, readSequence, readSmallInteger } from '../asn1/values.ts';
import { CRL_REASON, type CrlReason } from '../crl/build-crl.ts';
import { readCertificate, type Certificate } from '../x509/certificate.ts';
import { readExtensions, type Extension } from '../x509/extensions.ts';
import { readName, type Name } from '../x509/name.ts';
import { OCSP_NONCE } from './request.ts';

/** OCSPResponseStatus; 4 is not used. @see RFC 6960 §4.2.1 */
export const OCSP_RESPONSE_STATUS = ['successful', 'malformedRequest', 'internalError', 'tryLater', 'unused', 'sigRequired', 'unauthorized'] as const;
export type OcspResponseStatus = (typeof OCSP_RESPONSE_STATUS)[number];

/** An answer as received: `basic` is null unless the status is `successful`. Nothing has been verified. */
export interface OcspResponse {
  readonly der: Uint8Array;
  /** Lower-case hexadecimal SHA-256 of `der`. */
  readonly sha256Hex: string;
  readonly status: OcspResponseStatus;
  readonly basic: BasicOcspResponse | null;
}

export type ResponderId = { readonly name: Name } | { readonly keyHash: Uint8Array };

export interface BasicOcspResponse {
  /** The BasicOCSPResponse itself, as CMS and PDF carry it. */
  readonly der: Uint8Array;
  readonly tbsDer: Uint8Array;
  readonly responderId: ResponderId;
  readonly producedAt: Date;
  readonly responses: readonly SingleResponse[];
  /** Content of the nonce's extnValue, whole DER. */
  readonly nonceDer: Uint8Array | null;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
  /** Those that could be read. */
  readonly certificates: readonly Certificate[];
  readonly unknownCritical: readonly string[];
}

export interface SingleResponse {
  readonly hashAlgorithm: AlgorithmIdentifier;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  readonly serial: bigint;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt: Date | null;
  readonly reason: CrlReason | null;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
  /** How long after expiry the responder still knows (RFC 6960 §4.4.4). */
  readonly archiveCutoff: Date | null;
  readonly unknownCritical: readonly string[];
}

const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
const ARCHIVE_CUTOFF = '1.3.6.1.5.5.7.48.1.6';
/** CrlID, ArchiveCutoff, ServiceLocator; certificate transparency (RFC 6962 §3.3) says nothing about the status. */
const PROCESSED_SINGLE: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.48.1.3', ARCHIVE_CUTOFF, '1.3.6.1.5.5.7.48.1.7', '1.3.6.1.4.1.11129.2.4.5']);
const PROCESSED_RESPONSE: ReadonlySet<string> = new Set([OCSP_NONCE, '1.3.6.1.5.5.7.48.1.9']);

const LIMITS = { maxBytes: 1024 * 1024, maxDepth: 40, maxNodes: 100_000 };
const MAX_RESPONSES = 1_000;
const MAX_CERTIFICATES = 50;

/**
 * Reads an OCSPResponse in DER, at most 1 MiB.
 * @throws ASN1_MALFORMED, ASN1_LIMIT
 * @see RFC 6960 §4.2.1
 */
export function readOcspResponse(der: Uint8Array): OcspResponse {
  const node = readAsn1(der, { limits: LIMITS });
  const [code, holder, extra] = readSequence(node);
  if (extra !== undefined) throw malformed('OCSPResponse with additional fields', extra.start);
  const status = OCSP_RESPONSE_STATUS[readEnumerated(code)];
  if (status === undefined || status === 'unused') throw malformed('OCSPResponse of unknown status', code?.start ?? 0);
  const basic = holder === undefined ? null : readResponseBytes(readExplicit(holder, 0));
  if ((status === 'successful') !== (basic !== null)) throw malformed('OCSPResponse whose status and content disagree', 0);
  return { der: node.bytes, sha256Hex: createHash('sha256').update(node.bytes).digest('hex'), status, basic };
}

/** A BasicOCSPResponse on its own, as CMS's revocation-values and OtherRevocationInfo carry it. @throws ASN1_MALFORMED, ASN1_LIMIT */
export function readBasicOcspResponse(der: Uint8Array): BasicOcspResponse {
  const [data, algorithm, value, certificates, extra] = readSequence(readAsn1(der, { limits: LIMITS }));
  if (data === undefined || extra !== undefined) throw malformed('BasicOCSPResponse with missing or additional fields', 0);
  const signature = readBitString(value);
  if (signature.unusedBits !== 0) throw malformed('signature value of split octets', value?.start ?? 0);
  return {
    der,
    tbsDer: data.bytes,
    ...readResponseData(data),
    signatureAlgorithm: readAlgorithmIdentifier(algorithm),
    signature: signature.bytes,
    certificates: certificates === undefined ? [] : readEmbedded(readExplicit(certificates, 0)),
  };
}

function readResponseBytes(node: Asn1Node): BasicOcspResponse {
  const [type, response, extra] = readSequence(node);
  if (readOid(type) !== BASIC_RESPONSE || extra !== undefined) throw malformed('OCSP response of a type other than basic', node.start);
  return readBasicOcspResponse(readOctetString(response));
}

type DataFields = Pick<BasicOcspResponse, 'responderId' | 'producedAt' | 'responses' | 'nonceDer' | 'unknownCritical'>;

function readResponseData(node: Asn1Node): DataFields {
  const fields = readSequence(node);
  if (fields[0]?.isContext(0) === true && readSmallInteger(readExplicit(fields.shift(), 0)) !== 0) throw malformed('OCSP response of unknown version', node.start);
  const [responder, producedAt, list, holder, extra] = fields;
  if (extra !== undefined) throw malformed('ResponseData with additional fields', extra.start);
  const singles = readSequence(list);
  if (singles.length > MAX_RESPONSES) throw malformed(`more than ${MAX_RESPONSES} single responses`, node.start);
  const extensions = holder === undefined ? [] : readExtensions(readExplicit(holder, 1));
  return {
    responderId: readResponderId(responder),
    producedAt: readGeneralizedTime(producedAt),
    responses: singles.map((single) => readSingle(single)),
    nonceDer: extensions.find(({ oid }) => oid === OCSP_NONCE)?.valueDer ?? null,
    unknownCritical: unprocessed(extensions, PROCESSED_RESPONSE),
  };
}

function readResponderId(node: Asn1Node | undefined): ResponderId {
  if (node?.isContext(1) === true) return { name: readName(readExplicit(node, 1)) };
  return { keyHash: readOctetString(readExplicit(node, 2)) };
}

function readSingle(node: Asn1Node): SingleResponse {
  const [certId, status, thisUpdate, ...optional] = readSequence(node);
  const next = optional[0]?.isContext(0) === true ? readGeneralizedTime(readExplicit(optional.shift(), 0)) : null;
  const extensions = optional[0]?.isContext(1) === true ? readExtensions(readExplicit(optional.shift(), 1)) : [];
  if (optional.length > 0) throw malformed('SingleResponse with unknown fields', node.start);
  const cutoff = extensions.find(({ oid }) => oid === ARCHIVE_CUTOFF);
  return {
    ...readCertId(certId),
    ...readStatus(status),
    thisUpdate: readGeneralizedTime(thisUpdate),
    nextUpdate: next,
    archiveCutoff: cutoff === undefined ? null : readGeneralizedTime(readAsn1(cutoff.valueDer)),
    unknownCritical: unprocessed(extensions, PROCESSED_SINGLE),
  };
}

function readCertId(node: Asn1Node | undefined): Pick<SingleResponse, 'hashAlgorithm' | 'issuerNameHash' | 'issuerKeyHash' | 'serial'> {
  const [hash, name, key, serial, extra] = readSequence(node);
  if (extra !== undefined) throw malformed('CertID with additional fields', extra.start);
  return { hashAlgorithm: readAlgorithmIdentifier(hash), issuerNameHash: readOctetString(name), issuerKeyHash: readOctetString(key), serial: readInteger(serial) };
}

const REASONS = new Map<number, CrlReason>(Object.entries(CRL_REASON).map(([name, code]) => [code, name as CrlReason]));

function readStatus(node: Asn1Node | undefined): Pick<SingleResponse, 'status' | 'revokedAt' | 'reason'> {
  const isEmpty = node !== undefined && !node.constructed && node.content.length === 0;
  if (node?.isContext(0) === true && isEmpty) return { status: 'good', revokedAt: null, reason: null };
  if (node?.isContext(2) === true && isEmpty) return { status: 'unknown', revokedAt: null, reason: null };
  if (node?.isContext(1) !== true) throw malformed('certificate status of unknown kind', node?.start ?? 0);
  const [at, reason, extra] = node.children;
  if (extra !== undefined) throw malformed('RevokedInfo with additional fields', extra.start);
  return { status: 'revoked', revokedAt: readGeneralizedTime(at), reason: reason === undefined ? null : (REASONS.get(readEnumerated(readExplicit(reason, 0))) ?? null) };
}

/** A certificate that cannot be read cannot be the responder's; the others may be. */
function readEmbedded(node: Asn1Node): Certificate[] {
  const list = readSequence(node);
  if (list.length > MAX_CERTIFICATES) throw malformed(`more than ${MAX_CERTIFICATES} certificates`, node.start);
  return list.flatMap((entry) => {
    if (!entry.is(TAG.SEQUENCE)) throw malformed('certificate that is no SEQUENCE', entry.start);
    try {
      return [readCertificate(entry.bytes)];
    } catch (error) {
      if (error instanceof GatewayError) return [];
      throw error;
    }
  });
}

function unprocessed(extensions: readonly Extension[], processed: ReadonlySet<string>): string[] {
  return extensions.filter(({ oid, critical }) => critical && !processed.has(oid)).map(({ oid }) => oid);
}

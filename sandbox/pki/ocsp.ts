import type { DevAuthority } from '../../certs/dev/authority.ts';
import type { DevPki } from '../../certs/dev/create-dev-pki.ts';
import { structureSigner, type DevIdentity } from '../../certs/dev/identity.ts';
import { isGatewayError } from '../../src/domain/errors.ts';
import type { StructureSigner } from '../../src/formats/algorithms/build-signed.ts';
import { digestOf, findDigest } from '../../src/formats/algorithms/digests.ts';
import { algorithmIdentifierDer } from '../../src/formats/algorithms/identifier.ts';
import { integer, octetString, sequence } from '../../src/formats/asn1/writer.ts';
import { buildOcspError, buildOcspResponse, type OcspCertStatus, type OcspSingleInput } from '../../src/formats/ocsp/build-ocsp-response.ts';
import { readOcspRequest, type OcspRequest, type OcspRequestCertId } from '../../src/formats/ocsp/read-ocsp-request.ts';
import { keyIdentifierOf } from '../../src/formats/x509/build-certificate.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import type { OcspFault } from './faults.ts';

const HOUR_MS = 3_600_000;

/** The OCSPResponse to an OCSPRequest. The issuing CA has a delegated responder, the root answers with its own key. @see RFC 6960 §2.2, §4.2.2.2 */
export function answerOcspRequest(pki: DevPki, requestDer: Uint8Array, now: Date, fault: OcspFault | null): Uint8Array {
  let request: OcspRequest;
  try {
    request = readOcspRequest(requestDer);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return buildOcspError('malformedRequest');
  }
  if (fault?.kind === 'try-later') return buildOcspError('tryLater');
  const [first] = request.certIds;
  const authority = [pki.issuing, pki.root].find((candidate) => first !== undefined && isIssuer(candidate, first));
  if (authority === undefined || fault?.kind === 'unauthorized') return buildOcspError('unauthorized');
  return respond(authority, responderOf(pki, authority, fault), request, now, fault);
}

function responderOf(pki: DevPki, authority: DevAuthority, fault: OcspFault | null): DevIdentity {
  if (fault?.kind === 'wrong-signer') return pki.officer;
  return authority === pki.issuing ? pki.ocsp : authority.identity;
}

function respond(authority: DevAuthority, responder: DevIdentity, request: OcspRequest, now: Date, fault: OcspFault | null): Uint8Array {
  const at = fault?.kind === 'stale' ? new Date(now.getTime() - 30 * 24 * HOUR_MS) : now;
  return buildOcspResponse({
    responderKeyId: keyIdentifierOf(readCertificate(responder.certificateDer).spkiDer),
    producedAt: at,
    responses: request.certIds.map((certId) => singleOf(authority, certId, at, fault)),
    nonceDer: fault?.kind === 'wrong-nonce' ? octetString(Buffer.from('another nonce')) : request.nonceDer,
    certificatesDer: [responder.certificateDer],
    signer: signerOf(responder, fault),
  });
}

function singleOf(authority: DevAuthority, certId: OcspRequestCertId, at: Date, fault: OcspFault | null): OcspSingleInput {
  const certIdDer = fault?.kind === 'wrong-certificate' ? withOtherSerial(certId) : certId.der;
  return { certIdDer, certStatus: statusOf(authority, certId, at), thisUpdate: at, nextUpdate: new Date(at.getTime() + HOUR_MS) };
}

function statusOf(authority: DevAuthority, certId: OcspRequestCertId, at: Date): OcspCertStatus {
  const hex = certId.serial.toString(16);
  const serialHex = hex.length % 2 === 0 ? hex : `0${hex}`;
  if (!isIssuer(authority, certId) || !authority.hasIssued(serialHex)) return { status: 'unknown' };
  const revocation = authority.revocations.find((entry) => entry.serialHex === serialHex && entry.at <= at);
  return revocation === undefined ? { status: 'good' } : { status: 'revoked', at: revocation.at, reason: revocation.reason };
}

/** RFC 6960 §4.1.1: hashes of the issuer's name and of its key's bits. */
function isIssuer(authority: DevAuthority, certId: OcspRequestCertId): boolean {
  const digest = findDigest(certId.hashAlgorithm);
  if (digest === null) return false;
  const { subjectDer, publicKey } = authority.certificate;
  return equal(digestOf(digest, subjectDer), certId.issuerNameHash) && equal(digestOf(digest, publicKey.keyBytes), certId.issuerKeyHash);
}

function withOtherSerial(certId: OcspRequestCertId): Uint8Array {
  return sequence(algorithmIdentifierDer(certId.hashAlgorithm), octetString(certId.issuerNameHash), octetString(certId.issuerKeyHash), integer(certId.serial + 1n));
}

function signerOf(responder: DevIdentity, fault: OcspFault | null): StructureSigner {
  const signer = structureSigner(responder.privateKey, responder.scheme);
  return fault?.kind === 'broken-signature' ? { ...signer, sign: (bytes) => signer.sign(bytes.subarray(1)) } : signer;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

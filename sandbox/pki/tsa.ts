import { structureSigner, type DevIdentity } from '../../certs/dev/identity.ts';
import type { DevPki } from '../../certs/dev/create-dev-pki.ts';
import { TSA_POLICY } from '../../certs/dev/names.ts';
import { DIGEST_ALGORITHMS } from '../../src/domain/signature.ts';
import { isGatewayError } from '../../src/domain/errors.ts';
import { digestSizeBytes, findDigest } from '../../src/formats/algorithms/digests.ts';
import { integer, octetString, sequence } from '../../src/formats/asn1/writer.ts';
import { algorithmIdentifierDer } from '../../src/formats/algorithms/identifier.ts';
import { buildTimestampRejection, buildTimestampResponse, buildTimestampToken } from '../../src/formats/tsp/build-timestamp-response.ts';
import { readTimestampRequest, type TimestampRequest } from '../../src/formats/tsp/read-timestamp-request.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';
import type { StructureSigner } from '../../src/formats/algorithms/build-signed.ts';
import type { TsaFault } from './faults.ts';

/** The TimeStampResp to a TimeStampReq, refusals included. @see RFC 3161 §2.4.2 */
export function answerTimestampRequest(pki: DevPki, requestDer: Uint8Array, now: Date, fault: TsaFault | null): Uint8Array {
  let request: TimestampRequest;
  try {
    request = readTimestampRequest(requestDer);
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return buildTimestampRejection('badDataFormat', 'The request is not a TimeStampReq');
  }
  if (fault?.kind === 'refuse') return buildTimestampRejection('systemFailure', 'Hệ thống đang bảo trì (the TSA is out of order)');
  return refusalOf(request) ?? grant(pki, request, now, fault);
}

function refusalOf(request: TimestampRequest): Uint8Array | null {
  const digest = findDigest(request.hashAlgorithm);
  const accepted: readonly string[] = DIGEST_ALGORITHMS;
  if (digest === null || !accepted.includes(digest)) return buildTimestampRejection('badAlg', 'Use SHA-256 or a stronger digest');
  if (request.hashedMessage.length !== digestSizeBytes(digest)) return buildTimestampRejection('badDataFormat', 'The digest has another length than its algorithm gives');
  if (request.policyOid !== null && request.policyOid !== TSA_POLICY) return buildTimestampRejection('unacceptedPolicy', `This TSA has one policy, ${TSA_POLICY}`);
  return request.hasExtensions ? buildTimestampRejection('unacceptedExtension', 'This TSA knows no extensions') : null;
}

function grant(pki: DevPki, request: TimestampRequest, now: Date, fault: TsaFault | null): Uint8Array {
  const identity = fault?.kind === 'wrong-signer' ? pki.officer : pki.tsa;
  const token = buildTimestampToken({
    policyOid: fault?.kind === 'wrong-policy' ? '2.999.404' : TSA_POLICY,
    messageImprintDer: fault?.kind === 'wrong-imprint' ? otherImprint(request) : request.messageImprintDer,
    serialNumber: pki.randomBytes(16),
    genTime: now,
    accuracy: { seconds: 1, millis: 0 },
    nonceDer: nonceOf(request, fault),
    tsaNameDer: readCertificate(identity.certificateDer).subjectDer,
    chainDer: identity.chainDer,
    certificatesIncluded: request.certReq,
    digest: 'sha256',
    signer: signerOf(identity, fault),
  });
  return buildTimestampResponse(token);
}

function nonceOf(request: TimestampRequest, fault: TsaFault | null): Uint8Array | null {
  if (fault?.kind === 'no-nonce') return null;
  return fault?.kind === 'wrong-nonce' ? integer(4_242_424_242n) : request.nonceDer;
}

function otherImprint(request: TimestampRequest): Uint8Array {
  return sequence(algorithmIdentifierDer(request.hashAlgorithm), octetString(request.hashedMessage.map((byte) => byte ^ 0xff)));
}

/** A broken signature is one over other bytes: right in form, wrong in value. */
function signerOf(identity: DevIdentity, fault: TsaFault | null): StructureSigner {
  const signer = structureSigner(identity.privateKey, identity.scheme);
  return fault?.kind === 'broken-signature' ? { ...signer, sign: (bytes) => signer.sign(bytes.subarray(1)) } : signer;
}

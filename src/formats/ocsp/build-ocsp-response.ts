import { buildSigned, type StructureSigner } from '../algorithms/build-signed.ts';
import { context, contextPrimitive, generalizedTime, octetString, oid, sequence, tlv } from '../asn1/writer.ts';
import { CRL_REASON, type CrlReason } from '../crl/build-crl.ts';
import { buildExtension } from '../x509/build-extensions.ts';

const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1';
const NONCE = '1.3.6.1.5.5.7.48.1.2';

/** OCSPResponseStatus other than successful, RFC 6960 §4.2.1. */
const ERROR_STATUS = { malformedRequest: 1, internalError: 2, tryLater: 3, sigRequired: 5, unauthorized: 6 } as const;
export type OcspErrorStatus = keyof typeof ERROR_STATUS;

export type OcspCertStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly at: Date; readonly reason: CrlReason };

export interface OcspSingleInput {
  /** CertID as it stood in the request. */
  readonly certIdDer: Uint8Array;
  readonly certStatus: OcspCertStatus;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | null;
}

export interface OcspResponseInput {
  /** Responder by the SHA-1 of its key, 20 octets. */
  readonly responderKeyId: Uint8Array;
  readonly producedAt: Date;
  readonly responses: readonly OcspSingleInput[];
  /** extnValue of the request's nonce, whole DER; null when it sent none. */
  readonly nonceDer: Uint8Array | null;
  /** The responder's certificate, and others a client may need. */
  readonly certificatesDer: readonly Uint8Array[];
  readonly signer: StructureSigner;
}

/**
 * A successful OCSPResponse holding a BasicOCSPResponse, DER. Times are cut to whole seconds, as RFC 5280 §4.1.2.5.2 writes them.
 * @see RFC 6960 §4.2.1
 */
export function buildOcspResponse(input: OcspResponseInput): Uint8Array {
  const data = sequence(
    context(2, octetString(input.responderKeyId)),
    wholeSeconds(input.producedAt),
    sequence(...input.responses.map((response) => singleResponse(response))),
    ...(input.nonceDer === null ? [] : [context(1, sequence(buildExtension(NONCE, false, input.nonceDer)))]),
  );
  const basic = buildSigned(data, input.signer, context(0, sequence(...input.certificatesDer)));
  return ocspResponseOf(basic);
}

/** The successful OCSPResponse around a BasicOCSPResponse, which CMS and CAdES also carry bare. @see RFC 6960 §4.2.1 */
export function ocspResponseOf(basicDer: Uint8Array): Uint8Array {
  return sequence(tlv(10, Uint8Array.of(0)), context(0, sequence(oid(BASIC_RESPONSE), octetString(basicDer))));
}

/** An OCSPResponse that only says why there is none; such answers are never signed. @see RFC 6960 §2.3 */
export function buildOcspError(status: OcspErrorStatus): Uint8Array {
  return sequence(tlv(10, Uint8Array.of(ERROR_STATUS[status])));
}

function singleResponse(response: OcspSingleInput): Uint8Array {
  const next = response.nextUpdate === null ? [] : [context(0, wholeSeconds(response.nextUpdate))];
  return sequence(response.certIdDer, certStatus(response.certStatus), wholeSeconds(response.thisUpdate), ...next);
}

function certStatus(status: OcspCertStatus): Uint8Array {
  if (status.status !== 'revoked') return contextPrimitive(status.status === 'good' ? 0 : 2, new Uint8Array());
  const reason = status.reason === 'unspecified' ? [] : [context(0, tlv(10, Uint8Array.of(CRL_REASON[status.reason])))];
  return context(1, wholeSeconds(status.at), ...reason);
}

function wholeSeconds(at: Date): Uint8Array {
  return generalizedTime(new Date(Math.floor(at.getTime() / 1000) * 1000));
}

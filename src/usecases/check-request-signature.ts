import type { Caller } from '../domain/partner.ts';
import { GatewayError } from '../domain/errors.ts';
import { checkHttpSignature, HTTP_SIGNATURE_ALGORITHMS } from '../formats/http-signatures/algorithms.ts';
import { readHttpSignatures, type HttpSignature } from '../formats/http-signatures/read-signatures.ts';
import { buildSignatureBase, coveredNames, invalid, type SignedRequest } from '../formats/http-signatures/signature-base.ts';
import type { Clock } from '../ports/clock.ts';
import type { PartnerKeyRecord } from '../ports/partner-key-records.ts';
import type { Records } from '../ports/records.ts';
import type { RequestProof } from './call.ts';

export interface CheckSignaturePorts {
  readonly records: Pick<Records, 'partnerKeys'>;
  readonly clock: Clock;
}

export interface CheckableRequest extends SignedRequest {
  readonly hasBody: boolean;
}

/** How far `created` may be from our clock, either way. */
const WINDOW_SECONDS = 300;
const MAX_NONCE = 128;

/**
 * The signature of a request whose caller is known already. Signed, it has to hold, whether the partner must sign or not; that the body
 * matches its `Content-Digest` is checked where the body is read.
 * @returns what was checked, so that it can be kept; null: it was not signed
 * @throws REQUEST_SIGNATURE_REQUIRED when the partner must sign and did not; REQUEST_SIGNATURE_INVALID
 * @see RFC 9421 §3.2
 */
export async function checkRequestSignature(ports: CheckSignaturePorts, caller: Caller, request: CheckableRequest): Promise<RequestProof | null> {
  const [input, value] = [request.values('signature-input'), request.values('signature')];
  if (input.length === 0 && value.length === 0) {
    if (caller.requiresSignature !== true) return null;
    throw new GatewayError('REQUEST_SIGNATURE_REQUIRED', 'Requests of this partner have to be signed (RFC 9421) by a key registered with the operator');
  }
  const { signature, key } = await findKnown(ports, caller, readHttpSignatures(input.join(', '), value.join(', ')));
  checkCovered(request, coveredNames(signature.covered));
  const nonce = checkTimes(signature, ports.clock.now());
  const proof = checkValue(request, signature, key);
  await spendNonce(ports, caller, nonce, ports.clock.now());
  return proof;
}

/** The first signature by a key of this partner that is in use; others may be of proxies on the way. */
async function findKnown({ records }: CheckSignaturePorts, { partnerId }: Caller, signatures: readonly HttpSignature[]): Promise<{ readonly signature: HttpSignature; readonly key: PartnerKeyRecord }> {
  for (const signature of signatures) {
    const key = signature.keyId === null ? null : await records.partnerKeys.find(partnerId, signature.keyId);
    if (key !== null && key.revokedAt === null) return { signature, key };
  }
  throw invalid('no signature is by a key that is registered for this partner and in use');
}

/** What a signature leaves out, somebody on the way may change. */
function checkCovered(request: CheckableRequest, names: readonly string[]): void {
  const covers = (name: string): boolean => names.includes(name);
  const hasQuery = request.requestTarget.includes('?');
  const coversTarget = covers('@target-uri') || (covers('@authority') && (covers('@request-target') || (covers('@path') && (!hasQuery || covers('@query')))));
  const missing = [
    ...(covers('@method') ? [] : ['@method']),
    ...(coversTarget ? [] : ['@target-uri']),
    ...(request.hasBody && !covers('content-digest') ? ['content-digest'] : []),
    ...(request.values('idempotency-key').length > 0 && !covers('idempotency-key') ? ['idempotency-key'] : []),
  ];
  if (request.hasBody && !/\bsha-(256|512)=:/.test(request.values('content-digest').join(','))) throw invalid('Content-Digest has neither sha-256 nor sha-512');
  if (missing.length > 0) throw invalid(`it does not cover ${missing.join(', ')}`);
}

/** @returns the nonce */
function checkTimes({ created, expires, nonce }: HttpSignature, at: Date): string {
  const now = at.getTime() / 1_000;
  if (created === null || Math.abs(created - now) > WINDOW_SECONDS) throw invalid(`"created" is missing, or more than ${WINDOW_SECONDS} seconds from the clock here`);
  if (expires !== null && expires <= now) throw invalid('it has expired');
  if (nonce === null || nonce.length < 8 || nonce.length > MAX_NONCE) throw invalid(`"nonce" is missing, or not 8 to ${MAX_NONCE} characters`);
  return nonce;
}

function checkValue(request: CheckableRequest, { covered, value, alg }: HttpSignature, key: PartnerKeyRecord): RequestProof {
  if (alg !== null && alg !== key.algorithm) throw invalid('"alg" is not the algorithm of the key');
  const algorithm = HTTP_SIGNATURE_ALGORITHMS.find((one) => one === key.algorithm);
  const base = buildSignatureBase(request, covered);
  if (algorithm === undefined || !checkHttpSignature(algorithm, key.spkiDer, base, value)) throw invalid('the value does not match');
  return { algorithm, keyId: key.keyId, spkiDer: key.spkiDer, base, value };
}

/** Only what verified spends one: nobody else can use up a partner's nonces. */
async function spendNonce({ records }: CheckSignaturePorts, { partnerId }: Caller, nonce: string, now: Date): Promise<void> {
  const until = new Date(now.getTime() + 2 * WINDOW_SECONDS * 1_000);
  if (!(await records.partnerKeys.useNonce(partnerId, nonce, until))) throw invalid('its nonce was used before: sign each request anew');
}

/** Nonces whose time is over cannot be replayed: their `created` is too old by then. */
export async function forgetNonces({ records, clock }: CheckSignaturePorts): Promise<{ readonly more: boolean }> {
  await records.partnerKeys.forgetNonces(clock.now());
  return { more: false };
}

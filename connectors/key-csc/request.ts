import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { digestOf, digestOid } from '../../src/formats/algorithms/digests.ts';
import { ownAlgorithm } from '../../src/formats/algorithms/schemes.ts';
import type { Consent, ConsentRequest } from '../../src/ports/consent.ts';

/** One call: a path below `/csc/v2/` and its JSON body. */
export interface CscRequest {
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface SignAlgorithm {
  readonly signAlgo: string;
  /** Base64 of DER, for RSASSA-PSS. */
  readonly signAlgoParams?: string;
}

export interface AuthDatum {
  /** Of the credential's `auth.objects`. */
  readonly id: string;
  readonly value: string;
}

const RSA = '1.2.840.113549.1.1.1';
const EC = '1.2.840.10045.2.1';

/**
 * The algorithm as this credential names it: with its hash where the service lists that, else by the key's type alone, the hash standing beside
 * it in hashAlgorithmOID. Null when the credential offers neither.
 * @see CSC API v2.0.0.2 §11.9 (signAlgo), RFC 4055, RFC 5758
 */
export function signAlgorithmOf(offered: readonly string[], scheme: SignatureScheme, digest: DigestAlgorithm): SignAlgorithm | null {
  const { oid, parametersDer } = ownAlgorithm(scheme, digest).identifier;
  if (scheme === 'pss') return offered.includes(oid) ? { signAlgo: oid, signAlgoParams: base64(parametersDer ?? new Uint8Array()) } : null;
  const bare = scheme === 'ecdsa' ? EC : RSA;
  return offered.includes(oid) ? { signAlgo: oid } : offered.includes(bare) ? { signAlgo: bare } : null;
}

export function infoRequest(): CscRequest {
  return { path: 'info', body: { lang: 'en-US' } };
}

export function listRequest(): CscRequest {
  return { path: 'credentials/list', body: { credentialInfo: false, onlyValid: false } };
}

export function credentialRequest(credentialID: string): CscRequest {
  return { path: 'credentials/info', body: { credentialID, certificates: 'chain', certInfo: true, authInfo: true } };
}

export function challengeRequest(credentialID: string, authObjectID: string): CscRequest {
  return { path: 'credentials/getChallenge', body: { credentialID, authObjectID } };
}

export interface HashesToSign {
  readonly credentialID: string;
  readonly hashes: readonly Uint8Array[];
  readonly digest: DigestAlgorithm;
}

/** Binds the activation data to exactly these hashes, which credentials of SCAL 2 demand and others bear. */
export function authorizeRequest({ credentialID, hashes, digest }: HashesToSign, authData: readonly AuthDatum[]): CscRequest {
  return {
    path: 'credentials/authorize',
    body: { credentialID, numSignatures: hashes.length, hashes: hashes.map(base64), hashAlgorithmOID: digestOid(digest), ...(authData.length === 0 ? {} : { authData }) },
  };
}

/**
 * The page where a person allows exactly these hashes. Hashes travel in base64url, separated by commas.
 * @see CSC API v2.0.0.2 §8.4.2, RFC 7636 §4.2
 */
export function consentPage(authorizeUrl: string, clientId: string, { credentialID, hashes, digest }: HashesToSign, { redirectUri, state, codeVerifier }: ConsentRequest): URL {
  const url = new URL(authorizeUrl);
  const parameters = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'credential',
    state,
    code_challenge: base64url(digestOf('sha256', Buffer.from(codeVerifier, 'ascii'))),
    code_challenge_method: 'S256',
    credentialID,
    numSignatures: String(hashes.length),
    hashes: hashes.map(base64url).join(','),
    hashAlgorithmOID: digestOid(digest),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return url;
}

/** The form that changes a code for a token. @see RFC 6749 §4.1.3 */
export function codeForm({ clientId, clientSecret }: { readonly clientId: string; readonly clientSecret: string }, { code, redirectUri, codeVerifier }: Consent): string {
  return new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: codeVerifier, client_id: clientId, client_secret: clientSecret }).toString();
}

export function authorizeCheckRequest(handle: string): CscRequest {
  return { path: 'credentials/authorizeCheck', body: { handle } };
}

export function signHashRequest({ credentialID, hashes, digest }: HashesToSign, sad: string, algorithm: SignAlgorithm): CscRequest {
  return { path: 'signatures/signHash', body: { credentialID, SAD: sad, hashes: hashes.map(base64), hashAlgorithmOID: digestOid(digest), ...algorithm, operationMode: 'S' } };
}

export interface DocumentDigests extends HashesToSign {
  /** C: CAdES, P: PAdES. */
  readonly format: 'C' | 'P';
  readonly conformanceLevel: 'Ades-B-B' | 'Ades-B-T' | 'Ades-B-LT' | 'Ades-B-LTA';
}

export function signDocRequest(documents: DocumentDigests, sad: string, algorithm: SignAlgorithm): CscRequest {
  const { credentialID, hashes, digest, format, conformanceLevel } = documents;
  const envelope = format === 'C' ? { signed_envelope_property: 'Detached' } : {};
  const digests = { hashes: hashes.map(base64), hashAlgorithmOID: digestOid(digest), signature_format: format, conformance_level: conformanceLevel, ...algorithm, ...envelope };
  return { path: 'signatures/signDoc', body: { credentialID, SAD: sad, documentDigests: [digests], operationMode: 'S' } };
}

export function pollingRequest(responseID: string): CscRequest {
  return { path: 'signatures/signPolling', body: { requestID: responseID } };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

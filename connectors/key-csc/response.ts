import { z } from 'zod';
import { GatewayError } from '../../src/domain/errors.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';

export interface CscAnswer {
  readonly status: number;
  /** Null when it was not JSON. */
  readonly json: unknown;
  readonly retryAfterMs: number | null;
}

const base64Text = z.base64().max(1_500_000);
const shortText = z.string().max(4096);

const info = z.object({ specs: shortText, name: shortText.default(''), methods: z.array(shortText).max(200), authType: z.array(shortText).max(20).default([]), oauth2: z.url().max(2000).nullish().catch(null) });
const list = z.object({ credentialIDs: z.array(shortText).max(10_000) });

const authObject = z.object({
  type: shortText,
  id: shortText,
  format: shortText.optional(),
  label: shortText.optional(),
  description: shortText.optional(),
});
export type AuthObject = z.infer<typeof authObject>;

const credential = z.object({
  key: z.object({ status: shortText, algo: z.array(shortText).min(1).max(100), len: z.int().min(1) }),
  cert: z.object({ status: shortText.optional(), certificates: z.array(base64Text).min(1).max(20) }),
  auth: z.object({ mode: shortText, objects: z.array(authObject).max(20).default([]) }),
  SCAL: shortText.default('1'),
  multisign: z.int().min(1),
});

export interface CscCredential {
  readonly chainDer: readonly [Uint8Array, ...Uint8Array[]];
  /** OIDs. */
  readonly algorithms: readonly string[];
  readonly auth: { readonly mode: string; readonly objects: readonly AuthObject[] };
  /** Hashes that one authorisation may cover. */
  readonly maxHashes: number;
  /** Whether activation data must be bound to the hashes (SCAL 2). Ours always are. */
  readonly boundToHashes: boolean;
}

export interface CscInfo {
  readonly specification: string;
  readonly name: string;
  readonly methods: readonly string[];
  /** How it lets clients in, as the specification names it: external, TLS, basic, digest, oauth2code, oauth2client. */
  readonly authTypes: readonly string[];
  /** Base of its OAuth 2.0 server; null where it names none. */
  readonly oauth2: string | null;
}

export function readInfo(answer: CscAnswer): CscInfo {
  const { specs, name, methods, authType, oauth2 = null } = parse(info, answer, 'info');
  return { specification: specs, name, methods, authTypes: authType, oauth2 };
}

export function readList(answer: CscAnswer): readonly string[] {
  return parse(list, answer, 'credentials/list').credentialIDs;
}

/**
 * A credential that may sign today.
 * @throws KEY_UNSUPPORTED when its key is disabled; CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED (suspended too); CERTIFICATE_MALFORMED
 */
export function readCredential(answer: CscAnswer): CscCredential {
  const { key, cert, auth, SCAL, multisign } = parse(credential, answer, 'credentials/info');
  if (key.status !== 'enabled') throw new GatewayError('KEY_UNSUPPORTED', 'The signing service has disabled the key of this credential');
  checkStatus(cert.status ?? 'valid');
  const [leaf, ...issuers] = cert.certificates.map((text) => readCertificate(Buffer.from(text, 'base64')).der);
  if (leaf === undefined) throw invalid('credentials/info');
  return { chainDer: [leaf, ...issuers], algorithms: key.algo, auth, maxHashes: multisign, boundToHashes: SCAL === '2' };
}

function checkStatus(status: string): void {
  if (status === 'valid') return;
  if (status === 'expired') throw new GatewayError('CERTIFICATE_EXPIRED', 'The signing service says that the certificate of this credential has expired');
  if (status === 'revoked' || status === 'suspended') throw new GatewayError('CERTIFICATE_REVOKED', `The signing service says that the certificate of this credential is ${status}`);
  throw new GatewayError('KEY_UNSUPPORTED', 'The signing service gives the certificate of this credential a status that is not known');
}

const authorization = z.object({ SAD: z.string().min(1).max(65_536), expiresIn: z.int().min(0).default(3600) });
const pending = z.object({ handle: z.string().min(1).max(65_536) });

/** Signature activation data. */
export interface Granted {
  readonly sad: string;
  readonly expiresInMs: number;
}

export type Authorization = ({ readonly kind: 'granted' } & Granted) | { readonly kind: 'pending'; readonly handle: string | null };

/** 202 asks to come back; the first one names the handle. */
export function readAuthorization(answer: CscAnswer): Authorization {
  if (answer.status === 202) {
    const parsed = pending.safeParse(answer.json);
    return { kind: 'pending', handle: parsed.success ? parsed.data.handle : null };
  }
  const { SAD, expiresIn } = parse(authorization, answer, 'credentials/authorize');
  return { kind: 'granted', sad: SAD, expiresInMs: expiresIn * 1000 };
}

const challenge = z.object({ challenge: z.string().max(65_536) });

/** Null when it went another way (out of band). */
export function readChallenge(answer: CscAnswer): string | null {
  return answer.status === 204 ? null : parse(challenge, answer, 'credentials/getChallenge').challenge;
}

const waiting = z.object({ responseID: z.string().min(1).max(65_536) });

export type Signed<T> = { readonly kind: 'done'; readonly values: readonly T[] } | { readonly kind: 'pending'; readonly responseID: string | null };

const signatures = z.object({ signatures: z.array(base64Text).max(100_000) });

/** Exactly as many values as were asked for, in their order. */
export function readSignatures(answer: CscAnswer, count: number): Signed<Uint8Array> {
  return pendingOf(answer) ?? { kind: 'done', values: exactly(count, parse(signatures, answer, 'signatures/signHash').signatures) };
}

/** Spelt `DocumentWithSignature` by the specification, with a small letter by others; detached signatures come as `SignatureObject`. */
const documents = z.object({
  DocumentWithSignature: z.array(base64Text).optional(),
  documentWithSignature: z.array(base64Text).optional(),
  SignatureObject: z.array(base64Text).optional(),
  signatureObject: z.array(base64Text).optional(),
});

export function readDocuments(answer: CscAnswer, count: number): Signed<Uint8Array> {
  const early = pendingOf(answer);
  if (early !== null) return early;
  const parsed = parse(documents, answer, 'signatures/signDoc');
  const candidates = [parsed.SignatureObject, parsed.signatureObject, parsed.DocumentWithSignature, parsed.documentWithSignature];
  return { kind: 'done', values: exactly(count, candidates.find((values) => (values?.length ?? 0) > 0) ?? []) };
}

function pendingOf(answer: CscAnswer): { readonly kind: 'pending'; readonly responseID: string | null } | null {
  const parsed = waiting.safeParse(answer.json);
  if (parsed.success) return { kind: 'pending', responseID: parsed.data.responseID };
  return answer.status === 202 ? { kind: 'pending', responseID: null } : null;
}

function exactly(count: number, values: readonly string[]): Uint8Array[] {
  if (values.length !== count) throw new GatewayError('SIGNER_UNAVAILABLE', `The signing service gave ${values.length} signatures where ${count} were asked for`);
  return values.map((text) => Buffer.from(text, 'base64'));
}

const token = z.object({ access_token: z.string().min(1).max(65_536), token_type: z.string().max(40).default('Bearer'), expires_in: z.int().min(0).default(300) });

export function readToken(answer: CscAnswer): { readonly token: string; readonly expiresInMs: number } {
  const { access_token, token_type, expires_in } = parse(token, answer, 'oauth2/token');
  if (token_type.toLowerCase() !== 'bearer') throw invalid('oauth2/token');
  return { token: access_token, expiresInMs: expires_in * 1000 };
}

/** With the scope `credential`, the token is the activation data; services name its type `SAD` or `Bearer`. */
const credentialToken = token.extend({ token_type: z.string().max(40).default('SAD'), credentialID: shortText.nullish() });

/** @throws CONSENT_REFUSED when code or person were refused, as RFC 6749 §5.2 and §4.1.2.1 name it; else as `readToken` */
export function readCredentialToken(answer: CscAnswer): Granted & { readonly credentialID: string | null } {
  if (isConsentRefusal(answer)) throw new GatewayError('CONSENT_REFUSED', 'The signing service does not take the code: it was used, has run out, or is for another signature. Let the signer allow it once more');
  const { access_token, token_type, expires_in, credentialID = null } = parse(credentialToken, answer, 'oauth2/token');
  if (!['sad', 'bearer'].includes(token_type.toLowerCase())) throw invalid('oauth2/token');
  return { sad: access_token, expiresInMs: expires_in * 1000, credentialID };
}

function isConsentRefusal({ status, json }: CscAnswer): boolean {
  const parsed = problem.safeParse(json);
  return status >= 400 && status < 500 && parsed.success && ['invalid_grant', 'access_denied'].includes(parsed.data.error);
}

function parse<Schema extends z.ZodType>(schema: Schema, answer: CscAnswer, method: string): z.output<Schema> {
  if (answer.status !== 200 && answer.status !== 201) throw errorOf(answer, method);
  const parsed = schema.safeParse(answer.json);
  if (!parsed.success) throw invalid(method);
  return parsed.data;
}

/** The specification's codes and OAuth's that say: these credentials or this access are not accepted, now or later. */
const REFUSED: ReadonlySet<string> = new Set([
  'invalid_authentication_data',
  'invalid_otp',
  'authentication_error',
  'invalid_token',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'access_denied',
]);
/** Of these, the ones that judge what a person knows or holds. */
const PIN_REFUSED: ReadonlySet<string> = new Set(['invalid_authentication_data', 'invalid_otp']);
const problem = z.object({ error: z.string().max(200) });

/** Whether the service judged a PIN or one-time password and found it wrong. */
export function isPinRefusal({ status, json }: CscAnswer): boolean {
  const parsed = problem.safeParse(json);
  return status >= 400 && status < 500 && parsed.success && PIN_REFUSED.has(parsed.data.error);
}

/**
 * An answer that is an error. Its code decides; its description is for people of the other side, may hold anything, and is not repeated.
 * @see CSC API v2.0.0.2 §10.1
 */
export function errorOf({ status, json, retryAfterMs }: CscAnswer, method: string): GatewayError {
  const parsed = problem.safeParse(json);
  const code = parsed.success && /^[a-z_]{1,60}$/.test(parsed.data.error) ? parsed.data.error : `HTTP ${status}`;
  if (code === 'invalid_otp') return new GatewayError('OTP_WRONG', 'The signing service refused the one-time password: ask for a new one; after two refusals nobody tries again until an operator has reset the count');
  if (status === 401 || (status >= 400 && status < 500 && REFUSED.has(code))) return new GatewayError('HSM_LOGIN_FAILED', `The signing service refused access at ${method} (${code}): check its token, PIN or one-time password`);
  return new GatewayError('SIGNER_UNAVAILABLE', `The signing service refused ${method} (${code})`, retryAfterMs === null ? {} : { retryAfterMs });
}

function invalid(method: string): GatewayError {
  return new GatewayError('SIGNER_UNAVAILABLE', `The signing service answered ${method} with something the specification does not know`);
}

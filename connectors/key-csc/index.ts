import { Agent, type Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import type { CscSigns } from '../../src/domain/key-place.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import { digestOf } from '../../src/formats/algorithms/digests.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { ConsentSigner } from '../../src/ports/consent.ts';
import type { PinGuard } from '../../src/ports/pin-guard.ts';
import type { SignContent, Signer } from '../../src/ports/signer.ts';
import { givenToken, tokenFromClientCredentials, type ClientCredentials, type SecretSource } from './access-token.ts';
import { checkSignatureObject, checkValue, schemeOf, type CheckedCredential } from './answer-check.ts';
import { cscClient } from './client.ts';
import type { ConsentSettings } from './consent.ts';
import { consentPage, credentialRequest, infoRequest, listRequest, signAlgorithmOf, signDocRequest, signHashRequest, type DocumentDigests, type SignAlgorithm } from './request.ts';
import { errorOf, readCredential, readDocuments, readInfo, readList, readSignatures, type CscInfo } from './response.ts';
import { ask, askOpenly, authorizeAndSign, type AuthAnswers, type ServiceSettings } from './transaction.ts';

export interface CscSettings {
  /** Up to and with `/csc/v2`; http or https, no user name or password in it. */
  readonly url: string;
  /** A bearer token, or OAuth 2.0 client credentials. */
  readonly access: { readonly token: SecretSource } | ClientCredentials;
  /** For credentials that want a PIN or one-time password each time. */
  readonly authorization?: { readonly answers: AuthAnswers; readonly pinGuard: PinGuard };
  /** For credentials that a person opens in a browser. */
  readonly consent?: ConsentSettings;
  readonly clock: Clock;
  /** Each exchange. Default 30,000. */
  readonly timeoutMs?: number;
  /** For a person's confirmation, and for a signature made later. Default 120,000. */
  readonly pollLimitMs?: number;
  /** Default 1,000. */
  readonly pollEveryMs?: number;
  /** Default 4 MiB. */
  readonly maxBytes?: number;
  /** Connections to use, such as the gateway's guarded ones; stays the caller's to close. */
  readonly dispatcher?: Dispatcher;
}

export interface CscKeySettings {
  readonly keyId: string;
  readonly credentialID: string;
  /** Default: `pss` where the credential offers it for an RSA key, else `pkcs1`; `ecdsa` for EC keys. */
  readonly scheme?: SignatureScheme;
  /** `documents`: through `signatures/signDoc`, for services without `signatures/signHash`; the signer then has `signContent`. Default `hashes`. */
  readonly signs?: CscSigns;
}

export interface CscSigner extends ConsentSigner {
  /** Whether the service wants a person's consent in a browser (`oauth2code`), for each use. */
  readonly wantsConsent: boolean;
  /** The same key, whose questions are answered by `answers` instead of the service's own: for what only one caller knows. */
  answering(answers: AuthAnswers): Signer;
  /** Hashes that one authorisation may cover (multisign). */
  readonly maxHashes: number;
  /**
   * As `sign`, for several at once: one authorisation for as many as the credential allows. All of them, in order, or an error.
   */
  signMany(toBeSigned: readonly Uint8Array[], digest: DigestAlgorithm, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
  /**
   * Has the service build whole detached signatures (CMS, DER) over document hashes; each is checked to be this credential's, over its hash.
   * @throws as `sign`
   */
  signDocuments(digests: Omit<DocumentDigests, 'credentialID'>, signal?: AbortSignal): Promise<readonly Uint8Array[]>;
}

export interface CscService {
  info(signal?: AbortSignal): Promise<CscInfo>;
  /** Ids of the credentials that the access token may use. */
  credentials(signal?: AbortSignal): Promise<readonly string[]>;
  /**
   * @throws KEY_NOT_FOUND, KEY_UNSUPPORTED, CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED, CERTIFICATE_MALFORMED, HSM_LOGIN_FAILED, SIGNER_UNAVAILABLE, CANCELLED
   */
  signer(key: CscKeySettings, signal?: AbortSignal): Promise<CscSigner>;
  /** Closes the connections that this service opened itself. */
  close(): Promise<void>;
}

/**
 * A remote signing service. Every value is checked against the hash it was asked for before it is given on.
 * @throws CONFIG_INVALID when the address cannot be used
 * @see Cloud Signature Consortium API v2.0.0.2
 */
export function openCscService(settings: CscSettings): CscService {
  const baseUrl = parseUrl(settings.url);
  if (settings.consent !== undefined) parseUrl(settings.consent.authorizeUrl);
  const dispatcher = settings.dispatcher ?? new Agent({ connections: 16 });
  const client = cscClient({ dispatcher, timeoutMs: settings.timeoutMs ?? 30_000, maxBytes: settings.maxBytes ?? 4 * 1024 * 1024 });
  const { access, clock } = settings;
  const service: ServiceSettings = {
    baseUrl,
    client,
    accessToken: 'token' in access ? givenToken(access.token) : tokenFromClientCredentials(access, client, clock),
    clock,
    authorization: settings.authorization ?? null,
    consent: settings.consent === undefined ? null : { ...settings.consent, ask: null },
    pollLimitMs: settings.pollLimitMs ?? 120_000,
    pollEveryMs: settings.pollEveryMs ?? 1000,
  };
  return {
    info: async (signal) => readInfo(await askOpenly(service, infoRequest(), signal)),
    credentials: async (signal) => readList(await ask(service, listRequest(), signal)),
    signer: (key, signal) => signerOf(service, key, signal),
    close: async () => {
      if (settings.dispatcher === undefined) await dispatcher.destroy();
    },
  };
}

async function signerOf(service: ServiceSettings, { keyId, credentialID, scheme, signs = 'hashes' }: CscKeySettings, signal: AbortSignal | undefined): Promise<CscSigner> {
  const answer = await ask(service, credentialRequest(credentialID), signal);
  // Which parameter is wrong stands in the description only; with one parameter, there is no other.
  if (answer.status === 400 && errorOf(answer, 'credentials/info').code === 'SIGNER_UNAVAILABLE') throw new GatewayError('KEY_NOT_FOUND', 'The signing service does not know the credential, or not for this access token');
  const credential = readCredential(answer);
  return credentialSigner(service, { keyId, signs }, { credentialID, credential, scheme: schemeOf(credential, scheme) });
}

function credentialSigner(service: ServiceSettings, key: Pick<CscKeySettings, 'keyId'> & { readonly signs: CscSigns }, checked: CheckedCredential): CscSigner {
  const { credential } = checked;
  const signMany: CscSigner['signMany'] = async (toBeSigned, digest, stop) => {
    const values: Uint8Array[] = [];
    for (let at = 0; at < toBeSigned.length; at += credential.maxHashes) values.push(...(await signSome(service, checked, toBeSigned.slice(at, at + credential.maxHashes), digest, stop)));
    return values;
  };
  const signContent: SignContent = async ({ contentDigest, digestAlgorithm, format }, stop) => {
    const [cmsDer] = await signDocuments(service, checked, { hashes: [contentDigest], digest: digestAlgorithm, format: format === 'pades' ? 'P' : 'C', conformanceLevel: 'Ades-B-B' }, stop);
    if (cmsDer === undefined) throw new Error('No signature for one hash');
    return cmsDer;
  };
  return {
    keyId: key.keyId,
    ...(key.signs === 'documents' && { signContent }),
    chainDer: credential.chainDer,
    scheme: checked.scheme,
    maxHashes: credential.maxHashes,
    wantsConsent: credential.auth.mode === 'oauth2code',
    consentPage(toBeSigned, digest, request) {
      if (service.consent === null) throw new GatewayError('KEY_UNSUPPORTED', 'Nothing is known of the page where this key’s use is allowed: add the key with --client-id');
      const toSign = { credentialID: checked.credentialID, hashes: [digestOf(digest, toBeSigned)], digest };
      return consentPage(service.consent.authorizeUrl, service.consent.client.clientId, toSign, request);
    },
    consenting: (askConsent) => credentialSigner({ ...service, consent: service.consent && { ...service.consent, ask: askConsent } }, key, checked),
    answering: (answers) => credentialSigner({ ...service, authorization: service.authorization && { ...service.authorization, answers } }, key, checked),
    signMany,
    async sign(toBeSigned, digest, stop) {
      if (key.signs === 'documents') throw new GatewayError('KEY_UNSUPPORTED', 'The service that holds this key builds whole signatures and gives no bare values');
      const [value] = await signMany([toBeSigned], digest, stop);
      if (value === undefined) throw new Error('No value for one hash');
      return value;
    },
    signDocuments: (digests, stop) => signDocuments(service, checked, digests, stop),
  };
}

/** The bytes are copied first: what is authorised, signed and checked is one and the same, whatever the caller does meanwhile. */
async function signSome(service: ServiceSettings, checked: CheckedCredential, toBeSigned: readonly Uint8Array[], digest: DigestAlgorithm, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
  const { credentialID, credential } = checked;
  const algorithm = algorithmOf(checked, digest);
  const inputs = toBeSigned.map((bytes) => Uint8Array.from(bytes));
  const toSign = { credentialID, hashes: inputs.map((input) => digestOf(digest, input)), digest };
  const values = await authorizeAndSign(service, {
    toSign,
    credential,
    request: (sad) => signHashRequest(toSign, sad, algorithm),
    read: (answer) => readSignatures(answer, inputs.length),
    signal,
  });
  for (const [index, input] of inputs.entries()) checkValue(checked, digest, input, values[index]);
  return values;
}

async function signDocuments(service: ServiceSettings, checked: CheckedCredential, digests: Omit<DocumentDigests, 'credentialID'>, signal: AbortSignal | undefined): Promise<readonly Uint8Array[]> {
  const { credentialID, credential } = checked;
  const documents = { ...digests, credentialID, hashes: digests.hashes.map((hash) => Uint8Array.from(hash)) };
  if (documents.hashes.length > credential.maxHashes) throw new GatewayError('KEY_UNSUPPORTED', `The credential signs at most ${credential.maxHashes} documents at once`);
  const algorithm = algorithmOf(checked, digests.digest);
  const objects = await authorizeAndSign(service, {
    toSign: documents,
    credential,
    request: (sad) => signDocRequest(documents, sad, algorithm),
    read: (answer) => readDocuments(answer, documents.hashes.length),
    signal,
  });
  for (const [index, hash] of documents.hashes.entries()) checkSignatureObject(checked, documents.format, documents.digest, hash, objects[index]);
  return objects;
}

function algorithmOf({ credential, scheme }: CheckedCredential, digest: DigestAlgorithm): SignAlgorithm {
  const algorithm = signAlgorithmOf(credential.algorithms, scheme, digest);
  if (algorithm === null) throw new GatewayError('KEY_UNSUPPORTED', `The credential makes no ${scheme} signatures with ${digest}`);
  return algorithm;
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new GatewayError('CONFIG_INVALID', 'The address of the signing service is no http or https URL');
  if (url.username !== '' || url.password !== '') throw new GatewayError('CONFIG_INVALID', 'The address of the signing service holds a user name or password; put a token in a file instead');
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

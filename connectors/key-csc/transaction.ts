import { GatewayError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { LoginOutcome, PinGuard } from '../../src/ports/pin-guard.ts';
import type { AskConsent } from '../../src/ports/consent.ts';
import type { AccessToken } from './access-token.ts';
import type { CscClient } from './client.ts';
import { redeemConsent, type ConsentSettings } from './consent.ts';
import { authorizeCheckRequest, authorizeRequest, challengeRequest, consentPage, pollingRequest, type AuthDatum, type CscRequest, type HashesToSign } from './request.ts';
import { errorOf, isPinRefusal, readAuthorization, readChallenge, type AuthObject, type CscAnswer, type CscCredential, type Granted, type Signed } from './response.ts';

/** One thing that the service wants to know before it signs. */
export interface AuthQuestion {
  readonly id: string;
  /** As the specification names it: Password, PasswordOOB, ChallengeResponse, ChallengeResponseOOB. */
  readonly type: string;
  readonly label: string | null;
  /** To be answered, for challenges that come on this way. */
  readonly challenge: string | null;
}

/** Whether the answer is good for one signature only, so that a person gives it, and no PIN that may be kept. */
export function isOneTime({ id, label, type, challenge }: AuthQuestion): boolean {
  return challenge !== null || type.startsWith('ChallengeResponse') || /otp|one.?time/i.test(`${id} ${label ?? ''}`);
}

/** Asks a person, a file or a device for what the service wants; the answers go into one request and are kept nowhere. */
export type AuthAnswers = (questions: readonly AuthQuestion[], signal: AbortSignal | undefined) => Promise<readonly AuthDatum[]>;

export interface ServiceSettings {
  /** Up to and with `/csc/v2/`. */
  readonly baseUrl: URL;
  readonly client: CscClient;
  readonly accessToken: AccessToken;
  readonly clock: Clock;
  /** Null where no credential asks for anything. */
  readonly authorization: { readonly answers: AuthAnswers; readonly pinGuard: PinGuard } | null;
  /** For credentials that a person opens in a browser; null where nothing is known of such a page. */
  readonly consent: (ConsentSettings & { readonly ask: AskConsent | null }) | null;
  /** For people to confirm on their telephone, and for signatures made later. */
  readonly pollLimitMs: number;
  readonly pollEveryMs: number;
}

/** One call that needs no access token: `info`. */
export function askOpenly({ client, baseUrl }: ServiceSettings, { path, body }: CscRequest, signal?: AbortSignal): Promise<CscAnswer> {
  return client.post(new URL(path, baseUrl), { 'content-type': 'application/json', accept: 'application/json' }, JSON.stringify(body), signal);
}

/** One call with the access token. */
export async function ask(settings: ServiceSettings, { path, body }: CscRequest, signal?: AbortSignal): Promise<CscAnswer> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', authorization: `Bearer ${await settings.accessToken(signal)}` };
  return settings.client.post(new URL(path, settings.baseUrl), headers, JSON.stringify(body), signal);
}

export interface Transaction<T> {
  readonly toSign: HashesToSign;
  readonly credential: CscCredential;
  readonly request: (sad: string) => CscRequest;
  readonly read: (answer: CscAnswer) => Signed<T>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Activation data for exactly these hashes, then the signatures with it, once.
 * @throws HSM_LOGIN_FAILED, SIGNER_UNAVAILABLE, KEY_UNSUPPORTED, CONSENT_REQUIRED, CONSENT_REFUSED, CANCELLED
 */
export async function authorizeAndSign<T>(settings: ServiceSettings, transaction: Transaction<T>): Promise<readonly T[]> {
  const { request, read, signal } = transaction;
  const asked = settings.clock.now().getTime();
  const { sad, expiresInMs } = await authorize(settings, transaction);
  if (settings.clock.now().getTime() >= asked + expiresInMs) throw new GatewayError('SIGNER_UNAVAILABLE', 'The authorisation of the signing service had run out before it could be used');
  let signed = read(await ask(settings, request(sad), signal));
  const responseID = signed.kind === 'pending' ? signed.responseID : null;
  if (signed.kind === 'pending' && responseID === null) throw new GatewayError('SIGNER_UNAVAILABLE', 'The signing service signs later, but did not say where to ask');
  const until = settings.clock.now().getTime() + settings.pollLimitMs;
  while (signed.kind === 'pending') {
    await pause(settings, until, signal);
    signed = read(await ask(settings, pollingRequest(responseID ?? ''), signal));
  }
  return signed.values;
}

async function authorize<T>(settings: ServiceSettings, transaction: Transaction<T>): Promise<Granted> {
  const { mode } = transaction.credential.auth;
  if (mode === 'explicit') return authorizeExplicitly(settings, transaction);
  if (mode === 'oauth2code') return authorizeInBrowser(settings, transaction);
  throw new GatewayError('KEY_UNSUPPORTED', 'The credential is authorised in a way that this gateway does not know: use one with explicit authorisation, or with OAuth 2.0 (oauth2code)');
}

async function authorizeInBrowser<T>({ consent, client }: ServiceSettings, { toSign, signal }: Transaction<T>): Promise<Granted> {
  if (consent === null) throw new GatewayError('KEY_UNSUPPORTED', 'The credential is opened in a browser (OAuth 2.0 code), and nothing is known of the page: add the key with --client-id and, if the service does not name it, --authorize-url');
  if (consent.ask === null) throw new GatewayError('CONSENT_REQUIRED', 'The signer allows each use of this key in a browser: POST /v1/signatures/prepare with "keyId" and "redirectUri", or lienthong sign --key');
  const given = await consent.ask((request) => consentPage(consent.authorizeUrl, consent.client.clientId, toSign, request), signal);
  return redeemConsent(consent, client, toSign.credentialID, given, signal);
}

async function authorizeExplicitly<T>(settings: ServiceSettings, transaction: Transaction<T>): Promise<Granted> {
  const { toSign, credential, signal } = transaction;
  const questions = await questionsOf(settings, toSign.credentialID, credential.auth.objects, signal);
  if (questions.length === 0) return settle(settings, await ask(settings, authorizeRequest(toSign, []), signal), signal);
  if (settings.authorization === null) throw new GatewayError('HSM_LOGIN_FAILED', 'The signing service wants a PIN or one-time password for this credential, and none is set up');
  const { answers, pinGuard } = settings.authorization;
  const authData = await answers(questions, signal);
  const sent = await guarded(pinGuard, `${settings.baseUrl.host}#${toSign.credentialID}`, () => ask(settings, authorizeRequest(toSign, authData)));
  return settle(settings, sent, signal);
}

/**
 * Signing services lock a credential after a few wrong PINs, just as cards do. The call is not cancelled half-way, so that its outcome is known;
 * one that was lost on the way counts as not tried, since a service that is down must not stop the key for good.
 */
async function guarded(pinGuard: PinGuard, name: string, send: () => Promise<CscAnswer>): Promise<CscAnswer> {
  const sent: { answer: CscAnswer | null; failure: unknown } = { answer: null, failure: null };
  await pinGuard.attempt(name, async () => {
    try {
      sent.answer = await send();
      return outcomeOf(sent.answer);
    } catch (error) {
      sent.failure = error;
      return 'untried';
    }
  });
  if (sent.answer === null) throw sent.failure;
  return sent.answer;
}

function outcomeOf(answer: CscAnswer): LoginOutcome {
  if (isPinRefusal(answer)) return 'refused';
  return answer.status >= 200 && answer.status < 300 ? 'accepted' : 'untried';
}

async function settle(settings: ServiceSettings, first: CscAnswer, signal: AbortSignal | undefined): Promise<Granted> {
  let authorization = readAuthorization(first);
  const handle = authorization.kind === 'pending' ? authorization.handle : null;
  if (authorization.kind === 'pending' && handle === null) throw errorOf(first, 'credentials/authorize');
  const until = settings.clock.now().getTime() + settings.pollLimitMs;
  while (authorization.kind === 'pending') {
    await pause(settings, until, signal);
    authorization = readAuthorization(await ask(settings, authorizeCheckRequest(handle ?? ''), signal));
  }
  return authorization;
}

async function questionsOf(settings: ServiceSettings, credentialID: string, objects: readonly AuthObject[], signal: AbortSignal | undefined): Promise<AuthQuestion[]> {
  const questions: AuthQuestion[] = [];
  for (const { id, type, label = null } of objects) {
    const challenge = type.startsWith('ChallengeResponse') ? readChallenge(await ask(settings, challengeRequest(credentialID, id), signal)) : null;
    questions.push({ id, type, label, challenge });
  }
  return questions;
}

async function pause({ clock, pollEveryMs }: ServiceSettings, until: number, signal: AbortSignal | undefined): Promise<void> {
  if (clock.now().getTime() + pollEveryMs > until) throw new GatewayError('SIGNER_UNAVAILABLE', 'The signing service did not finish in time: the confirmation did not come, or it is slow');
  await clock.sleep(pollEveryMs, signal);
}

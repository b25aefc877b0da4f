import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Grant } from './activation.ts';
import { CscError, invalidParameter, invalidRequest, missing, tooManySignatures } from './errors.ts';
import { hashesIn, type State } from './methods.ts';

/** What a person was asked, until the code for it is redeemed. */
interface Asked extends Omit<Grant, 'token'> {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly until: number;
}

/** Codes given and not redeemed. */
export type Codes = Map<string, Asked>;

const CODE_LIFE_MS = 60_000;

/** The page of `oauth2/authorize`: what is to be signed, and two buttons. @throws CscError */
export function consentPage(state: State, clientId: string, query: URLSearchParams): string {
  const { credentialID, hashes } = readAsked(state, clientId, query, 0);
  const fields = [...query].map(([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`).join('');
  const list = hashes.map((hash) => `<li><code>${escaped(hash)}</code></li>`).join('');
  return `<!doctype html><html lang="vi"><meta charset="utf-8"><title>Xác nhận ký số (thử)</title><body style="font: 17px system-ui; max-width: 40em; margin: 10vh auto">
<h1>Xác nhận ký số</h1><p>Chứng thư <b>${escaped(credentialID)}</b> sẽ ký ${hashes.length} giá trị băm:</p><ul>${list}</ul>
<form method="post">${fields}<button name="decision" value="allow">Đồng ý</button> <button name="decision" value="deny">Từ chối</button></form></body></html>`;
}

/** Where the browser goes with the person's answer. @throws CscError */
export function decide(state: State, clientId: string, form: URLSearchParams, now: number): string {
  const asked = readAsked(state, clientId, form, now);
  const back = new URL(asked.redirectUri);
  const code = randomBytes(24).toString('base64url');
  if (form.get('decision') === 'allow') state.codes.set(code, asked);
  for (const [name, value] of form.get('decision') === 'allow' ? [['code', code]] : [['error', 'access_denied']]) back.searchParams.set(name ?? '', value ?? '');
  back.searchParams.set('state', form.get('state') ?? '');
  return back.href;
}

/** The grant of a code, once; a wrong verifier or address ends it too. @throws CscError @see RFC 6749 §4.1.3, RFC 7636 §4.6 */
export function redeem(state: State, form: URLSearchParams, now: number): Omit<Grant, 'token'> {
  const code = form.get('code') ?? '';
  const asked = state.codes.get(code);
  state.codes.delete(code);
  if (asked === undefined || asked.until <= now || asked.clientId !== form.get('client_id') || asked.redirectUri !== form.get('redirect_uri')) throw invalidGrant();
  const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest();
  const expected = Buffer.from(asked.challenge, 'base64url');
  if (expected.length !== challenge.length || !timingSafeEqual(challenge, expected)) throw invalidGrant();
  return asked;
}

const invalidGrant = (): CscError => new CscError(400, 'invalid_grant', 'The provided authorization grant is invalid, expired, revoked or was issued to another client');

function readAsked(state: State, clientId: string, query: URLSearchParams, now: number): Asked {
  const text = (name: string): string => {
    const value = query.get(name);
    if (value === null || value === '') throw missing(name);
    return value;
  };
  if (text('response_type') !== 'code' || text('scope') !== 'credential') throw invalidRequest('Only response_type=code with scope=credential here');
  if (text('client_id') !== clientId) throw invalidParameter('client_id');
  const redirectUri = text('redirect_uri');
  if (!URL.canParse(redirectUri)) throw invalidParameter('redirect_uri');
  if (text('code_challenge_method') !== 'S256') throw invalidParameter('code_challenge_method');
  const credential = state.credentials.get(text('credentialID'));
  if (credential?.wantsConsent !== true) throw invalidParameter('credentialID');
  const given = text('hashes').split(',').map((hash) => Buffer.from(hash, 'base64url').toString('base64'));
  const { hashes, hashAlgorithmOID } = hashesIn({ hashes: given, hashAlgorithmOID: text('hashAlgorithmOID') });
  if (text('numSignatures') !== String(hashes.length)) throw invalidParameter('numSignatures');
  if (hashes.length > credential.multisign) throw tooManySignatures();
  return { clientId, redirectUri, challenge: text('code_challenge'), credentialID: credential.id, hashes, hashAlgorithmOID, until: now + CODE_LIFE_MS };
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

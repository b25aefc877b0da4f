import { GatewayError } from '../../src/domain/errors.ts';
import type { Consent } from '../../src/ports/consent.ts';
import type { ClientCredentials } from './access-token.ts';
import type { CscClient } from './client.ts';
import { codeForm } from './request.ts';
import { readCredentialToken, type Granted } from './response.ts';

/** Where a person allows the use of a credential, and who we are there. */
export interface ConsentSettings {
  /** The authorisation endpoint. */
  readonly authorizeUrl: string;
  /** Whose `url` gives tokens for codes, too. */
  readonly client: ClientCredentials;
}

/**
 * Changes a code for activation data: the service's token of the scope `credential` is the SAD.
 * @throws CONSENT_REFUSED when the code is not (any more) one, or the person said no; SIGNER_UNAVAILABLE, HSM_LOGIN_FAILED, CANCELLED
 * @see CSC API v2.0.0.2 §8.4.4, RFC 6749 §4.1.3, RFC 7636 §4.5
 */
export async function redeemConsent({ client: { url, clientId, clientSecret } }: ConsentSettings, http: CscClient, credentialID: string, consent: Consent, signal: AbortSignal | undefined): Promise<Granted> {
  const form = codeForm({ clientId, clientSecret: await clientSecret() }, consent);
  const answer = await http.post(new URL(url), { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' }, form, signal);
  const granted = readCredentialToken(answer);
  if (granted.credentialID !== null && granted.credentialID !== credentialID) throw new GatewayError('CONSENT_REFUSED', 'The signing service gave consent for another credential than the one that was asked for');
  return granted;
}

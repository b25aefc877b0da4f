import type { DigestAlgorithm } from '../domain/signature.ts';
import type { Signer } from './signer.ts';

/** What a signature that a person allows in a browser is known by on its way there and back. */
export interface ConsentRequest {
  /** Where the service sends the browser back to, as registered with it. */
  readonly redirectUri: string;
  /** Comes back beside the code, so that whoever waits knows whose it is. */
  readonly state: string;
  /** Proves that whoever redeems the code is who asked for it; a secret, 43 to 128 characters. @see RFC 7636 §4.1 */
  readonly codeVerifier: string;
}

/** What came back. */
export interface Consent extends Omit<ConsentRequest, 'state'> {
  /** Good once, for the hash that was shown. */
  readonly code: string;
}

/** Brings a person to the page of the service, and gives what comes back. @throws CONSENT_REFUSED, CANCELLED */
export type AskConsent = (page: (request: ConsentRequest) => URL, signal: AbortSignal | undefined) => Promise<Consent>;

/** A key whose every use a person allows at the service that holds it. `sign` of itself fails with CONSENT_REQUIRED. */
export interface ConsentSigner extends Signer {
  /** The page where `toBeSigned`, hashed with `digest`, and nothing else may be allowed. */
  consentPage(toBeSigned: Uint8Array, digest: DigestAlgorithm, request: ConsentRequest): URL;
  /** The same key, with somebody who asks. */
  consenting(ask: AskConsent): Signer;
}

import { randomBytes } from 'node:crypto';
import { hashNotAuthorized, sadExpired, sadInvalid } from './errors.ts';

/** What a piece of signature activation data (SAD) allows. */
export interface Grant {
  /** Access token it was given to: nobody else may use it. Null: given for a person's consent, to any of the client's. */
  readonly token: string | null;
  readonly credentialID: string;
  readonly hashAlgorithmOID: string;
  /** Base64, each good for one signature. */
  readonly hashes: readonly string[];
}

export interface Activations {
  grant(grant: Grant): { readonly SAD: string; readonly expiresIn: number };
  /** Uses it up whole, whether all of it is signed or not. @throws CscError */
  use(sad: string, request: Grant): void;
  /** Ends everything given to an access token. */
  revoke(token: string): void;
}

/** SCAL 2 in small: activation data is bound to client, credential, algorithm and hashes, ends, and works once. */
export function activations(seconds: () => number, now: () => number): Activations {
  const open = new Map<string, Grant & { readonly until: number }>();
  return {
    grant(grant) {
      const SAD = randomBytes(24).toString('base64url');
      const expiresIn = seconds();
      open.set(SAD, { ...grant, until: now() + expiresIn * 1000 });
      return { SAD, expiresIn };
    },
    use(sad, { token, credentialID, hashAlgorithmOID, hashes }) {
      const granted = open.get(sad);
      if (granted === undefined || (granted.token !== null && granted.token !== token) || granted.credentialID !== credentialID) throw sadInvalid();
      open.delete(sad); // a wrong request ends it too: it has left its owner's hands
      if (granted.until <= now()) throw sadExpired();
      if (granted.hashAlgorithmOID !== hashAlgorithmOID || !isPartOf(hashes, granted.hashes)) throw hashNotAuthorized();
    },
    revoke(token) {
      for (const [sad, granted] of open) if (granted.token === token) open.delete(sad);
    },
  };
}

function isPartOf(wanted: readonly string[], granted: readonly string[]): boolean {
  const left = [...granted];
  return wanted.every((hash) => {
    const at = left.indexOf(hash);
    if (at >= 0) left.splice(at, 1);
    return at >= 0;
  });
}

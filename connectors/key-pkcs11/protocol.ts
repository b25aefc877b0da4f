import type { ErrorCode } from '../../src/domain/errors.ts';
import type { DigestAlgorithm, SignatureScheme } from '../../src/domain/signature.ts';
import type { KeyMatch, TokenMatch } from './uri.ts';

/** What the gateway and its signer process say to each other, over the channel of `fork`. The PIN goes another way: bytes on file descriptor `PIN_FD`. */
export const PIN_FD = 3;
export const MAX_PIN_BYTES = 256;

export type Command =
  | { readonly kind: 'open'; readonly modulePath: string; readonly token: TokenMatch; readonly maxSessions: number }
  | { readonly kind: 'login'; readonly pinBytes: number }
  | { readonly kind: 'find'; readonly match: KeyMatch }
  /** `pinBytes` is 0 unless the key wants its PIN each time. */
  | { readonly kind: 'sign'; readonly key: number; readonly scheme: SignatureScheme; readonly digest: DigestAlgorithm; readonly toBeSigned: Uint8Array; readonly pinBytes: number };

export interface OpenedToken {
  /** As the PIN guard counts it. */
  readonly name: string;
  /** The token wants a PIN, and this process has not given it yet. */
  readonly needsLogin: boolean;
  /** The token has locked its PIN, or will at the next wrong one: no program should try. */
  readonly pinInDanger: boolean;
}

export interface FoundKey {
  /** Number to be named in `sign`; good for this process. */
  readonly key: number;
  readonly type: 'rsa' | 'ec' | 'other';
  /** Big-endian, when the token tells it. */
  readonly modulus: Uint8Array | null;
  /** ECParameters and ECPoint (the point in its OCTET STRING), when the token tells them. */
  readonly ecParametersDer: Uint8Array | null;
  readonly ecPointDer: Uint8Array | null;
  /** C_Sign wants the PIN each time (CKA_ALWAYS_AUTHENTICATE). */
  readonly alwaysAuthenticate: boolean;
  /** The key's own certificates (same CKA_ID) first, then every other one on the token. */
  readonly certificatesDer: readonly Uint8Array[];
  readonly ownCertificates: number;
}

export interface Results {
  readonly open: OpenedToken;
  readonly login: 'accepted' | 'refused' | 'untried';
  readonly find: FoundKey;
  readonly sign: Uint8Array;
}

/**
 * What the gateway does about a failure. `keep`: the process is sound. `login`: the token has forgotten the login. `restart`: the token or its
 * module is gone; only a new process finds it again.
 */
export type Remedy = 'keep' | 'login' | 'restart';

export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: Remedy;
}

/** Questions and answers travel in lists: those that come up in the same turn of the event loop share one write. */
export interface Question {
  readonly id: number;
  readonly command: Command;
}

export type Answer = { readonly id: number; readonly value: Results[keyof Results] } | { readonly id: number; readonly failure: Failure };

/** Collects what comes up in one turn of the event loop and sends it as one list. */
export function gathered<T>(send: (list: readonly T[]) => void): (item: T) => void {
  let list: T[] = [];
  return (item) => {
    if (list.push(item) > 1) return;
    setImmediate(() => {
      const whole = list;
      list = [];
      send(whole);
    });
  };
}

import type { ByteSource } from '../formats/byte-source.ts';
import type { Signer } from '../ports/signer.ts';
import type { SignatureFacts } from '../usecases/sign-digest.ts';
import { checkOwnSigner, type OwnSigner, type OwnSignerOptions } from './check-own-signer.ts';
import { withOwnSigner, type OwnKeyOptions } from './own-signer.ts';
import { withAuthorities, type Authorities, type AuthorityOptions } from './with-authorities.ts';

/** A file that is signed and stands nowhere yet. */
export interface MadeFile {
  readonly facts: SignatureFacts;
  readonly fieldName?: string;
  /** The whole of it. */
  pieces(): Iterable<Uint8Array>;
  /** Puts it in its place. */
  release(): void;
}

/** A key that signs for this command, and whom it asks beside it. */
export interface KeyInHand {
  readonly signer: Signer;
  readonly authorities: Authorities;
  /** Picture kept with the key. */
  readonly picturePng: Uint8Array | undefined;
  /** The certificate, before anything is signed. */
  check(): Promise<OwnSigner>;
  /** One use of the key, written down where its uses are. */
  recorded(source: ByteSource, make: (signer: Signer) => Promise<MadeFile>): Promise<MadeFile>;
}

/** Runs `work` with the key of whoever calls, whose uses nobody else keeps a record of. @throws as `withOwnSigner`; what `work` throws */
export function withKeyOfCaller<T>(options: OwnKeyOptions & AuthorityOptions & OwnSignerOptions, work: (key: KeyInHand) => Promise<T>): Promise<T> {
  return withOwnSigner(options, (signer) =>
    withAuthorities(options, (authorities) => work({ signer, authorities, picturePng: undefined, check: () => checkOwnSigner(authorities.longTerm, signer.chainDer, options), recorded: (_, make) => make(signer) })),
  );
}

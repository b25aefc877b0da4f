import { isAtLeast, type DigestAlgorithm, type SignatureLevel } from '../domain/signature.ts';
import { checkSigner } from '../usecases/check-signer.ts';
import type { LongTermPorts } from '../usecases/look-at-document.ts';
import { systemClock } from '../wiring/clock.ts';

export interface OwnSignerOptions {
  readonly trust: readonly string[];
  readonly digest: DigestAlgorithm;
  readonly level: SignatureLevel;
  readonly policy?: string;
}

export interface OwnSigner {
  readonly chain: 'reached' | 'not-checked';
  readonly revocation: 'good' | 'not-checked';
  readonly warnings: readonly string[];
}

/**
 * The certificate of a key file before the key is used. Without anchors nothing more can be said than signing itself checks. Somebody who
 * signs with a key of their own and names no policy is warned when revocation cannot be checked; a named policy decides itself, and levels
 * that keep revocation information cannot be had without it.
 * @throws as `checkSigner`
 */
export async function checkOwnSigner(longTerm: LongTermPorts, chainDer: readonly [Uint8Array, ...Uint8Array[]], { trust, digest, level, policy }: OwnSignerOptions): Promise<OwnSigner> {
  if (trust.length === 0) return { chain: 'not-checked', revocation: 'not-checked', warnings: [] };
  const revocationUnavailable = isAtLeast(level, 'B-LT') ? 'refuse' : policy === undefined ? 'warn' : undefined;
  const checked = await checkSigner({ ...longTerm, clock: systemClock }, { chainDer, policy: longTerm.policy, digestAlgorithm: digest, revocationUnavailable });
  return { chain: 'reached', revocation: checked.status === 'good' ? 'good' : 'not-checked', warnings: checked.warnings };
}

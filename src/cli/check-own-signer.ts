import { trustFolder } from '../../certs/trust-folder.ts';
import type { DigestAlgorithm } from '../domain/signature.ts';
import { checkSigner } from '../usecases/check-signer.ts';
import { systemClock } from '../wiring/clock.ts';
import { policyOf } from './policy.ts';
import { withCollector } from './with-collector.ts';

export interface OwnSignerOptions {
  readonly trust: readonly string[];
  readonly digest: DigestAlgorithm;
  readonly policy?: string;
  readonly offline?: boolean;
}

export interface OwnSigner {
  readonly chain: 'reached' | 'not-checked';
  readonly revocation: 'good' | 'not-checked';
  readonly warnings: readonly string[];
}

/**
 * The certificate of a key file before the key is used. Without anchors nothing more can be said than signing itself checks. Somebody who
 * signs with a key of their own and names no policy is warned when revocation cannot be checked; a named policy decides itself.
 * @throws as `checkSigner`
 */
export async function checkOwnSigner(chainDer: readonly [Uint8Array, ...Uint8Array[]], { trust, digest, policy, offline = false }: OwnSignerOptions): Promise<OwnSigner> {
  if (trust.length === 0) return { chain: 'not-checked', revocation: 'not-checked', warnings: [] };
  const trustStore = trustFolder({ signature: trust, timestamp: [] });
  const checked = await withCollector(offline, (collector) =>
    checkSigner({ trustStore, clock: systemClock, collector }, { chainDer, policy: policyOf(policy ?? 'default'), digestAlgorithm: digest, revocationUnavailable: policy === undefined ? 'warn' : undefined }),
  );
  return { chain: 'reached', revocation: checked.status === 'good' ? 'good' : 'not-checked', warnings: checked.warnings };
}

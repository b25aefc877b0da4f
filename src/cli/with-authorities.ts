import { trustFolder } from '../../certs/trust-folder.ts';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { GatewayError } from '../domain/errors.ts';
import { isAtLeast, type SignatureLevel } from '../domain/signature.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { LongTermPorts } from '../usecases/look-at-document.ts';
import { policyOf } from './policy.ts';
import { withCollector } from './with-collector.ts';

/** Words for the help of commands that ask for a level. */
export const LEVELS_HELP =
  'Levels: B-B the signature; B-T with trusted time; B-LT with all that its verification needs in years, every certificate’s revocation included;\n' +
  'B-LTA with a time-stamp over that, which is renewed with “lienthong extend --to B-LTA”. The level asked for is reached, or nothing is written.';

export interface AuthorityOptions {
  readonly tsa: readonly string[];
  readonly trust: readonly string[];
  readonly trustTsa: readonly string[];
  readonly policy?: string;
  readonly offline?: boolean;
}

export interface Authorities {
  readonly timestampAuthorities: readonly TimestampAuthority[];
  readonly longTerm: LongTermPorts;
}

/** Runs `work` with the time-stamping authorities, trust anchors and collector that the options name, and closes their connections. */
export async function withAuthorities<T>({ tsa, trust, trustTsa, policy, offline = false }: AuthorityOptions, work: (authorities: Authorities) => Promise<T>): Promise<T> {
  const trustStore = trustFolder({ signature: trust, timestamp: trustTsa.length > 0 ? trustTsa : trust });
  const timestampAuthorities = tsa.map((url) => createHttpTimestampAuthority({ url }));
  try {
    return await withCollector(offline, (collector) => work({ timestampAuthorities, longTerm: { trustStore, policy: policyOf(policy ?? 'default'), collector } }));
  } finally {
    await Promise.all(timestampAuthorities.map((authority) => authority.close()));
  }
}

/** What a level needs on the command line, said in its words. @throws TSA_NOT_CONFIGURED, TRUST_NOT_CONFIGURED, REQUEST_INVALID */
export function checkLevelOptions(level: SignatureLevel, { tsa, trust, offline }: AuthorityOptions): void {
  if (isAtLeast(level, 'B-T') && tsa.length === 0) throw new GatewayError('TSA_NOT_CONFIGURED', `Level ${level} needs a time-stamping authority: add --tsa URL`);
  if (!isAtLeast(level, 'B-LT')) return;
  if (trust.length === 0) throw new GatewayError('TRUST_NOT_CONFIGURED', `Level ${level} keeps the validation data of whole chains: add --trust PEM with the anchors of signer and time-stamping authority (or --trust-tsa for the latter)`);
  if (offline === true) throw new GatewayError('REQUEST_INVALID', `Level ${level} keeps revocation information, which has to be fetched: leave out --offline`);
}

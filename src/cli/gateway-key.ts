import { trustFolder } from '../../certs/trust-folder.ts';
import { createHttpTimestampAuthority } from '../../connectors/tsa-http/index.ts';
import { isAtLeast, type DigestAlgorithm, type SignatureLevel } from '../domain/signature.ts';
import { digestOfChunks } from '../formats/algorithms/digests.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import type { CheckedSigner } from '../usecases/check-signer.ts';
import { documentKey, signAsOperator } from '../usecases/sign-as-operator.ts';
import { openRevocationCollector } from '../wiring/revocation.ts';
import { joinTrust, openTrust } from '../wiring/trust.ts';
import { readPolicy, signerChecker } from '../wiring/verification.ts';
import type { OwnSigner } from './check-own-signer.ts';
import { consentOverLoopback } from './consent.ts';
import { parseKeyId } from './key-command.ts';
import { tellAside } from './output.ts';
import { policyOf } from './policy.ts';
import { readSecret } from './secrets.ts';
import type { KeyInHand, MadeFile } from './signing-key.ts';
import type { Authorities, AuthorityOptions } from './with-authorities.ts';
import { withSigners } from './with-signers.ts';
import { withStore, type Administration, type DataOption } from './with-store.ts';

export interface GatewayKeyOptions extends AuthorityOptions, DataOption {
  readonly otpFile?: string;
  readonly redirectPort?: number;
  readonly digest: DigestAlgorithm;
  readonly level: SignatureLevel;
}

/** Words for the help of commands that sign with a key of the gateway. */
export const GATEWAY_KEY_HELP =
  'With --key the gateway’s settings count where options say nothing: its time-stamping authorities, anchors and policy. Each use of the key is\n' +
  'written down before it, and what came of it, as for partners; the name of your login stands beside it.';

/**
 * Runs `work` with a key of the gateway's store, its time-stamping authorities, anchors and policy.
 * @throws KEY_NOT_FOUND, KEY_NOT_GRANTED; what `withStore`, the key's connector and `work` throw
 */
export function withGatewayKey<T>(name: string, options: GatewayKeyOptions, work: (key: KeyInHand) => Promise<T>): Promise<T> {
  return withStore(options, (store) =>
    withSigners(store, async (signers) => {
      const key = await documentKey(store, parseKeyId(name));
      const oneTimePassword = options.otpFile === undefined ? null : await readSecret({ file: options.otpFile }, { what: 'one-time password', options: '--otp-file FILE (or - for standard input)' }, {});
      const signer = await signers.signerOf(key, { oneTimePassword, consent: consentOverLoopback({ chance: store.chance, port: options.redirectPort ?? 0, tell: tellAside }) });
      return withGatewayAuthorities(store, options, (authorities) => {
        const { longTerm } = authorities;
        const ask = signerChecker({ ...longTerm, clock: store.clock }, longTerm.policy);
        const check = (): Promise<CheckedSigner | null> => ask(key, { digestAlgorithm: options.digest, mustKnowStatus: isAtLeast(options.level, 'B-LT'), signal: new AbortController().signal });
        const recorded = (source: ByteSource, make: (signer: KeyInHand['signer']) => Promise<MadeFile>): Promise<MadeFile> =>
          signAsOperator(store, { actor: store.actor, key, signer, level: options.level, inputSha256: sha256Of(source), check }, async (journalled) => {
            const made = await make(journalled);
            return { ...made, outputSha256: hexOf(digestOfChunks('sha256', made.pieces())) };
          });
        return work({ signer, authorities, picturePng: key.picturePng ?? undefined, check: async () => told(await check()), recorded });
      });
    }),
  );
}

async function withGatewayAuthorities<T>({ config, clock, chance }: Administration, { tsa, trust, trustTsa, policy, offline = false }: AuthorityOptions, work: (authorities: Authorities) => Promise<T>): Promise<T> {
  const trustStore = joinTrust(openTrust(config), trustFolder({ signature: trust, timestamp: trustTsa.length > 0 ? trustTsa : trust }));
  const timestampAuthorities = (tsa.length > 0 ? tsa : config.LIENTHONG_TSA_URLS).map((url) => createHttpTimestampAuthority({ url, totalTimeoutMs: config.LIENTHONG_TSA_TIMEOUT_MS }));
  const revocation = offline ? null : openRevocationCollector({ allow: config.LIENTHONG_OUTBOUND_ALLOW, clock, chance });
  try {
    return await work({ timestampAuthorities, longTerm: { trustStore, policy: policy === undefined ? readPolicy(config) : policyOf(policy), collector: revocation?.collector } });
  } finally {
    await Promise.all([...timestampAuthorities.map((authority) => authority.close()), revocation?.close()]);
  }
}

function told(checked: CheckedSigner | null): OwnSigner {
  if (checked === null) return { chain: 'not-checked', revocation: 'not-checked', warnings: [] };
  return { chain: 'reached', revocation: checked.status === 'good' ? 'good' : 'not-checked', warnings: checked.warnings };
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const sha256Of = (source: ByteSource): string => hexOf(digestOfChunks('sha256', chunksOf(source, 0, source.sizeBytes)));

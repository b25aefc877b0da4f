import { GatewayError } from '../domain/errors.ts';
import { isAtLeast, type SignatureLevel } from '../domain/signature.ts';
import type { JudgedDocument } from '../formats/ades/judge-document.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { NO_MATERIAL, type Reliance, type Served, type ValidationContext } from '../formats/ades/context.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { PathAnchor } from '../formats/x509/path/chain.ts';
import type { Clock } from '../ports/clock.ts';
import type { TimestampAuthority } from '../ports/timestamp-authority.ts';
import type { TrustPurpose, TrustStore } from '../ports/trust-store.ts';
import type { RevocationCollector } from './collect-revocation.ts';
import { judgeWithCollector } from './judge-with-collector.ts';

/** Whom to trust and how to judge, where more is promised than a signature: that it can be verified for a long time. */
export interface LongTermPorts {
  readonly trustStore: TrustStore;
  readonly policy: ValidationPolicy;
  /** Without it nothing is fetched. */
  readonly collector: RevocationCollector | undefined;
}

/**
 * What the levels need, before anything is done for them: an authority for B-T, and for B-LT anchors for both kinds of chains, of which the
 * validation data is to be kept.
 * @throws TSA_NOT_CONFIGURED, TRUST_NOT_CONFIGURED
 */
export async function checkReadyToRaise({ timestampAuthorities, longTerm }: { readonly timestampAuthorities: readonly TimestampAuthority[]; readonly longTerm?: LongTermPorts | undefined }, level: SignatureLevel): Promise<void> {
  if (!isAtLeast(level, 'B-T')) return;
  if (timestampAuthorities.length === 0) throw new GatewayError('TSA_NOT_CONFIGURED', `Level ${level} needs a time-stamping authority, and none is configured`);
  if (!isAtLeast(level, 'B-LT')) return;
  const known = await Promise.all((['signature', 'timestamp'] as const).map(async (purpose) => (await longTerm?.trustStore.anchors(purpose)) ?? []));
  if (known.every((anchors) => anchors.length > 0)) return;
  throw new GatewayError('TRUST_NOT_CONFIGURED', `Level ${level} keeps the validation data of whole chains, and no trust anchors are configured that the chains of signers and time-stamping authorities must reach`);
}

export interface Look {
  readonly judged: JudgedDocument;
  /** What the judgement rests on, and for which signature or document time-stamp. */
  readonly reliances: readonly { readonly reliance: Reliance; readonly served: Served }[];
}

/**
 * Judges a PDF with what was appended to it, as a verifier would that has only this document and our anchors; with a collector what is missing
 * is fetched, and told with what was relied on.
 * @throws what the trust store and isolation throw; CANCELLED
 */
export async function lookAtPdf({ trustStore, policy, collector, clock }: LongTermPorts & { readonly clock: Clock }, pdf: GrowingPdf, appended: Uint8Array, signal?: AbortSignal): Promise<Look> {
  const reliances: Look['reliances'][number][] = [];
  const judge = pdf.judge(appended);
  const [signature, timestamp] = await Promise.all([anchorsFor(trustStore, 'signature'), anchorsFor(trustStore, 'timestamp')]);
  const context: ValidationContext = {
    policy,
    at: clock.now(),
    anchors: { signature, timestamp },
    certificates: [],
    revocation: NO_MATERIAL,
    onReliance: (reliance, served) => void (served === undefined ? 0 : reliances.push({ reliance, served })),
  };
  const judgeAnew = (known: ValidationContext): JudgedDocument | Promise<JudgedDocument> => {
    reliances.length = 0; // only what the last judgement rests on counts
    return judge(known);
  };
  return { judged: await judgeWithCollector(collector, context, judgeAnew, signal), reliances };
}

export async function anchorsFor(trustStore: TrustStore, purpose: TrustPurpose): Promise<PathAnchor[]> {
  const anchors = await trustStore.anchors(purpose);
  return anchors.map(({ certificateDer, ...rest }) => ({ ...rest, certificate: readKnownCertificate(certificateDer) }));
}

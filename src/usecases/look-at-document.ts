import { GatewayError } from '../domain/errors.ts';
import { isAtLeast, type SignatureLevel } from '../domain/signature.ts';
import type { SignatureReport } from '../domain/validation-report.ts';
import type { DocumentJudge, JudgedDocument } from '../formats/ades/judge-document.ts';
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
  /** What the judgement rests on, and for which signature or time-stamp. */
  readonly reliances: readonly { readonly reliance: Reliance; readonly served: Served }[];
}

interface LookPorts {
  readonly longTerm: LongTermPorts;
  readonly clock: Clock;
}

/** What has to be known to raise a document: what is missing is fetched where a level needs it. @throws as `lookAtDocument` */
export function lookToRaise({ longTerm, clock }: LookPorts, judge: DocumentJudge, { level, signal }: { readonly level: SignatureLevel; readonly signal?: AbortSignal | undefined }): Promise<Look> {
  const collector = isAtLeast(level, 'B-LT') ? longTerm.collector : undefined;
  return lookAtDocument({ ...longTerm, collector, clock }, judge, signal);
}

/** Nothing is fetched: what counts is what the document holds. @throws as `lookAtDocument` */
export function lookAlone({ longTerm, clock }: LookPorts, judge: DocumentJudge, { signal }: { readonly signal?: AbortSignal | undefined }): Promise<Look> {
  return lookAtDocument({ ...longTerm, collector: undefined, clock }, judge, signal);
}

/** The reports of these signatures, counter-signatures apart. */
export const reportsOf = ({ judged }: Look, ids: readonly string[]): SignatureReport[] => judged.signatures.filter(({ id, kind }) => kind === 'signature' && ids.includes(id));

/** Values of one kind, each once. */
export function distinctValues(values: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(values.map((der) => [Buffer.from(der).toString('latin1'), der])).values()];
}

/** Nothing may be missing of what the signatures to be raised rest on. @throws REVOCATION_UNAVAILABLE */
export function checkNothingMissing(needed: Look['reliances']): void {
  const missing = [...new Set(needed.flatMap(({ reliance }) => reliance.missing))];
  if (missing.length > 0) throw new GatewayError('REVOCATION_UNAVAILABLE', `The level asked for needs revocation information for every certificate, and some cannot be had: ${missing.join(' | ')}; nothing was released`);
}

/**
 * Judges a document with what was added to it, as a verifier would that has only this document and our anchors; with a collector what is missing
 * is fetched, and told with what was relied on.
 * @throws what the trust store and isolation throw; CANCELLED
 */
async function lookAtDocument({ trustStore, policy, collector, clock }: LongTermPorts & { readonly clock: Clock }, judge: DocumentJudge, signal?: AbortSignal): Promise<Look> {
  const reliances: Look['reliances'][number][] = [];
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

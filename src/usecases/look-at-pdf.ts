import type { JudgedDocument } from '../formats/ades/judge-document.ts';
import type { GrowingPdf } from '../formats/ades/growing-pdf.ts';
import { NO_MATERIAL, type Reliance, type Served, type ValidationContext } from '../formats/ades/context.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { PathAnchor } from '../formats/x509/path/chain.ts';
import type { Clock } from '../ports/clock.ts';
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
  return anchors.map(({ certificateDer, set }) => ({ certificate: readKnownCertificate(certificateDer), set }));
}

import { worstResult, type ValidationReport } from '../domain/validation-report.ts';
import { NO_MATERIAL, type RevocationMaterial, type ValidationContext } from '../formats/ades/context.ts';
import { documentJudge, type DocumentJudge } from '../formats/ades/judge-document.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { Clock } from '../ports/clock.ts';
import type { TrustStore } from '../ports/trust-store.ts';
import type { RevocationCollector } from './collect-revocation.ts';
import { judgeWithCollector } from './judge-with-collector.ts';
import { anchorsFor } from './look-at-document.ts';

export interface VerifyPorts {
  readonly trustStore: TrustStore;
  readonly clock: Clock;
  /** Fetches what documents and callers leave open; without it nothing is fetched. */
  readonly collector?: RevocationCollector | undefined;
}

export interface VerifyTerms {
  /** Name for the report. */
  readonly file: string;
  readonly policy: ValidationPolicy;
  /** Validation time; the clock's when absent. */
  readonly at?: Date;
  /** Further certificates and revocation information, already fetched or given. */
  readonly certificates?: readonly Certificate[];
  readonly revocation?: RevocationMaterial;
  /** Ends fetching. Judging itself ends only where it is isolated, by the signal that its judge was given. */
  readonly signal?: AbortSignal | undefined;
}

export interface VerifyDocumentRequest extends VerifyTerms {
  /** A PDF, or a CMS signature in DER, BER or PEM. */
  readonly source: ByteSource;
  /** What a detached CMS signature is about. */
  readonly detached?: ByteSource;
  /** Of an encrypted PDF, user's or owner's; the empty one is always tried. */
  readonly password?: string | undefined;
}

/**
 * Validates every signature and time-stamp of a document, here in this process, and answers with a report; a bad signature, and a
 * document that cannot be read, are answers. What is neither handed in nor fetched by the collector is reported as missing.
 * @throws what the trust store throws; CANCELLED
 * @see ETSI EN 319 102-1 §5.3–5.5
 */
export function verifyDocument(ports: VerifyPorts, { source, detached, password, ...terms }: VerifyDocumentRequest): Promise<ValidationReport> {
  return verifyJudgedDocument(ports, documentJudge(source, detached, password), terms);
}

/**
 * The same for a document that is judged wherever `judge` does it.
 * @throws what the trust store and `judge` throw; CANCELLED
 */
export async function verifyJudgedDocument(ports: VerifyPorts, judge: DocumentJudge, terms: VerifyTerms): Promise<ValidationReport> {
  const { file, policy, signal } = terms;
  const context = await contextOf(ports, terms);
  const { sha256, mediaType, signatures, timestamps, error } = await judgeWithCollector(collectorFor(ports, terms), context, judge, signal);
  return {
    file,
    sha256,
    mediaType,
    validationTime: context.at.toISOString(),
    policy: { id: policy.id, version: policy.version, sha256: policy.sha256 },
    result: error === null ? worstResult(signatures.map(({ indication }) => indication)) : 'UNREADABLE',
    signatures,
    timestamps,
    error,
  };
}

/** What authorities say now is dated after a validation time in the past and could not be used for it. */
export function collectorFor({ collector, clock }: VerifyPorts, { at, policy }: VerifyTerms): RevocationCollector | undefined {
  const isPast = at !== undefined && at.getTime() < clock.now().getTime() - policy.revocation.skewMs;
  return isPast ? undefined : collector;
}

export async function contextOf({ trustStore, clock }: VerifyPorts, terms: VerifyTerms): Promise<ValidationContext> {
  const { policy, at = clock.now(), certificates = [], revocation = NO_MATERIAL } = terms;
  const [signature, timestamp] = await Promise.all([anchorsFor(trustStore, 'signature'), anchorsFor(trustStore, 'timestamp')]);
  return { policy, at, anchors: { signature, timestamp }, certificates, revocation };
}

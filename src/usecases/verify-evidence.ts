import type { EvidenceReport } from '../domain/evidence-report.ts';
import { isGatewayError } from '../domain/errors.ts';
import { worstResult, type DocumentResult } from '../domain/validation-report.ts';
import type { ValidationContext } from '../formats/ades/context.ts';
import { digestOfChunks } from '../formats/algorithms/digests.ts';
import { ASIC_E } from '../formats/asic/names.ts';
import { chunksOf, type ByteSource } from '../formats/byte-source.ts';
import { judgeEvidence, type JudgedEvidence } from '../formats/evidence/judge-evidence.ts';
import { readEvidence, type EvidenceFiles } from '../formats/evidence/read-evidence.ts';
import type { NoteVerifier } from '../formats/transparency-log/signed-note.ts';
import { collectorFor, contextOf, type VerifyPorts, type VerifyTerms } from './verify-document.ts';
import { judgeWithCollector } from './judge-with-collector.ts';

export interface VerifyEvidenceRequest extends VerifyTerms {
  readonly source: ByteSource;
  /** The log's key, as whoever asks knows it; null: the container's own is taken, and the report says so. */
  readonly logKey: NoteVerifier | null;
}

/**
 * Validates an evidence container: signatures, receipts, places in the log, time-stamps, and that it holds nothing else. A bad container, and
 * one that cannot be read, are answers.
 * @throws what the trust store throws; CANCELLED
 */
export async function verifyEvidence(ports: VerifyPorts, { source, logKey, ...terms }: VerifyEvidenceRequest): Promise<EvidenceReport> {
  const { policy, file, signal } = terms;
  const context = await contextOf(ports, terms);
  const facts = {
    file,
    sha256: Buffer.from(digestOfChunks('sha256', chunksOf(source, 0, source.sizeBytes))).toString('hex'),
    mediaType: ASIC_E,
    validationTime: context.at.toISOString(),
    policy: { id: policy.id, version: policy.version, sha256: policy.sha256 },
  };
  const read = await readOrFault(source);
  if ('error' in read) return { ...facts, result: 'UNREADABLE', signatures: [], timestamps: [], error: read.error, evidence: null };
  const judge = (known: ValidationContext): JudgedEvidence => judgeEvidence(read, logKey, known);
  const { findings, signatures, timestamps } = await judgeWithCollector(collectorFor(ports, terms), context, judge, signal);
  return { ...facts, result: resultOf({ findings, signatures, timestamps }), signatures, timestamps, error: null, evidence: findings };
}

async function readOrFault(source: ByteSource): Promise<EvidenceFiles | { readonly error: NonNullable<EvidenceReport['error']> }> {
  try {
    return await readEvidence(source);
  } catch (error) {
    if (!isGatewayError(error, 'EVIDENCE_MALFORMED', 'BODY_TOO_LARGE')) throw error;
    return { error: { code: error.code, detail: error.message } };
  }
}

/** The worst of signatures, log and container: what only the signatures say is not all that a container claims. */
function resultOf({ findings, signatures }: JudgedEvidence): DocumentResult {
  const broken = findings.checks.some(({ status }) => status === 'failed') || findings.log.some(({ indication }) => indication === 'FAILED');
  const open = findings.log.some(({ indication }) => indication === 'INDETERMINATE');
  return worstResult([...signatures.map(({ indication }) => indication), ...(broken ? (['TOTAL-FAILED'] as const) : open ? (['INDETERMINATE'] as const) : [])]);
}

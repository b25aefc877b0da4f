import type { DossierCode } from './dossier.ts';
import type { EvidenceKind } from './evidence.ts';
import type { MessageId, Sha256Hex } from './ids.ts';
import type { Check, ValidationReport } from './validation-report.ts';

/**
 * A validation report with what a container proves beside its signatures. Its signatures are named as what they attest: `message`,
 * `delivered-…`, `taken-in-…`. The result is the worst of all; what is not proven is never passed.
 */
export interface EvidenceReport extends ValidationReport {
  /** null: the container cannot be read. */
  readonly evidence: EvidenceFindings | null;
}

export interface EvidenceFindings {
  /** null: its manifest cannot be read. */
  readonly message: MessageFacts | null;
  readonly objects: readonly EvidenceObject[];
  readonly receipts: readonly EvidenceReceipt[];
  readonly log: readonly LogFinding[];
  /** Of the container and of how its pieces belong together. */
  readonly checks: readonly Check[];
}

export interface MessageFacts {
  readonly messageId: MessageId;
  readonly type: string;
  readonly dossierCode: DossierCode;
  readonly from: string;
  readonly to: readonly string[];
  readonly createdAt: string;
  readonly manifestSha256: Sha256Hex;
}

export interface EvidenceObject {
  readonly name: string;
  /** What people call it; null: it is not a paper. */
  readonly title: string | null;
  readonly sha256: string;
  readonly sizeBytes: number | null;
  /** `erased`: it is not there, and a signed statement says by which rule. */
  readonly status: 'intact' | 'changed' | 'missing' | 'erased';
}

export interface EvidenceReceipt {
  readonly name: string;
  readonly kind: Exclude<EvidenceKind, 'message'>;
  readonly recipient: string | null;
  readonly at: string;
  /** `recipient`: it signed with a key of its own, and that holds, too. */
  readonly signedBy: 'recipient' | 'gateway';
  /** For what was erased: procedure and rule. */
  readonly basis: string | null;
}

export interface LogFinding {
  /** The signature whose place in the log this is. */
  readonly covers: string;
  readonly log: string | null;
  readonly leafIndex: number | null;
  readonly treeSize: number | null;
  /** Whether the log's key was given from outside; one that comes with the container proves no more than the container does. */
  readonly keyPinned: boolean;
  /** By the first time-stamp that passed; null: none did. */
  readonly provenAt: string | null;
  readonly indication: 'PASSED' | 'INDETERMINATE' | 'FAILED';
  readonly checks: readonly Check[];
}

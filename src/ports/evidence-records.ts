import type { Evidence } from '../domain/evidence.ts';
import type { MessageId } from '../domain/ids.ts';

/** Who may see its place stands in the log. */
export type KeptEvidence = Omit<Evidence, 'seenBy'>;

export interface EvidenceRecords {
  /** In the transaction of what is attested; entered in the log with it. */
  add(evidence: readonly Evidence[]): Promise<void>;
  /** The message's own first, then in the order in which it happened. */
  ofMessage(id: MessageId): Promise<readonly KeptEvidence[]>;
}

import type { DossierCode } from '../domain/dossier.ts';
import type { DocumentId, Sha256Hex } from '../domain/ids.ts';

/** How long dossiers of a procedure are kept once they are at their end. */
export interface Retention {
  /** `*`: every procedure without a term of its own. */
  readonly procedureCode: string;
  readonly keepDays: number;
  /** The rule that says so, for the audit. */
  readonly basis: string;
}

export interface Erased {
  readonly messages: number;
  readonly postalOrders: number;
  readonly documents: number;
}

export interface ErasureRecords {
  /** Deliveries and orders of the dossier that are not at their end. */
  countOpen(code: DossierCode): Promise<number>;
  /**
   * Replaces what is personal: applicant and title, bodies of messages, parties and raw events of postal orders, names of documents that no
   * other dossier carries. Digests, times, states and proofs stay. Null: there is no such dossier.
   */
  erase(code: DossierCode, at: Date): Promise<Erased | null>;
  /** Documents of the dossier's messages that are erased by now. */
  erasedDocuments(code: DossierCode): Promise<readonly DocumentId[]>;
  /** Digests of documents erased since then that nobody else has. */
  orphanedBytes(since: Date): Promise<readonly Sha256Hex[]>;
  /** Dossiers at their end for longer than their procedure's term, not erased yet. */
  due(now: Date, limit: number): Promise<readonly DossierCode[]>;
  setRetention(retention: Retention, at: Date): Promise<void>;
  removeRetention(procedureCode: string): Promise<boolean>;
  retentions(): Promise<readonly Retention[]>;
}

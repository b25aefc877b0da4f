import type { AuditEntry } from '../domain/audit.ts';

export type { AuditEntry };

/** Who did what. Append-only; each row is entered in the evidence log in the same statement. */
export interface AuditRecords {
  add(...entries: readonly AuditEntry[]): Promise<void>;
  of(subject: string, limit: number): Promise<readonly AuditEntry[]>;
}

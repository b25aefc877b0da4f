export interface AuditEntry {
  readonly at: Date;
  /** `partner:<id>`, `operator:<login>` or `gateway`. */
  readonly actor: string;
  /** Verb phrase in kebab-case, such as `grant-key`, `replay-message`, `read-dossier`. */
  readonly action: string;
  readonly subject: string;
  /** Ids, digests, states: no personal data, no secret. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Who did what. Append-only. */
export interface AuditRecords {
  add(...entries: readonly AuditEntry[]): Promise<void>;
  of(subject: string, limit: number): Promise<readonly AuditEntry[]>;
}

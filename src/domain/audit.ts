/** Who did what: what the audit trail keeps of it. */
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

/**
 * The row as one text, over which its leaf of the evidence log is made: members in order, no white space. Of values as flat as these that is
 * the canonical form of JSON.
 * @see RFC 8785 §3.2
 */
export function auditText({ at, actor, action, subject, detail }: AuditEntry): string {
  const sorted = Object.fromEntries(Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1)));
  return JSON.stringify({ action, actor, at: at.toISOString(), detail: sorted, subject });
}

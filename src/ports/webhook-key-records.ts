/** A key by which recipients know the gateway's pushes. */
export interface WebhookKeyRecord {
  readonly id: string;
  /** 32 bytes, Ed25519. */
  readonly publicKey: Uint8Array;
  /** PKCS#8 DER under `webhookKeyContext(id)`. */
  readonly privateKeySealed: Uint8Array;
  readonly createdAt: Date;
  /** May lie ahead, so that recipients know the key before it signs. */
  readonly signsFrom: Date;
  /** Null: no end is set. */
  readonly signsUntil: Date | null;
}

export interface WebhookKeyRecords {
  /** Those that sign at `at` or will later, the oldest first. */
  list(at: Date): Promise<readonly WebhookKeyRecord[]>;
  /** Unless there is one that signs at `key.createdAt` or later: processes that start at once agree on one. */
  addFirst(key: WebhookKeyRecord): Promise<void>;
  /** Ends every other at `othersUntil`, unless it ends earlier. */
  addSuccessor(key: WebhookKeyRecord, othersUntil: Date): Promise<void>;
}

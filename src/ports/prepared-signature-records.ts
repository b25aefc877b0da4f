import type { PartnerId } from '../domain/ids.ts';

/** What waits for a value. `state` and `answer` are JSON and kept sealed. */
export interface PreparedSignatureRecord {
  readonly id: string;
  readonly partnerId: PartnerId;
  /** Null once it is used: nothing of it is needed any more. */
  readonly state: unknown;
  readonly expiresAt: Date;
  /** The one value that was accepted, and the answer it got; null: none yet. */
  readonly used: { readonly valueSha256: string; readonly answer: unknown } | null;
}

export interface PreparedSignatureRecords {
  add(prepared: Omit<PreparedSignatureRecord, 'used'> & { readonly createdAt: Date }): Promise<void>;
  /** Null when there is none, or it is another partner's. */
  find(id: string, partnerId: PartnerId): Promise<PreparedSignatureRecord | null>;
  /** Accepts a value, once. False: another one was. */
  use(id: string, used: NonNullable<PreparedSignatureRecord['used']>, at: Date): Promise<boolean>;
  /** Deletes at most `limit` that expired before `before`. @returns how many went */
  removeExpired(before: Date, limit: number): Promise<number>;
}

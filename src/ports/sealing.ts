/**
 * Encryption of single fields at rest, under a master key that is not in the database. Authenticated: what was changed, or moved to
 * another place, does not open. It hides content, not length.
 */
export interface Sealing {
  /**
   * @param context where the box will stand, such as `signing_key:<id>`; needed again to open it, and not stored
   * @returns the box: 37 bytes longer than `plain`
   */
  seal(plain: Uint8Array, context: string): Uint8Array;
  /** @throws MASTER_KEY_UNREADABLE when sealed under a key that is not in the key file, SEALED_DATA_UNREADABLE when changed or moved */
  open(sealed: Uint8Array, context: string): Uint8Array;
  /** Whether `sealed` was made under an older key and should be opened and sealed again. */
  isStale(sealed: Uint8Array): boolean;
}

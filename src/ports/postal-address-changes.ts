import type { PostalOrderId } from '../domain/ids.ts';
import type { AddressChange } from '../domain/postal-address-change.ts';

export interface PostalAddressChanges {
  /** False: another change of this order is under way. One that was asked before `abandonedBefore` and never settled becomes `unknown` first: its process died. */
  begin(change: AddressChange, abandonedBefore: Date): Promise<boolean>;
  /** False: it was given up in the meantime, and is `unknown`. */
  settle(id: string, outcome: NonNullable<AddressChange['outcome']>, carrierText: string | null, at: Date): Promise<boolean>;
  /** Oldest first. */
  of(id: PostalOrderId): Promise<readonly AddressChange[]>;
}

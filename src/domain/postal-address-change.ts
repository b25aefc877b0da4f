import type { PostalOrderId } from './ids.ts';
import type { PostalAddress, PostalParty } from './postal-address.ts';
import type { PostalOrder } from './postal-order.ts';

export const PARTY_ENDS = ['sender', 'recipient'] as const;
export type PartyEnd = (typeof PARTY_ENDS)[number];

/** How it was made sure that the one who asks may: a code sent to the person's telephone, or an officer who saw them. */
export const ADDRESS_VERIFICATIONS = ['otp', 'officer'] as const;

/** Where the parcel is to be taken to, or collected, from now on. Personal data. */
export interface NewAddress {
  readonly address: PostalAddress;
  /** Null: the telephone number stays. */
  readonly phone: string | null;
}

/** A change that was asked for. Never taken back: what is wrong is changed again. */
export interface AddressChange {
  readonly id: string;
  readonly postalOrderId: PostalOrderId;
  readonly end: PartyEnd;
  readonly before: NewAddress;
  readonly after: NewAddress;
  readonly verifiedBy: (typeof ADDRESS_VERIFICATIONS)[number];
  /** `operator:<login>` or `partner:<id>`. */
  readonly requestedBy: string;
  readonly askedAt: Date;
  /** Null: the carrier is being asked. `unknown`: no understandable answer came, or a person at the carrier decides. */
  readonly outcome: 'accepted' | 'rejected' | 'unknown' | null;
  readonly carrierText: string | null;
}

/** The order with that end as it is to be. */
export function withAddress(order: PostalOrder, end: PartyEnd, { address, phone }: NewAddress): PostalOrder {
  const party: PostalParty = { ...order.detail[end], address, ...(phone === null ? {} : { phone }) };
  return { ...order, detail: { ...order.detail, [end]: party } };
}

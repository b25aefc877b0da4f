import type { CarrierListView } from '../formats/api/postal.ts';
import type { PostalAccount } from './order-post.ts';

/** The carriers orders can go to, and what each connector was proven against: one that met only our own sandbox says so. */
export function listCarriers({ accounts }: { readonly accounts: readonly PostalAccount[] }): CarrierListView {
  return {
    carriers: accounts.map(({ carrier: { carrier, lookup, provenAgainst, readHint } }) => ({ carrier, lookup, provenAgainst, events: readHint === null ? ['poll' as const] : ['poll' as const, 'webhook' as const] })),
  };
}

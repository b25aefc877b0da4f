import type { CarrierListView } from '../formats/api/postal.ts';
import type { RecordSet } from '../ports/records.ts';
import type { PostalAccount } from './order-post.ts';

export interface ListCarriersPorts {
  readonly records: RecordSet;
  readonly accounts: readonly PostalAccount[];
}

/** The carriers orders can go to, and what each connector was proven against: one that met only our own sandbox says so. */
export async function listCarriers({ records, accounts }: ListCarriersPorts): Promise<CarrierListView> {
  const views = accounts.map(async ({ carrier: { carrier, lookup, provenAgainst, numbering, readHint, listDay } }) => ({
    carrier,
    lookup,
    provenAgainst,
    isUnproven: provenAgainst === 'own-sandbox',
    events: readHint === null ? ['poll' as const] : ['poll' as const, 'webhook' as const],
    numbersLeft: numbering === 'pool' ? (await records.postalNumbers.counts(carrier)).free : null,
    canBeReconciled: listDay !== null,
  }));
  return { carriers: await Promise.all(views) };
}

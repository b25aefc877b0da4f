import type { CarrierListView } from '../formats/api/postal.ts';
import type { EntryPointView } from '../formats/api/entry-point.ts';
import type { PostalCarrier } from '../ports/postal-carrier.ts';
import type { RecordSet } from '../ports/records.ts';
import type { PostalAccount } from './order-post.ts';

export interface ListCarriersPorts {
  readonly records: RecordSet;
  readonly accounts: readonly PostalAccount[];
}

/** Carriers whose connector never met the carrier's own system. */
export function unprovenCarriers({ accounts }: Pick<ListCarriersPorts, 'accounts'>): EntryPointView['unprovenConnectors'] {
  return accounts.filter(({ carrier }) => isUnproven(carrier)).map(({ carrier: { carrier, provenAgainst } }) => ({ carrier, provenAgainst }));
}

function isUnproven({ provenAgainst }: PostalCarrier): boolean {
  return provenAgainst === 'own-sandbox';
}

/** The carriers orders can go to, and what each connector was proven against: one that met only our own sandbox says so. */
export async function listCarriers({ records, accounts }: ListCarriersPorts): Promise<CarrierListView> {
  const views = accounts.map(async ({ carrier: connector }) => {
    const { carrier, lookup, provenAgainst, numbering, readHint, listDay, quoteOrder, correctOrder } = connector;
    return {
      carrier,
      lookup,
      provenAgainst,
      isUnproven: isUnproven(connector),
      events: readHint === null ? ['poll' as const] : ['poll' as const, 'webhook' as const],
      numbersLeft: numbering === 'pool' ? (await records.postalNumbers.counts(carrier)).free : null,
      givesQuotes: quoteOrder !== null,
      takesAddressChanges: correctOrder !== null,
      canBeReconciled: listDay !== null,
    };
  });
  return { carriers: await Promise.all(views) };
}

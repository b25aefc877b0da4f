import { GatewayError } from '../domain/errors.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import type { PostalAccount } from '../usecases/order-post.ts';
import { findByScan } from '../usecases/print-post.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { readPostalAccounts } from '../wiring/postal.ts';
import { readPostalRules } from '../wiring/postal-rules.ts';
import type { Common } from './subcommand.ts';
import { withStore, type Administration } from './with-store.ts';

export interface PostAdministration extends Administration {
  readonly accounts: readonly PostalAccount[];
  readonly rules: PostalRules;
}

/** With the accounts of `LIENTHONG_POSTAL_FILE` and the rules of the post, as `serve` has them. */
export function withPost<T>(options: Common, work: (ports: PostAdministration) => Promise<T>): Promise<T> {
  return withStore(options, async (ports) => {
    const dispatcher = outboundAgent({ allow: ports.config.LIENTHONG_OUTBOUND_ALLOW });
    try {
      const accounts = readPostalAccounts(ports.config.LIENTHONG_POSTAL_FILE, ports.clock, dispatcher);
      return await work({ ...ports, accounts, rules: readPostalRules(ports.config.LIENTHONG_POSTAL_RULES_FILE) });
    } finally {
      await dispatcher.destroy();
    }
  });
}

/** The order of that id, number of ours, or number of a parcel. @throws POSTAL_ORDER_NOT_FOUND saying where to look */
export async function orderOf({ records, accounts }: PostAdministration, text: string): Promise<PostalOrder> {
  const order = await findByScan({ records, accounts }, text);
  if (order !== null) return order;
  const unset = accounts.length === 0 ? '; numbers of orders are only known with LIENTHONG_POSTAL_FILE set as for “serve”' : '';
  throw new GatewayError('POSTAL_ORDER_NOT_FOUND', `There is no postal order ${text}: take one from “lienthong postal list”${unset}`);
}

/** @throws CARRIER_UNKNOWN */
export function carriersOf({ accounts }: PostAdministration, name: string | undefined): readonly string[] {
  const names = accounts.map(({ carrier }) => carrier.carrier);
  if (name !== undefined) return [name];
  if (names.length > 0) return names;
  throw new GatewayError('CARRIER_UNKNOWN', 'No carrier is configured here: set LIENTHONG_POSTAL_FILE as for “serve”, or name one with --carrier');
}

import { GatewayError } from '../domain/errors.ts';
import type { PostalOrderId } from '../domain/ids.ts';
import type { Caller } from '../domain/partner.ts';
import type { PostalOrder } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import type { NewPostalOrderInput, PostalQuoteView } from '../formats/api/postal.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import type { RecordSet } from '../ports/records.ts';
import type { Call } from './call.ts';
import { accountOf, buildOrder, checkParty, type PostalAccount } from './order-post.ts';
import { findVisibleOrder } from './read-postal-order.ts';
import { requestOf } from './request-post.ts';

export interface QuotePostPorts {
  readonly records: RecordSet;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly accounts: readonly PostalAccount[];
  readonly rules: PostalRules;
}

/**
 * What an order would cost, before it is ordered: nothing is recorded, and the carrier is told places and weight only.
 * @throws DOSSIER_NOT_FOUND, CARRIER_UNKNOWN, REQUEST_INVALID, CARRIER_NOT_OFFERED; CARRIER_UNAVAILABLE, CARRIER_REFUSED, CARRIER_ANSWER_INVALID, CANCELLED
 */
export async function quotePost(ports: QuotePostPorts, { caller }: Call, input: NewPostalOrderInput, signal?: AbortSignal): Promise<PostalQuoteView> {
  const request = requestOf(input, caller, ports.rules, ports.clock.now());
  await checkParty(ports.records, request);
  return quote(ports, buildOrder(accountOf(ports.accounts, request.carrier), ports.chance, request), signal);
}

/** What an order costs that was ordered. @throws POSTAL_ORDER_NOT_FOUND; as `quotePost` */
export async function quotePostalOrder(ports: QuotePostPorts, caller: Caller, id: PostalOrderId, signal?: AbortSignal): Promise<PostalQuoteView> {
  return quote(ports, await findVisibleOrder(ports.records, caller, id), signal);
}

/** The same for an operator. @throws as above */
export async function quote({ accounts, clock }: Pick<QuotePostPorts, 'accounts' | 'clock'>, order: PostalOrder, signal?: AbortSignal): Promise<PostalQuoteView> {
  const { carrier } = accountOf(accounts, order.carrier);
  if (carrier.quoteOrder === null) throw new GatewayError('CARRIER_NOT_OFFERED', `${order.carrier} gives no prices to other systems: ask by telephone, or see its tariff`);
  const faults = [...carrier.checkOrder(order), ...carrier.unmappedPlaces(order)];
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', `${order.carrier} cannot price this order`, { faults });
  const services = await carrier.quoteOrder(order, signal);
  return { carrier: order.carrier, provenAgainst: carrier.provenAgainst, currency: 'VND', services: [...services], quotedAt: clock.now().toISOString() };
}

import { GatewayError } from '../domain/errors.ts';
import { placeFaults } from '../domain/places.ts';
import { isoDayInVietnam } from '../domain/postal-limits.ts';
import type { PostalDetail } from '../domain/postal-order.ts';
import type { PostalRules } from '../domain/postal-rules.ts';
import type { PostalParty } from '../domain/postal-address.ts';
import type { Caller } from '../domain/partner.ts';
import { NO_HISTORY, postalOrderViewOf } from '../formats/api/postal-views.ts';
import type { NewPostalOrderInput, PostalOrderView } from '../formats/api/postal.ts';
import type { Chance } from '../ports/chance.ts';
import type { JobQueue } from '../ports/job-queue.ts';
import type { Wake } from '../ports/outbox.ts';
import { answerOnce, type OncePorts } from './answer-once.ts';
import type { Call, Once } from './call.ts';
import { orderPost, type OrderPostRequest, type PostalAccount } from './order-post.ts';

export interface RequestPostPorts extends OncePorts {
  readonly chance: Chance;
  readonly queue: JobQueue;
  readonly accounts: readonly PostalAccount[];
  readonly rules: PostalRules;
}

/**
 * Takes a partner's order for one leg of a dossier; the order and the stored answer are recorded in one transaction, and the carrier is
 * called after it. What the carrier makes of it shows in the order's state and comes to the dossier's parties as a message.
 * @throws as `orderPost` and `answerOnce`
 */
export async function requestPost(ports: RequestPostPorts, call: Call, input: NewPostalOrderInput): Promise<Once<PostalOrderView>> {
  let wakes: readonly Wake[] = [];
  const answer = await answerOnce(ports, call, { operation: 'POST /v1/postal-orders', status: 202, input }, async (records) => {
    const ordered = await orderPost(records, ports.accounts, ports.chance, requestOf(input, call.caller, ports.rules, ports.clock.now()));
    wakes = ordered.wakes;
    return postalOrderViewOf(ordered.order, NO_HISTORY, ports.rules);
  });
  ports.queue.wake(wakes);
  return answer;
}

/** What a partner asks for. @throws REQUEST_INVALID */
export function requestOf(input: NewPostalOrderInput, { partnerId }: Caller, rules: PostalRules, at: Date): OrderPostRequest {
  checkPlaces(input, rules, at);
  const { dossierCode, leg, revision, carrier } = input;
  return { dossierCode, leg, revision, carrier, requestedBy: partnerId, detail: detailOf(input), at };
}

function detailOf(input: NewPostalOrderInput): PostalDetail {
  const { sender, recipient, contents, codAmountVnd, fees, delivery, sealNumber, weightG, roundTripOf, note } = input;
  const cashOnDelivery = { purpose: 'COD_OTHER', payer: 'recipient', amountVnd: codAmountVnd, collectBy: 'POST' } as const;
  return {
    sender: partyOf(sender),
    recipient: partyOf(recipient),
    contents,
    fees: codAmountVnd === 0 ? fees : [...fees, cashOnDelivery],
    delivery: { rule: delivery.rule, identityCheck: delivery.identityCheck, authorised: delivery.authorised ?? null },
    sealNumber: sealNumber ?? null,
    weightG: weightG ?? null,
    roundTripOf: roundTripOf ?? null,
    note: note ?? null,
  };
}

/** A code that is in no official list is a slip of the caller's. @throws REQUEST_INVALID */
function checkPlaces(input: NewPostalOrderInput, { places }: PostalRules, at: Date): void {
  const faults = (['sender', 'recipient'] as const).flatMap((end) =>
    placeFaults(partyOf(input[end]).address, places, isoDayInVietnam(at)).map(({ field, detail }) => ({ pointer: `/${end}/address/${field}`, detail })),
  );
  if (faults.length > 0) throw new GatewayError('REQUEST_INVALID', 'An address names a place that is not in the official list', { faults });
}

function partyOf({ name, phone, email, address }: NewPostalOrderInput['sender']): PostalParty {
  const { line, provinceCode, districtCode, communeCode } = address;
  return { name, phone, email: email ?? null, address: { line, provinceCode, districtCode: districtCode ?? null, communeCode: communeCode ?? null } };
}

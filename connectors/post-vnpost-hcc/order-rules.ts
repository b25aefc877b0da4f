import type { InputFault } from '../../src/domain/errors.ts';
import type { PostalParty } from '../../src/domain/postal-address.ts';
import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { Resolved } from './settings.ts';

type Rules = Pick<Resolved, 'maxCodVnd'>;

/** What the service calls mandatory, in our own names; pointers are those of the request for a postal order. */
export function checkVnpostOrder(order: PostalOrder, rules: Rules): InputFault[] {
  const { sender, recipient } = order.detail;
  return [...checkParty('/sender', sender), ...checkParty('/recipient', recipient), ...checkMoney(order, rules)];
}

/** Provinces without a number of VNPost's. */
export function unmappedVnpostPlaces({ detail }: PostalOrder, { provinceCodes }: Pick<Resolved, 'provinceCodes'>): InputFault[] {
  return (['sender', 'recipient'] as const).flatMap((end) => {
    const { provinceCode } = detail[end].address;
    if (provinceCodes[provinceCode] !== undefined) return [];
    return [{ pointer: `/${end}/address/provinceCode`, detail: `the province ${provinceCode} has no VNPost number yet: add it to the carrier’s provinceCodes` }];
  });
}

function checkParty(pointer: string, party: PostalParty): InputFault[] {
  const faults: InputFault[] = [];
  if (party.name.trim() === '') faults.push({ pointer: `${pointer}/name`, detail: 'VNPost needs a name' });
  if (!/^\+?[\d .()-]{8,20}$/.test(party.phone)) faults.push({ pointer: `${pointer}/phone`, detail: 'VNPost needs a telephone number of 8 to 20 digits' });
  if (party.address.line.trim() === '') faults.push({ pointer: `${pointer}/address/line`, detail: 'VNPost needs the address in words' });
  return faults;
}

function checkMoney({ detail }: PostalOrder, { maxCodVnd }: Rules): InputFault[] {
  const amount = collectedByPostVnd(detail.fees);
  if (!Number.isSafeInteger(amount) || detail.fees.some(({ amountVnd }) => !Number.isSafeInteger(amountVnd) || amountVnd < 0)) {
    return [{ pointer: '/codAmountVnd', detail: 'Amounts must be whole đồng, not negative' }];
  }
  return maxCodVnd !== undefined && amount > maxCodVnd ? [{ pointer: '/codAmountVnd', detail: `VNPost collects at most ${maxCodVnd} đồng` }] : [];
}

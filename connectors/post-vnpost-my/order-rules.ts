import type { InputFault } from '../../src/domain/errors.ts';
import type { PostalParty } from '../../src/domain/postal-address.ts';
import { collectedByPostVnd, type PostalOrder } from '../../src/domain/postal-order.ts';
import type { Resolved } from './settings.ts';

type Rules = Pick<Resolved, 'maxCodVnd'>;

/** What the service needs, in our own names; pointers are those of the request for a postal order. */
export function checkVnpostMyOrder({ detail }: PostalOrder, rules: Rules): InputFault[] {
  const { sender, recipient, fees, weightG } = detail;
  const faults = [...checkParty('/sender', sender), ...checkParty('/recipient', recipient)];
  if (weightG !== null && (!Number.isSafeInteger(weightG) || weightG < 1)) faults.push({ pointer: '/weightG', detail: 'must be at least one gram' });
  const amount = collectedByPostVnd(fees);
  if (!Number.isSafeInteger(amount) || fees.some(({ amountVnd }) => !Number.isSafeInteger(amountVnd) || amountVnd < 0)) faults.push({ pointer: '/codAmountVnd', detail: 'Amounts must be whole đồng, not negative' });
  else if (rules.maxCodVnd !== undefined && amount > rules.maxCodVnd) faults.push({ pointer: '/codAmountVnd', detail: `VNPost collects at most ${rules.maxCodVnd} đồng` });
  return faults;
}

function checkParty(pointer: string, { name, phone, address }: PostalParty): InputFault[] {
  const faults: InputFault[] = [];
  if (name.trim() === '') faults.push({ pointer: `${pointer}/name`, detail: 'VNPost needs a name' });
  if (!/^\+?[\d .()-]{8,20}$/.test(phone)) faults.push({ pointer: `${pointer}/phone`, detail: 'VNPost needs a telephone number of 8 to 20 digits' });
  if (address.line.trim() === '') faults.push({ pointer: `${pointer}/address/line`, detail: 'VNPost needs the address in words' });
  if (address.communeCode === null) faults.push({ pointer: `${pointer}/address/communeCode`, detail: 'VNPost needs the commune: addresses have two levels' });
  return faults;
}

/** Provinces and communes without a code of VNPost's. */
export function unmappedVnpostMyPlaces({ detail }: PostalOrder, { provinces, communes }: Pick<Resolved, 'provinces' | 'communes'>): InputFault[] {
  return (['sender', 'recipient'] as const).flatMap((end) => {
    const { provinceCode, communeCode } = detail[end].address;
    const faults: InputFault[] = [];
    if (provinces[provinceCode] === undefined) faults.push({ pointer: `/${end}/address/provinceCode`, detail: `the province ${provinceCode} has no VNPost code yet: add it to the carrier’s provinces` });
    if (communeCode !== null && communes[communeCode] === undefined) faults.push({ pointer: `/${end}/address/communeCode`, detail: `the commune ${communeCode} has no VNPost code yet: add it to the carrier’s communes` });
    return faults;
  });
}

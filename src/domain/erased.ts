import type { NewAddress } from './postal-address-change.ts';
import type { PostalDetail } from './postal-order.ts';
import type { PostalParty } from './postal-address.ts';

/** What stands where personal data was erased. */
export const ERASED_TEXT = '(đã xóa)';
export const ERASED_BODY = { erased: true } as const;

/** The order as it was, without who and where: kinds, amounts and codes of places stay. */
export function erasedPostalDetail(detail: PostalDetail): PostalDetail {
  const contents = detail.contents.map((item) => ({ ...item, title: ERASED_TEXT }));
  return { ...detail, sender: erasedParty(detail.sender), recipient: erasedParty(detail.recipient), contents, delivery: { ...detail.delivery, authorised: null }, note: null };
}

/** That an address was changed stays, and to which place by its codes. */
export function erasedAddress({ address, phone }: NewAddress): NewAddress {
  return { address: { ...address, line: ERASED_TEXT }, phone: phone === null ? null : ERASED_TEXT };
}

function erasedParty({ address }: PostalParty): PostalParty {
  return { name: ERASED_TEXT, phone: ERASED_TEXT, email: null, address: { ...address, line: ERASED_TEXT } };
}

import type { ContentItem, DeliveryTerms, PostalDetail } from './postal-order.ts';

/** What the postal worker has to know, in Vietnamese, for carriers whose forms have one field for all of it: what is not told is not done. */

export const PAPER_KINDS_IN_WORDS = { original: 'bản chính', copy: 'bản sao', 'certified-copy': 'bản sao chứng thực' } as const satisfies Record<ContentItem['kind'], string>;

/** Circular 17/2017 Art. 5.1g: each paper marked as original or copy, with its count. */
export function contentsInWords(contents: readonly ContentItem[]): string {
  return contents.map(({ title, kind, copies }, index) => `${index + 1}. ${title} (${PAPER_KINDS_IN_WORDS[kind]}, ${copies} bản)`).join('; ');
}

export const DELIVERY_RULES_IN_WORDS = {
  TO_NAMED_PERSON_ONLY: 'chỉ phát cho đúng người nhận',
  HOUSEHOLD: 'phát cho người nhận hoặc người cùng hộ',
  AGENCY_DESK: 'phát tại bộ phận Một cửa',
} as const satisfies Record<DeliveryTerms['rule'], string>;

/** Note, delivery rule, identity check, authorised recipient and seal. Holds personal data. */
export function instructionsInWords({ note, delivery, sealNumber }: Pick<PostalDetail, 'note' | 'delivery' | 'sealNumber'>): string {
  const { rule, identityCheck, authorised } = delivery;
  const parts = [
    note,
    DELIVERY_RULES_IN_WORDS[rule],
    identityCheck ? 'kiểm tra giấy tờ tùy thân' : null,
    authorised === null ? null : `người được ủy quyền: ${authorised.name} (văn bản ủy quyền ${authorised.authorisationRef})`,
    sealNumber === null ? null : `niêm phong số ${sealNumber}`,
  ];
  return parts.filter((part) => part !== null).join('; ');
}

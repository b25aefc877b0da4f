import { addressInWords, type Places } from '../../domain/places.ts';
import type { PostalParty } from '../../domain/postal-address.ts';
import { isoDayInVietnam } from '../../domain/postal-limits.ts';
import { collectedByPostVnd, type PostalDetail, type PostalLeg, type PostalOrder } from '../../domain/postal-order.ts';

/** What the papers of one order say. Personal data: for print, not for logs. */
export interface PaperOrder {
  readonly id: string;
  readonly orderNumber: string;
  readonly trackingNumber: string | null;
  readonly dossierCode: string;
  readonly procedure: string;
  readonly leg: PostalLeg;
  readonly carrier: string;
  readonly sender: PaperParty;
  readonly recipient: PaperParty;
  readonly detail: Pick<PostalDetail, 'contents' | 'fees' | 'delivery' | 'sealNumber' | 'weightG' | 'note'>;
  readonly collectVnd: number;
  readonly orderedAt: Date;
  /** When the post took the papers (J); null: it has not yet. */
  readonly acceptedAt: Date | null;
  readonly deliverBy: Date | null;
  readonly legalBasis: string | null;
}

export interface PaperParty {
  readonly name: string;
  readonly phone: string;
  readonly email: string | null;
  readonly address: string;
}

export interface PaperFacts {
  readonly procedure: string;
  readonly places: Places;
  readonly acceptedAt: Date | null;
  readonly deliverBy: Date | null;
  readonly legalBasis: string | null;
}

export function paperOrderOf(order: PostalOrder, { places, ...facts }: PaperFacts): PaperOrder {
  const { id, orderNumber, trackingNumber, dossierCode, leg, carrier, createdAt, detail } = order;
  const { sender, recipient, contents, fees, delivery, sealNumber, weightG, note } = detail;
  const partyOf = ({ name, phone, email, address }: PostalParty): PaperParty => ({ name, phone, email, address: addressInWords(address, places, isoDayInVietnam(createdAt)) });
  return {
    id, orderNumber, trackingNumber, dossierCode, leg, carrier, ...facts,
    sender: partyOf(sender),
    recipient: partyOf(recipient),
    detail: { contents, fees, delivery, sealNumber, weightG, note },
    collectVnd: collectedByPostVnd(fees),
    orderedAt: createdAt,
  };
}

/** What scanners look for: the carrier's number of the parcel, or the order's as long as there is none. */
export function scannedNumberOf({ trackingNumber, orderNumber }: Pick<PaperOrder, 'trackingNumber' | 'orderNumber'>): string {
  return trackingNumber ?? orderNumber;
}

const VIETNAM_MS = 7 * 3_600_000;

/** `dd/MM/yyyy HH:mm` in Vietnam. */
export function timeInWords(at: Date): string {
  const [date = '', time = ''] = new Date(at.getTime() + VIETNAM_MS).toISOString().split('T');
  return `${date.split('-').reverse().join('/')} ${time.slice(0, 5)}`;
}

/** `1.234.567 đồng`. */
export function vndInWords(amount: number): string {
  return `${String(amount).replace(/\B(?=(\d{3})+$)/g, '.')} đồng`;
}

export const LEGS_IN_WORDS = { COLLECT_DOSSIER: 'Thu gom hồ sơ', DELIVER_RESULT: 'Chuyển trả kết quả', RETURN_DOSSIER: 'Trả lại hồ sơ', SUPPLEMENT_DOCS: 'Bổ sung hồ sơ' } as const satisfies Record<PostalLeg, string>;

import { isAgencyCode, type AgencyCode } from './agency-code.ts';
import { GatewayError } from './errors.ts';
import type { DeliveryId, MessageId, PartnerId, PostalOrderId } from './ids.ts';

/** `<agency code>-YYMMDD-NNNN` (Circular 01/2018/TT-VPCP Art. 19); 4 to 7 digits, since the national portals use longer serials. */
declare const brand: unique symbol;
export type DossierCode = string & { readonly [brand]: 'DossierCode' };

export interface DossierCodeParts {
  readonly agency: AgencyCode;
  /** Date of reception as written: YYMMDD, Vietnamese calendar day. */
  readonly day: string;
  readonly serial: number;
}

const FORM = /^([0-9A-Z.]{1,35})-(\d{2})(\d{2})(\d{2})-(\d{4,7})$/;

export function readDossierCode(text: string): DossierCodeParts | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const [, agency = '', year = '', month = '', day = '', serial = ''] = match;
  const date = new Date(Date.UTC(2000 + Number(year), Number(month) - 1, Number(day)));
  const exact = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return exact && isAgencyCode(agency) ? { agency, day: `${year}${month}${day}`, serial: Number(serial) } : null;
}

/** @throws DOSSIER_CODE_INVALID */
export function parseDossierCode(text: string): DossierCode {
  if (readDossierCode(text) !== null) return text as DossierCode;
  throw new GatewayError('DOSSIER_CODE_INVALID', 'Not a dossier code: use <agency code>-YYMMDD-NNNN, such as H57.12.03-261124-0001');
}

/** The day in Vietnam (UTC+7, no daylight saving) as YYMMDD. */
export function dayInVietnam(now: Date): string {
  return new Date(now.getTime() + 7 * 3_600_000).toISOString().slice(2, 10).replaceAll('-', '');
}

/** Past 9,999 a day the serial grows a digit; the circular is silent on it. */
export function buildDossierCode(agency: AgencyCode, day: string, serial: number): DossierCode {
  return `${agency}-${day}-${String(serial).padStart(4, '0')}` as DossierCode;
}

export interface Procedure {
  /** Code of the national list of procedures, such as `1.004238.H57`. */
  readonly code: string;
  readonly name: string;
}

/** Personal data: stored sealed, shown only to the dossier's parties. */
export interface Applicant {
  readonly name: string;
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
  readonly address?: string | undefined;
  readonly identityNumber?: string | undefined;
}

export interface Dossier {
  readonly code: DossierCode;
  readonly ownerPartnerId: PartnerId;
  readonly agencyCode: AgencyCode;
  readonly procedure: Procedure;
  readonly title: string;
  readonly applicant: Applicant | null;
  readonly state: DossierState;
  readonly createdAt: Date;
}

/** Where a dossier stands, as its messages tell it; the gateway decides nothing of the procedure itself. */
export const DOSSIER_STATES = ['open', 'submitted', 'accepted', 'refused', 'supplementing', 'in-progress', 'result-sent', 'result-taken-in', 'withdrawn', 'recalled'] as const;
export type DossierState = (typeof DOSSIER_STATES)[number];

/** What can stand on a dossier's one timeline. Append-only; `seq` counts from 1 per dossier. */
export const DOSSIER_EVENT_KINDS = [
  'dossier.created',
  'message.accepted',
  'message.delivered',
  'message.parked',
  'message.replayed',
  'message.cancelled',
  'message.skipped',
  'message.superseded',
  'signature.made',
  'document.verified',
  'postal.ordered',
  'postal.accepted',
  'postal.refused',
  'postal.unknown',
  'postal.event',
  'postal.delivered',
  'postal.cancelled',
  'postal.address-changed',
  'postal.resolved',
  'postal.handed-over',
  'postal.fees-collected',
  'postal.proof',
  'dossier.submitted-by-post',
  'dossier.erased',
] as const;
export type DossierEventKind = (typeof DOSSIER_EVENT_KINDS)[number];

export interface DossierEvent {
  readonly seq: number;
  readonly kind: DossierEventKind;
  readonly at: Date;
  /** The partner that acted; null: the gateway itself. */
  readonly actor: PartnerId | null;
  readonly messageId: MessageId | null;
  readonly deliveryId: DeliveryId | null;
  readonly postalOrderId: PostalOrderId | null;
  /** Facts for people and systems; ids, digests, states, codes: no personal data. */
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

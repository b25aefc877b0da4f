import type { DocumentId } from './ids.ts';
import type { IDENTITY_PAPERS, PostalFee, PostalLeg, TrackedState } from './postal-order.ts';

/** What a clerk can say about a parcel in the counter's name: hand-overs by minutes, and attempts at a door. */
export const MANUAL_ENTRIES = ['CITIZEN_TO_POST', 'POST_TO_AGENCY', 'AGENCY_TO_POST', 'POST_TO_CITIZEN', 'ATTEMPT_FAILED', 'RETURNED_TO_AGENCY'] as const;
export type ManualEntry = (typeof MANUAL_ENTRIES)[number];

/** Why nobody received it, and what the postal worker did about it. */
export const ATTEMPT_REASONS = ['nobody-home', 'refused', 'wrong-address', 'no-identity-document', 'fee-not-paid', 'asked-for-another-day', 'other'] as const;
export const ATTEMPT_ACTIONS = ['notice-left', 'retry', 'held-at-office', 'return'] as const;

export interface AttemptFacts {
  readonly reason: (typeof ATTEMPT_REASONS)[number];
  readonly action: (typeof ATTEMPT_ACTIONS)[number];
}

/**
 * Minutes of a hand-over (biên bản giao nhận): both sides counted the papers and signed.
 * @see Decision 45/2016/QĐ-TTg Art. 7.3, 7.4
 */
export interface HandoverMinutes {
  readonly minutesNumber: string;
  readonly counted: number;
  /** All papers of the list were there. Incomplete minutes are no submission: that is made by those of the full supplement. */
  readonly complete: boolean;
  readonly discrepancy: string | null;
}

/** Money that was taken, with the number of the receipt given for it (Decision 45/2016 Art. 6.6). */
export interface CollectedFee {
  readonly purpose: PostalFee['purpose'];
  /** Whole đồng. */
  readonly amountVnd: number;
  /** The postal worker, as a rule. */
  readonly collectedBy: PostalFee['collectBy'];
  readonly receiptNumber: string;
}

export const RECEIVERS = ['named-person', 'authorised-person', 'household', 'agency-desk'] as const;

/** Who took it in fact. Personal data: stored sealed, shown to nobody but those who open the sealed record. */
export interface ProofRecipient {
  readonly name: string;
  /** To the person on the label, such as "vợ"; null: it is that person. */
  readonly relation: string | null;
  /** What was looked at, and the last digits of its number: enough to find it again, too little to use it. */
  readonly paper: { readonly kind: (typeof IDENTITY_PAPERS)[number]; readonly ending: string } | null;
}

/** What shows that the parcel was handed over: stored documents, such as a photograph or a signature, and who took it. At least one of the two. */
export interface DeliveryProof {
  readonly documents: readonly DocumentId[];
  readonly receivedBy: (typeof RECEIVERS)[number];
  readonly recipient: ProofRecipient | null;
}

const WITH_CITIZEN: readonly ManualEntry[] = ['CITIZEN_TO_POST', 'POST_TO_CITIZEN'];
const ARRIVALS: readonly ManualEntry[] = ['POST_TO_CITIZEN', 'POST_TO_AGENCY'];

/** Money changes hands where a citizen does. */
export function takesFees(entry: ManualEntry): boolean {
  return WITH_CITIZEN.includes(entry);
}

export function isArrival(entry: ManualEntry): boolean {
  return ARRIVALS.includes(entry);
}

const INTO_OFFICE: readonly PostalLeg[] = ['COLLECT_DOSSIER', 'SUPPLEMENT_DOCS'];

/** Where the parcel stands after the entry; which legs know it at all follows from which way they go. Null: this leg has no such hand-over. */
export function stateAfterEntry(entry: ManualEntry, leg: PostalLeg): TrackedState | null {
  const inward = INTO_OFFICE.includes(leg);
  switch (entry) {
    case 'CITIZEN_TO_POST':
      return inward ? 'PICKED_UP' : null;
    case 'POST_TO_AGENCY':
      return inward ? 'DELIVERED' : null;
    case 'AGENCY_TO_POST':
      return inward ? null : 'PICKED_UP';
    case 'POST_TO_CITIZEN':
      return inward ? null : 'DELIVERED';
    case 'ATTEMPT_FAILED':
      return inward ? 'PICKUP_FAILED' : 'DELIVERY_FAILED';
    case 'RETURNED_TO_AGENCY':
      return inward ? null : 'RETURNED';
  }
}

/** Whether these minutes make the time at which the dossier counts as submitted. @see Decision 45/2016/QĐ-TTg Art. 7.4 */
export function isSubmission(entry: ManualEntry, leg: PostalLeg, minutes: HandoverMinutes | null): boolean {
  return entry === 'POST_TO_AGENCY' && INTO_OFFICE.includes(leg) && minutes?.complete === true;
}

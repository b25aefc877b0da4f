import type { AgencyCode } from '../domain/agency-code.ts';
import type { Dossier, DossierCode, DossierEvent, DossierState } from '../domain/dossier.ts';
import type { PartnerId } from '../domain/ids.ts';

export type NewDossierEvent = Omit<DossierEvent, 'seq'>;

/** What an event changes of its dossier. */
export interface DossierChange {
  /** Null: it stays as it is. */
  readonly state: DossierState | null;
  /** Become parties as of the event, those that are none yet. */
  readonly parties: readonly PartnerId[];
}

export interface DossierRecords {
  /** Next serial of the agency's day, counted under a row lock; meant to run in the transaction that adds the dossier. */
  nextSerial(agencyCode: AgencyCode, day: string): Promise<number>;
  /** Adds the dossier with its owner as first party. @throws DOSSIER_EXISTS */
  add(dossier: Dossier): Promise<void>;
  find(code: DossierCode): Promise<Dossier | null>;
  isParty(code: DossierCode, partnerId: PartnerId): Promise<boolean>;
  parties(code: DossierCode): Promise<readonly PartnerId[]>;
  /** The same for many dossiers. */
  partiesOf(codes: readonly DossierCode[]): Promise<ReadonlyMap<DossierCode, readonly PartnerId[]>>;
  /** Newest first. */
  listFor(partnerId: PartnerId, limit: number): Promise<readonly Dossier[]>;
  /** Appends to the timeline with the next `seq`, under the dossier's row lock, with what the event changes. @throws DOSSIER_NOT_FOUND */
  addEvent(code: DossierCode, event: NewDossierEvent, change?: DossierChange): Promise<DossierEvent>;
  /** The same for events of many dossiers in one statement, those of one in the order given. @throws DOSSIER_NOT_FOUND */
  addEvents(events: readonly (NewDossierEvent & { readonly dossierCode: DossierCode })[]): Promise<void>;
  events(code: DossierCode, afterSeq: number, limit: number): Promise<readonly DossierEvent[]>;
}

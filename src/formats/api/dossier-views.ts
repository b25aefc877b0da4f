import type { Dossier, DossierEvent } from '../../domain/dossier.ts';
import type { PartnerId } from '../../domain/ids.ts';
import type { DossierEventView, DossierSummary, DossierView } from './dossiers.ts';

/** A dossier with its applicant: for its parties only, and every time recorded in the audit trail. */
export function dossierViewOf(dossier: Dossier, parties: readonly PartnerId[]): DossierView {
  const { applicant } = dossier;
  return { ...dossierSummaryOf(dossier), applicant: applicant === null ? null : { ...applicant }, parties: [...parties] };
}

/** Without personal data, for lists. */
export function dossierSummaryOf({ code, agencyCode, procedure, title, state, ownerPartnerId, createdAt }: Dossier): DossierSummary {
  return { code, agencyCode, procedure: { ...procedure }, title, state, owner: ownerPartnerId, createdAt: createdAt.toISOString() };
}

export function dossierEventViewOf({ seq, kind, at, actor, messageId, deliveryId, postalOrderId, data }: DossierEvent): DossierEventView {
  return { seq, kind, at: at.toISOString(), actor, messageId, deliveryId, postalOrderId, data: { ...data } };
}

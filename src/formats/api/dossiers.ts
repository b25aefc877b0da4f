import { z } from 'zod';
import { DOSSIER_EVENT_KINDS, DOSSIER_STATES } from '../../domain/dossier.ts';
import { agencyCode, dossierCode, instant, partnerId, text } from './primitives.ts';

export const applicant = z
  .strictObject({
    name: text(200),
    phone: text(30).optional(),
    email: z.email().max(254).optional(),
    address: text(500).optional(),
    identityNumber: text(30).optional(),
  })
  .meta({ id: 'Applicant', description: 'Personal data; stored sealed, shown only to the dossier’s parties.' });

/** `POST /v1/dossiers`: with `code` as the one-stop desk issued it, or without, and the gateway issues the agency's next one of the day. */
export const newDossier = z
  .strictObject({
    code: dossierCode.optional(),
    agencyCode,
    procedure: z.strictObject({ code: text(60), name: text(500) }),
    title: text(500),
    applicant: applicant.optional(),
  })
  .meta({ id: 'NewDossier' });
export type NewDossierInput = z.output<typeof newDossier>;

export const dossierView = z
  .strictObject({
    code: dossierCode,
    agencyCode,
    procedure: z.strictObject({ code: z.string(), name: z.string() }),
    title: z.string(),
    applicant: applicant.nullable(),
    state: z.enum(DOSSIER_STATES),
    owner: partnerId,
    parties: z.array(partnerId),
    createdAt: instant,
  })
  .meta({ id: 'Dossier' });
export type DossierView = z.output<typeof dossierView>;

/** A dossier in a list: without personal data. */
export const dossierSummary = dossierView.omit({ applicant: true, parties: true }).meta({ id: 'DossierSummary' });
export type DossierSummary = z.output<typeof dossierSummary>;

/** `GET /v1/dossiers`: newest first. */
export const dossierList = z.strictObject({ dossiers: z.array(dossierSummary) }).meta({ id: 'DossierList' });

export const dossierEventView = z
  .strictObject({
    seq: z.int().positive(),
    kind: z.enum(DOSSIER_EVENT_KINDS),
    at: instant,
    actor: z.string().nullable(),
    messageId: z.string().nullable(),
    deliveryId: z.string().nullable(),
    postalOrderId: z.string().nullable(),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  })
  .meta({ id: 'DossierEvent' });
export type DossierEventView = z.output<typeof dossierEventView>;

/** `GET /v1/dossiers/{code}`: the dossier and its one timeline. */
export const dossierTimeline = z.strictObject({ dossier: dossierView, timeline: z.array(dossierEventView), nextAfterSeq: z.int().nullable() }).meta({ id: 'DossierTimeline' });
export type DossierTimeline = z.output<typeof dossierTimeline>;

import type { DossierCode } from '../domain/dossier.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Caller } from '../domain/partner.ts';
import { dossierEventViewOf, dossierSummaryOf, dossierViewOf } from '../formats/api/dossier-views.ts';
import type { DossierSummary, DossierTimeline } from '../formats/api/dossiers.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

export interface ReadDossierPorts {
  readonly records: Records;
  readonly clock: Clock;
}

export interface TimelinePage {
  /** 0 for the start. */
  readonly afterSeq: number;
  readonly limit: number;
}

/**
 * A dossier and a page of its timeline, for its parties; to others it does not exist. Each reading is audited, since the answer holds
 * personal data.
 * @throws DOSSIER_NOT_FOUND
 */
export async function readDossier({ records, clock }: ReadDossierPorts, caller: Caller, code: DossierCode, { afterSeq, limit }: TimelinePage): Promise<DossierTimeline> {
  const dossier = (await records.dossiers.isParty(code, caller.partnerId)) ? await records.dossiers.find(code) : null;
  if (dossier === null) throw noSuchDossier(code);
  await records.audit.add({ at: clock.now(), actor: `partner:${caller.partnerId}`, action: 'read-dossier', subject: `dossier:${code}`, detail: { apiKey: caller.keyId, afterSeq } });
  const [parties, events] = await Promise.all([records.dossiers.parties(code), records.dossiers.events(code, afterSeq, limit)]);
  const last = events.at(-1);
  return {
    dossier: dossierViewOf(dossier, parties),
    timeline: events.map(dossierEventViewOf),
    nextAfterSeq: last !== undefined && events.length === limit ? last.seq : null,
  };
}

/** The dossiers a partner is party to, newest first, without personal data. */
export async function listDossiers({ records }: ReadDossierPorts, caller: Caller, limit: number): Promise<{ readonly dossiers: DossierSummary[] }> {
  const dossiers = await records.dossiers.listFor(caller.partnerId, limit);
  return { dossiers: dossiers.map(dossierSummaryOf) };
}

export function noSuchDossier(code: DossierCode): GatewayError {
  return new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${code}, or you are not a party of it`);
}

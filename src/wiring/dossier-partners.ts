import type { Dispatcher } from 'undici';
import { createRestPartner } from '../../connectors/partner-rest/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DossierPartners } from '../ports/dossier-partner.ts';
import type { Records } from '../ports/records.ts';
import type { Sealing } from '../ports/sealing.ts';
import { webhookSecretContext } from '../usecases/administer-partners.ts';

export interface DossierPartnersSettings {
  readonly records: Records;
  readonly sealing: Sealing;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly totalTimeoutMs?: number;
}

/** Connectors of the partners that are pushed to. Built for each attempt, so that a changed URL or secret counts at once. */
export function dossierPartners({ records, sealing, ...rest }: DossierPartnersSettings): DossierPartners {
  return {
    async of(partner) {
      const sealed = await records.partners.webhookSecretSealed(partner.id);
      if (sealed === null) throw new GatewayError('PARTNER_UNAVAILABLE', `The partner ${partner.id} has no webhook secret: give it one`);
      const webhookSecret = new TextDecoder().decode(sealing.open(sealed, webhookSecretContext(partner.id)));
      return createRestPartner({ ...rest, partner, webhookSecret });
    },
  };
}

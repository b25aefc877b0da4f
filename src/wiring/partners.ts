import type { Dispatcher } from 'undici';
import { createRestPartner } from '../../connectors/partner-rest/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DossierPartners } from '../ports/dossier-partner.ts';
import type { Records } from '../ports/records.ts';
import type { Sealing } from '../ports/sealing.ts';
import { webhookSecretContext } from '../usecases/administer-partners.ts';

export interface PartnerConnectorPorts {
  readonly records: Records;
  readonly sealing: Sealing;
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
}

/** Connectors to partners that are pushed to. The secret is read for each attempt, so that a renewed one is used at once. */
export function restPartners({ records, sealing, clock, dispatcher }: PartnerConnectorPorts): DossierPartners {
  return {
    async of(partner) {
      const sealed = await records.partners.webhookSecretSealed(partner.id);
      if (sealed === null) throw new GatewayError('PARTNER_UNAVAILABLE', `The partner ${partner.id} has no webhook secret: give it a new one`);
      const webhookSecret = new TextDecoder().decode(sealing.open(sealed, webhookSecretContext(partner.id)));
      return createRestPartner({ partner, webhookSecret, dispatcher, clock });
    },
  };
}

import type { Dispatcher } from 'undici';
import { createRestPartner } from '../../connectors/partner-rest/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Partner } from '../domain/partner.ts';
import type { DossierPartners } from '../ports/dossier-partner.ts';
import { webhookSecretContext } from '../usecases/administer-partners.ts';
import type { WebhookKeyPorts } from '../usecases/webhook-keys.ts';
import { rememberPushKeys } from './push-keys.ts';

export interface DossierPartnersSettings extends WebhookKeyPorts {
  readonly dispatcher: Dispatcher;
  readonly totalTimeoutMs?: number;
}

/** Connectors of the partners that are pushed to. Built for each attempt, so that a changed URL or secret counts at once. */
export function dossierPartners(settings: DossierPartnersSettings): DossierPartners {
  const { dispatcher, clock, totalTimeoutMs } = settings;
  const pushKeys = rememberPushKeys(settings);
  return {
    async of({ partner, webhookSecretsSealed }) {
      const webhookSecret = webhookSecretOf(settings, partner, webhookSecretsSealed);
      const keys = await pushKeys();
      return createRestPartner({ partner, webhookSecret, pushKeys: keys, dispatcher, clock, ...(totalTimeoutMs !== undefined && { totalTimeoutMs }) });
    },
  };
}

/** Several, separated by spaces, while one replaces the other. */
function webhookSecretOf({ sealing }: DossierPartnersSettings, { id }: Partner, sealed: readonly Uint8Array[]): string {
  if (sealed.length === 0) throw new GatewayError('PARTNER_UNAVAILABLE', `The partner ${id} has no webhook secret: give it one`);
  return sealed.map((box) => new TextDecoder().decode(sealing.open(box, webhookSecretContext(id)))).join(' ');
}

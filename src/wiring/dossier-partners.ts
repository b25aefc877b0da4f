import type { Dispatcher } from 'undici';
import { createRestPartner, pingRestPartner, type PartnerRestSettings } from '../../connectors/partner-rest/index.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Partner } from '../domain/partner.ts';
import type { PartnerProbe } from '../ports/partner-probe.ts';
import type { Recipient } from '../ports/partner-records.ts';
import type { DossierPartners } from '../ports/dossier-partner.ts';
import { webhookSecretContext } from '../usecases/administer-partners.ts';
import type { WebhookKeyPorts } from '../usecases/webhook-keys.ts';
import { rememberIncarnation } from './incarnation.ts';
import { rememberPushKeys } from './push-keys.ts';

export interface DossierPartnersSettings extends WebhookKeyPorts {
  readonly dispatcher: Dispatcher;
  readonly totalTimeoutMs?: number;
  /** Checkpoint of the evidence log that goes with every push. Default: none. */
  readonly newestNote?: () => Promise<string | null>;
}

/** Connectors of the partners that are pushed to. Built for each attempt, so that a changed URL or secret counts at once. */
export function dossierPartners(settings: DossierPartnersSettings): DossierPartners {
  const lineTo = lines(settings);
  return { of: async (recipient) => createRestPartner(await lineTo(recipient)) };
}

/** The same lines, tried out. */
export function partnerProbe(settings: DossierPartnersSettings): PartnerProbe {
  const lineTo = lines(settings);
  return { ping: async (recipient, pingId, forged, signal) => pingRestPartner(await lineTo(recipient), pingId, forged, signal) };
}

function lines(settings: DossierPartnersSettings): (recipient: Recipient) => Promise<PartnerRestSettings> {
  const { records, dispatcher, clock, totalTimeoutMs, newestNote } = settings;
  const incarnation = rememberIncarnation(records, clock);
  const pushKeys = rememberPushKeys(settings);
  return async ({ partner, webhookSecretsSealed }) => {
    const webhookSecret = webhookSecretOf(settings, partner, webhookSecretsSealed);
    return { partner, webhookSecret, pushKeys: await pushKeys(), incarnation: await incarnation.current(), dispatcher, clock, ...(newestNote !== undefined && { note: await newestNote().catch(() => null) }), ...(totalTimeoutMs !== undefined && { totalTimeoutMs }) };
  };
}

/** Several, separated by spaces, while one replaces the other. */
function webhookSecretOf({ sealing }: DossierPartnersSettings, { id }: Partner, sealed: readonly Uint8Array[]): string {
  if (sealed.length === 0) throw new GatewayError('PARTNER_UNAVAILABLE', `The partner ${id} has no webhook secret: give it one`);
  return sealed.map((box) => new TextDecoder().decode(sealing.open(box, webhookSecretContext(id)))).join(' ');
}

import type { AgencyCode } from '../domain/agency-code.ts';
import { GatewayError } from '../domain/errors.ts';
import type { DeliveryId, MessageId, PartnerId } from '../domain/ids.ts';
import type { Route } from '../domain/partner.ts';
import type { DecidedDelivery, DeliveryDecision, ParkedList, ParkedQuery, RecipientList, ReplaySinceOrder, SupersedeDecision } from '../formats/api/admin-deliveries.ts';
import { apiKeyViewOf, partnerKeyViewOf, type ApiKeyList, type IssuedApiKey, type NewApiKeyInput, type NewPartnerKeyInput, type PartnerKeyList, type PartnerKeyView } from '../formats/api/admin-keys.ts';
import { partnerStandingViewOf, partnerViewOf, type AddedPartner, type NewPartnerInput, type PartnerChangeInput, type PartnerStandingView, type PartnerView, type RenewedSecret } from '../formats/api/admin-partners.ts';
import { messageViewOf } from '../formats/api/message-views.ts';
import type { MessageView } from '../formats/api/messages.ts';
import { onboardingText } from '../formats/onboarding-text.ts';
import type { ReadExchangeStanding } from '../ports/exchange-standing.ts';
import { issueApiKey, revokeApiKey, rotateApiKey, type AdministerPorts } from './administer-api-keys.ts';
import { administerOnce, type AdministerOncePorts } from './administer-once.ts';
import { addPartnerKey, revokePartnerKey } from './administer-partner-keys.ts';
import { addPartner, enablePartner, removeRoute, renewWebhookSecret, setRoute } from './administer-partners.ts';
import type { Call, Once } from './call.ts';
import { changePartnerSettings } from './change-partner-settings.ts';
import { listParked, listRecipients } from './look-at-deliveries.ts';
import { adoptDelivery, cancelDelivery, replayDelivery, replaySince, skipDelivery, supersedeDelivery, type OperatePorts } from './operate-delivery.ts';
import { readPartner } from './read-partner.ts';
import { noSuchMessage } from './read-message.ts';

/** What `/v1/admin` does: the use cases of the command line, with the key of the caller as the one who acts. */

export interface AdministrationPorts extends AdministerOncePorts, AdministerPorts {
  readonly readStanding: ReadExchangeStanding;
}

const HOUR_MS = 3_600_000;
/** An answer that shows a secret is kept, sealed, only as long as a caller may try again for want of it. */
const SECRET_KEPT_MS = 24 * HOUR_MS;

export type Administration = ReturnType<typeof administration>;

export function administration(ports: AdministrationPorts) {
  const { records } = ports;
  return { ...partnersDesk(ports), ...keysDesk(ports), ...deliveriesDesk(ports), listRoutes: () => records.partners.routes(), ...routesDesk(ports) };
}

/** As in `AuditEntry`. */
export function actorOf({ caller }: Call): string {
  return `operator:key-${caller.keyId}`;
}

function partnersDesk(ports: AdministrationPorts) {
  const { records } = ports;
  return {
    listPartners: async (): Promise<readonly PartnerView[]> => (await records.partners.list()).map(partnerViewOf),
    readPartner: async (id: PartnerId): Promise<PartnerStandingView> => partnerStandingViewOf(await readPartner(ports, id)),
    addPartner: (call: Call, input: NewPartnerInput): Promise<Once<AddedPartner>> =>
      administerOnce(ports, call, { operation: 'POST /v1/admin/partners', status: 201, input, keptMs: SECRET_KEPT_MS }, async (joined) => {
        const { partner, webhookSecret } = await addPartner(joined, actorOf(call), input);
        return { partner: partnerViewOf(partner), webhookSecret };
      }),
    changePartner: async (call: Call, id: PartnerId, change: PartnerChangeInput): Promise<PartnerStandingView> => partnerStandingViewOf(await changePartnerSettings(ports, actorOf(call), id, change)),
    enablePartner: (call: Call, id: PartnerId): Promise<Once<PartnerStandingView>> =>
      administerOnce(ports, call, { operation: 'POST /v1/admin/partners/{code}/enable', status: 200, input: { id } }, async (joined) => {
        await enablePartner(joined, actorOf(call), id);
        return partnerStandingViewOf(await readPartner(joined, id));
      }),
    renewWebhookSecret: (call: Call, id: PartnerId, overlapHours: number): Promise<Once<RenewedSecret>> =>
      administerOnce(ports, call, { operation: 'POST /v1/admin/partners/{code}/webhook-secret', status: 201, input: { id, overlapHours }, keptMs: SECRET_KEPT_MS }, async (joined) => ({ webhookSecret: await renewWebhookSecret(joined, actorOf(call), id, overlapHours * HOUR_MS) })),
    describeOnboarding: async (id: PartnerId, gatewayUrl: string, language: 'vi' | 'en'): Promise<string> => {
      const { partner, agencyCodes } = await readPartner(ports, id);
      return onboardingText({ partner, agencyCodes, gatewayUrl, language });
    },
  };
}

function routesDesk(ports: AdministrationPorts) {
  return {
    setRoute: async (call: Call, route: Route): Promise<Route> => {
      await setRoute(ports, actorOf(call), route);
      return route;
    },
    /** Removing what is not there is done already. */
    removeRoute: async (call: Call, code: AgencyCode): Promise<void> => void (await removeRoute(ports, actorOf(call), code)),
  };
}

function keysDesk(ports: AdministrationPorts) {
  const { records } = ports;
  const issuedView = ({ key, token }: Awaited<ReturnType<typeof issueApiKey>>): IssuedApiKey => ({ key: apiKeyViewOf(key), token });
  return {
    listApiKeys: async (id: PartnerId): Promise<ApiKeyList> => {
      await readPartner(ports, id);
      return { keys: (await records.partners.apiKeys(id)).map(apiKeyViewOf) };
    },
    issueApiKey: (call: Call, partnerId: PartnerId, input: NewApiKeyInput): Promise<Once<IssuedApiKey>> =>
      administerOnce(ports, call, { operation: 'POST /v1/admin/partners/{code}/api-keys', status: 201, input: { partnerId, ...input }, keptMs: SECRET_KEPT_MS }, async (joined) =>
        issuedView(await issueApiKey(joined, actorOf(call), { ...input, partnerId, expiresAt: input.expiresAt === null ? null : new Date(input.expiresAt) })),
      ),
    rotateApiKey: (call: Call, partnerId: PartnerId, keyId: string, overlapHours: number): Promise<Once<IssuedApiKey>> =>
      administerOnce(ports, call, { operation: 'POST /v1/admin/partners/{code}/api-keys/{id}/rotate', status: 201, input: { partnerId, keyId, overlapHours }, keptMs: SECRET_KEPT_MS }, async (joined) =>
        issuedView(await rotateApiKey(joined, actorOf(call), partnerId, keyId, overlapHours * HOUR_MS)),
      ),
    revokeApiKey: (call: Call, keyId: string): Promise<void> => revokeApiKey(ports, actorOf(call), keyId),
    listPartnerKeys: async (id: PartnerId): Promise<PartnerKeyList> => {
      await readPartner(ports, id);
      return { keys: (await records.partnerKeys.list(id)).map(partnerKeyViewOf) };
    },
    addPartnerKey: (call: Call, partnerId: PartnerId, input: NewPartnerKeyInput): Promise<Once<PartnerKeyView>> =>
      administerOnce(ports, call, { operation: 'POST /v1/admin/partners/{code}/keys', status: 201, input: { partnerId, ...input } }, async (joined) =>
        partnerKeyViewOf(await addPartnerKey(joined, actorOf(call), { partnerId, keyId: input.keyId, pem: input.pem, algorithm: input.algorithm ?? null })),
      ),
    revokePartnerKey: (call: Call, partnerId: PartnerId, keyId: string): Promise<void> => revokePartnerKey(ports, actorOf(call), partnerId, keyId),
  };
}

const DECISIONS = { replay: replayDelivery, adopt: adoptDelivery, skip: skipDelivery, cancel: cancelDelivery } as const;
export type DeliveryDecisionName = keyof typeof DECISIONS;

function deliveriesDesk(ports: AdministrationPorts) {
  const { records } = ports;
  const decide = (call: Call, name: string, id: DeliveryId, input: object, act: (joined: OperatePorts) => Promise<void>): Promise<Once<DecidedDelivery>> =>
    administerOnce(ports, call, { operation: `POST /v1/admin/deliveries/{id}/${name}`, status: 200, input: { id, ...input } }, async (joined) => {
      await act(joined);
      const entry = await joined.records.outbox.find(id);
      if (entry === null) throw new GatewayError('MESSAGE_NOT_FOUND', `There is no delivery ${id}`);
      return { deliveryId: id, state: entry.state };
    });
  return {
    listParked: async ({ recipient, reason, since, limit }: ParkedQuery): Promise<ParkedList> => {
      const parked = await listParked(ports, { recipient, reason, limit, since: since === undefined ? undefined : new Date(since) });
      return { deliveries: parked.map(({ id, laneId, target, error, since: at, ...rest }) => ({ deliveryId: id, kind: rest.kind, recipient: target, dossierCode: laneId.split('|')[0] ?? '', messageId: rest.messageId, postalOrderId: rest.postalOrderId, reason: rest.reason, problem: error, attempts: rest.attempts, since: at.toISOString() })) };
    },
    listRecipients: async (): Promise<RecipientList> => ({ recipients: (await listRecipients(ports)).map(({ target, open, oldestAt, circuit }) => ({ recipient: target, unfinished: open, oldestAt: oldestAt.toISOString(), circuit })) }),
    /** How it travels, for whoever operates the gateway: every delivery and receipt, and not the body. */
    readAnyMessage: async (id: MessageId): Promise<MessageView> => {
      const message = await records.messages.find(id);
      if (message === null) throw noSuchMessage(id);
      return messageViewOf(message, await records.messages.deliveries(id), await records.messages.receipts(id));
    },
    decideDelivery: (call: Call, name: DeliveryDecisionName, id: DeliveryId, { note }: DeliveryDecision) => decide(call, name, id, { note }, (joined) => DECISIONS[name](joined, id, { actor: actorOf(call), note })),
    supersedeDelivery: (call: Call, id: DeliveryId, { replacement, note }: SupersedeDecision) =>
      decide(call, 'supersede', id, { replacement, note }, (joined) => supersedeDelivery(joined, id, replacement as DeliveryId, { actor: actorOf(call), note })),
    replaySince: async (call: Call, { recipient, since, limit, note }: ReplaySinceOrder): Promise<readonly DeliveryId[]> => replaySince(ports, recipient, new Date(since), limit, { actor: actorOf(call), note }),
  };
}

import { readDossierCode, type DossierCode } from '../domain/dossier.ts';
import type { DeliveryId } from '../domain/ids.ts';
import { FINISHED_STATES, type Delivery } from '../domain/message.ts';
import { PARK_REASONS } from '../domain/park-reason.ts';
import type { Caller } from '../domain/partner.ts';
import type { DeskDelivery, DeskDossier, MessageDecision, MessageDeskForm, MessageDeskQuery, MessageDeskView, StuckDelivery } from '../formats/api/message-desk.ts';
import type { ReadExchangeStanding } from '../ports/exchange-standing.ts';
import type { ParkedDelivery } from '../ports/outbox.ts';
import { listParked, listRecipients } from './look-at-deliveries.ts';
import { adoptDelivery, cancelDelivery, replayDelivery, skipDelivery, type OperatePorts } from './operate-delivery.ts';

export interface MessageDeskPorts extends OperatePorts {
  readonly readStanding: ReadExchangeStanding;
}

const PAGE = 50;
const MOST_EVENTS = 500;
const MOST_RECIPIENTS = 20;

/**
 * What stands still and why, longest first; how recipients are doing; one dossier's timeline where its code is given (audited: its
 * applicant is not read). Decides nothing.
 */
export async function viewMessageDesk(ports: MessageDeskPorts, caller: Caller, { partner, reason, dossier, since }: MessageDeskQuery): Promise<MessageDeskView> {
  const { records } = ports;
  const chosen = await listParked(ports, { recipient: partner, reason, limit: PAGE + 1, since: since === undefined ? undefined : new Date(since) });
  const shown = chosen.slice(0, PAGE);
  return {
    stuck: shown.map(stuckOf),
    nextSince: chosen[PAGE]?.since.toISOString() ?? null,
    recipients: (await listRecipients(ports)).slice(0, MOST_RECIPIENTS).map(({ target, oldestAt, ...one }) => ({ ...one, recipient: target, oldestAt: oldestAt.toISOString() })),
    partners: (await records.partners.list()).map(({ id }) => id),
    dossier: dossier === undefined || readDossierCode(dossier) === null ? null : await dossierAt(ports, caller, dossier as DossierCode),
  };
}

function stuckOf({ id, kind, target, laneId, reason, error, attempts, since }: ParkedDelivery): StuckDelivery {
  const known = PARK_REASONS.find((one) => one === reason) ?? 'unknown';
  return { deliveryId: id, kind, recipient: target, dossierCode: laneId.split('|')[0] ?? '', reason: known, error, attempts, since: since.toISOString() };
}

async function dossierAt({ records, clock }: MessageDeskPorts, { keyId }: Caller, code: DossierCode): Promise<DeskDossier | null> {
  const dossier = await records.dossiers.find(code);
  if (dossier === null) return null;
  await records.audit.add({ at: clock.now(), actor: `operator:key-${keyId}`, action: 'read-dossier', subject: `dossier:${code}`, detail: { desk: 'messages' } });
  const messages = await records.messages.ofDossier(code);
  const deliveries = await Promise.all(messages.map(async ({ id, type }) => (await records.messages.deliveries(id)).map((delivery) => ({ delivery, type }))));
  const held = new Set<string>();
  const events = await records.dossiers.events(code, 0, MOST_EVENTS);
  return {
    code,
    state: dossier.state,
    owner: dossier.ownerPartnerId,
    deliveries: deliveries.flat().map(({ delivery, type }) => {
      const isBehind = held.has(delivery.partnerId);
      if (!isFinished(delivery)) held.add(delivery.partnerId);
      return deskDelivery(delivery, type, isBehind);
    }),
    events: events.map(({ at, kind, actor, data }) => ({ at: at.toISOString(), kind, actor, facts: Object.entries(data).flatMap(([name, value]) => (value === null || name === 'manifestSha256' ? [] : [[name, String(value)] as const])) })),
  };
}

const isFinished = ({ state }: Pick<Delivery, 'state'>): boolean => FINISHED_STATES.some((one) => one === state);

function deskDelivery({ id, partnerId, state, attempts, nextAttemptAt, lastError, parkedReason }: Delivery, messageType: string, isBehind: boolean): DeskDelivery {
  const isOver = isFinished({ state });
  return {
    deliveryId: id,
    messageType,
    recipient: partnerId,
    state,
    attempts,
    isBehind: state === 'pending' && isBehind,
    nextAttemptAt: state === 'pending' && !isBehind ? (nextAttemptAt?.toISOString() ?? null) : null,
    problem: isOver ? null : lastError,
    reason: parkedReason,
    decisions: state === 'parked' ? ['replay', 'take-in', 'skip', 'cancel'] : isOver || state === 'leased' ? [] : ['cancel'],
  };
}

const DECISIONS = { replay: replayDelivery, 'take-in': adoptDelivery, skip: skipDelivery, cancel: cancelDelivery } as const satisfies Record<MessageDecision, typeof replayDelivery>;

/** What an operator decided; audited with its reason. @throws MESSAGE_NOT_FOUND, STATE_CONFLICT */
export async function workMessageDesk(ports: MessageDeskPorts, { keyId }: Caller, { delivery, decision, note }: Extract<MessageDeskForm, { action: 'decide' }>): Promise<void> {
  await DECISIONS[decision](ports, delivery as DeliveryId, { actor: `operator:key-${keyId}`, note });
}

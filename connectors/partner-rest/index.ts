import type { Dispatcher } from 'undici';
import { GatewayError } from '../../src/domain/errors.ts';
import type { DeliveryId } from '../../src/domain/ids.ts';
import type { Partner } from '../../src/domain/partner.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { DossierPartner, LookupOutcome, SendOutcome } from '../../src/ports/dossier-partner.ts';
import type { ProbeResult } from '../../src/ports/partner-probe.ts';
import { call, type CallLimits, type CallResult } from './client.ts';
import { ping } from './ping.ts';
import { buildLookup, buildPush, readWebhookSecret, type PushKey, type PushKeys } from './request.ts';
import { readUrl } from './read-url.ts';
import { readLookupAnswer, readPushAnswer } from './response.ts';

export type { PushKey } from './request.ts';
export { createAlarmWebhook } from './alarm-webhook.ts';

export interface PartnerRestSettings {
  /** In mode `push`, with its URL. */
  readonly partner: Partner;
  /** `whsec_…`, several separated by spaces while one replaces the other; a secret. */
  readonly webhookSecret: string;
  /** The gateway's own, Ed25519; each signs beside the secret (`v1a`). Default: none. */
  readonly pushKeys?: readonly PushKey[];
  /** Which life of the store speaks: another after a restoration. Default: it is not told. */
  readonly incarnation?: number | null;
  /** The gateway's guarded connections: judges addresses when it connects. Stays the caller's to close. */
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Newest checkpoint of the evidence log; null: none yet. Default: none is sent. */
  readonly note?: string | null;
  /** Default 20,000: Standard Webhooks recommends 15 to 30 s. */
  readonly totalTimeoutMs?: number;
  /** Default 64 KiB; a receipt has some 200 bytes. */
  readonly maxAnswerBytes?: number;
}

/**
 * A partner's REST endpoint, pushed to by Standard Webhooks 1.0.0.
 * @throws CONFIG_INVALID when the secret or URL cannot be used
 */
export function createRestPartner(settings: PartnerRestSettings): DossierPartner {
  const { partner, clock, note = null } = settings;
  const { url, keys, limits } = lineOf(settings);
  const lookup = async (deliveryId: DeliveryId, signal: AbortSignal): Promise<LookupOutcome> => {
    const result = await call(buildLookup(url, keys, deliveryId, clock.now()), limits, signal);
    const outcome = result.answered ? readLookupAnswer(result.answer) : null;
    if (outcome !== null) return outcome;
    const why = result.answered ? `answered ${result.answer.status}` : result.reason;
    throw new GatewayError('PARTNER_UNAVAILABLE', `The partner ${partner.id} could not be asked for a delivery: ${why}`);
  };
  return {
    partnerId: partner.id,
    async send(deliveryId, message, _manifestSha256, signal) {
      const result = await call(buildPush(url, keys, deliveryId, message, clock.now(), { form: partner.payload, note }), limits, signal);
      return result.answered ? readPushAnswer(result.answer, message.id, clock.now()) : unanswered(result);
    },
    lookup: partner.repeat === 'lookup' ? lookup : null,
  };
}

/** One signed ping to the same endpoint, or one with wrong signatures. @throws CONFIG_INVALID as `createRestPartner` */
export function pingRestPartner(settings: PartnerRestSettings, pingId: string, forged: boolean, signal: AbortSignal): Promise<ProbeResult> {
  const { limits, ...line } = lineOf(settings);
  return ping({ ...line, pingId, forged, now: settings.clock.now() }, limits, signal);
}

function lineOf({ partner, webhookSecret, pushKeys = [], incarnation = null, dispatcher, totalTimeoutMs = 20_000, maxAnswerBytes = 64 * 1024 }: PartnerRestSettings): { readonly url: URL; readonly keys: PushKeys; readonly limits: CallLimits } {
  return { url: readUrl(partner.url), keys: { secrets: readWebhookSecret(webhookSecret), ed25519: pushKeys, incarnation }, limits: { dispatcher, totalTimeoutMs, maxAnswerBytes } };
}

/** Without an answer, what counts is whether bytes had left. A forbidden address is for a person: it does not become allowed by waiting. */
function unanswered({ sent, reason, forbidden }: Extract<CallResult, { answered: false }>): SendOutcome {
  if (forbidden !== null) return { outcome: 'refused', code: forbidden.code, detail: forbidden.message };
  const detail = `The partner gave no answer: ${reason}`;
  if (sent) return { outcome: 'unknown', code: 'PARTNER_UNAVAILABLE', detail };
  return { outcome: 'retry', code: 'PARTNER_UNAVAILABLE', detail, retryAfterMs: null };
}

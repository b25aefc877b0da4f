import { createPublicKey, type KeyObject } from 'node:crypto';
import { GatewayError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { HttpExchange } from '../../src/ports/http-exchange.ts';

/** Everything about the service that is not proven by its documents is a setting here; see README.md. */
export interface VnpostMySettings {
  /** Such as `https://connect-my.vnpost.vn/customer-partner`; http only for a sandbox. */
  readonly baseUrl: string;
  readonly username: string;
  /** A secret. */
  readonly password: string;
  readonly customerCode: string;
  readonly contractCode?: string;
  /** Service of ordinary parcels of this contract, such as `CTN007`. */
  readonly serviceCode: string;
  /** Official province code → VNPost's code and name. An address outside it is not sent. */
  readonly provinces: Readonly<Record<string, CarrierPlace>>;
  /** The same for communes. */
  readonly communes: Readonly<Record<string, CarrierPlace>>;
  /** For orders that name no weight. */
  readonly defaultWeightG?: number;
  /** Highest amount the postal worker collects, in đồng; none by default, since no limit is published. */
  readonly maxCodVnd?: number;
  /** Which of the service's kinds of number ours is: 2, the order code, by default. */
  readonly lookupType?: 1 | 2;
  /** RSA public key, PEM, that webhooks are signed with; without it they are refused. */
  readonly webhookKeyPem?: string;
  /** How old a webhook's `sendDate` may be. Default 15 minutes. */
  readonly webhookMaxAgeMs?: number;
  /** Entries of the list of orders per page, 1 to 500. Default 50: each one changed is another call. */
  readonly pageSize?: number;
  /** The list is read again from this much before the latest change known. Default 5 minutes. */
  readonly overlapMs?: number;
  /** From the call to the last byte. Default 30,000. */
  readonly timeoutMs?: number;
  /** The service tells no life of its tokens; some clients keep them 3,500 s. Default 3,000,000. */
  readonly tokenMs?: number;
  readonly clock: Clock;
  readonly exchange: HttpExchange;
}

export interface CarrierPlace {
  readonly code: string;
  readonly name: string;
}

export interface Resolved extends Omit<VnpostMySettings, 'webhookKeyPem' | 'contractCode'> {
  readonly contractCode: string | null;
  readonly defaultWeightG: number;
  readonly lookupType: 1 | 2;
  readonly webhookKey: KeyObject | null;
  readonly webhookMaxAgeMs: number;
  readonly pageSize: number;
  readonly overlapMs: number;
  readonly timeoutMs: number;
  readonly tokenMs: number;
}

/** Fills in what was left open. @throws CONFIG_INVALID */
export function resolveSettings(settings: VnpostMySettings): Resolved {
  const { webhookKeyPem, pageSize = 50, contractCode = null, defaultWeightG = 200, lookupType = 2, webhookMaxAgeMs = 15 * 60_000, overlapMs = 5 * 60_000, timeoutMs = 30_000, tokenMs = 3_000_000 } = settings;
  const url = URL.canParse(settings.baseUrl) ? new URL(settings.baseUrl) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '') throw invalid('its address must be an http or https URL without a user name');
  if (settings.username === '' || settings.password === '' || settings.customerCode === '') throw invalid('user name, password and customer code must be set');
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 500) throw invalid('the page size must be 1 to 500');
  return {
    ...settings,
    baseUrl: settings.baseUrl.replace(/\/+$/, ''),
    contractCode,
    defaultWeightG,
    lookupType,
    webhookKey: webhookKeyPem === undefined ? null : publicKeyOf(webhookKeyPem),
    webhookMaxAgeMs,
    pageSize,
    overlapMs,
    timeoutMs,
    tokenMs,
  };
}

function publicKeyOf(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048) return key;
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', 'The webhook key of the carrier post-vnpost-my is no public key in PEM', { cause });
  }
  throw invalid('its webhook key must be an RSA key of at least 2048 bits');
}

function invalid(what: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `The settings of the carrier post-vnpost-my cannot be used: ${what}`);
}

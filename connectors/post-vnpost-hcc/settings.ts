import { GatewayError } from '../../src/domain/errors.ts';
import type { Clock } from '../../src/ports/clock.ts';
import type { HttpExchange } from '../../src/ports/http-exchange.ts';

/** Everything about the service that is not proven by its documents is a setting here; see README.md. */
export interface VnpostHccSettings {
  /** Such as `https://api.mitc.vn`; http only for a sandbox. */
  readonly baseUrl: string;
  /** `ngsp` (default): through the national platform. `lgsp`: through the province's, where the token and the paths differ. */
  readonly form?: 'ngsp' | 'lgsp';
  /** LGSP form: parcels bear numbers that VNPost gave out beforehand (`ItemCode`). Default: no. */
  readonly numbersFromPool?: boolean;
  /** LGSP form: `FlagConfig`, whose meaning is not documented. Default 2, as the one known client sends it. */
  readonly flagConfig?: number;
  /** Paths below it, with a leading slash. The LGSP form has no known ones: all of them must be set. */
  readonly paths?: Partial<VnpostPaths>;
  readonly consumerKey: string;
  /** A secret. */
  readonly secretKey: string;
  readonly customerCode: string;
  /** Official province code → VNPost's number. An address outside it is not sent. */
  readonly provinceCodes: Readonly<Record<string, number>>;
  /** The same for districts of addresses that still have one; those outside it go without. */
  readonly districtCodes?: Readonly<Record<string, number>>;
  /** What `Status` in an answer means. Only 100 and 101 were ever seen to be understood by a client; every other value is unknown until listed. */
  readonly statuses?: Partial<StatusMeaning>;
  /** Highest amount the postal worker collects, in đồng; none by default, since no limit is published. */
  readonly maxCodVnd?: number;
  /** Entries of the feed per page, 1 to 1000. Default 200. */
  readonly pageSize?: number;
  /** The feed is read again from this much before its end, since entries may get older ids than ones already read. Default 5 minutes. */
  readonly overlapMs?: number;
  /** From the call to the last byte. Default 30,000. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly exchange: HttpExchange;
}

export interface VnpostPaths {
  readonly token: string;
  readonly orderPost: string;
  readonly orderCancel: string;
  readonly orderTracking: string;
}

export interface StatusMeaning {
  readonly accepted: readonly number[];
  /** The order number is there already: with numbers that are never used twice, an order that was accepted before. */
  readonly already: readonly number[];
  /** Refused without effect. Empty by default: no value is documented. */
  readonly rejected: readonly number[];
}

export interface Resolved extends VnpostHccSettings {
  readonly form: 'ngsp' | 'lgsp';
  readonly numbersFromPool: boolean;
  readonly flagConfig: number;
  readonly paths: VnpostPaths;
  readonly districtCodes: Readonly<Record<string, number>>;
  readonly statuses: StatusMeaning;
  readonly pageSize: number;
  readonly overlapMs: number;
  readonly timeoutMs: number;
}

const PATHS: VnpostPaths = {
  token: '/token',
  orderPost: '/apiVNPostNGSP/p1.0/order/post',
  orderCancel: '/apiVNPostNGSP/p1.0/order/cancel',
  orderTracking: '/apiVNPostNGSP/p1.0/order/tracking',
};
const PATH_NAMES = ['token', 'orderPost', 'orderCancel', 'orderTracking'] as const satisfies readonly (keyof VnpostPaths)[];
const STATUSES: StatusMeaning = { accepted: [100], already: [101], rejected: [] };

/** Fills in what was left open. @throws CONFIG_INVALID */
export function resolveSettings(settings: VnpostHccSettings): Resolved {
  const { pageSize = 200, overlapMs = 5 * 60_000, timeoutMs = 30_000, districtCodes = {}, form = 'ngsp', numbersFromPool = false, flagConfig = 2 } = settings;
  const url = URL.canParse(settings.baseUrl) ? new URL(settings.baseUrl) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '') throw invalid('its address must be an http or https URL without a user name');
  if (settings.consumerKey === '' || settings.secretKey === '' || settings.customerCode === '') throw invalid('consumer key, secret key and customer code must be set');
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 1000) throw invalid('the page size must be 1 to 1000');
  if (form === 'lgsp' && PATH_NAMES.some((name) => settings.paths?.[name] === undefined)) throw invalid(`the LGSP form needs the paths ${PATH_NAMES.join(', ')}: ask the province`);
  if (form === 'ngsp' && numbersFromPool) throw invalid('only the LGSP form takes numbers from a pool');
  return {
    ...settings,
    form,
    numbersFromPool,
    flagConfig,
    baseUrl: settings.baseUrl.replace(/\/+$/, ''),
    paths: { ...PATHS, ...settings.paths },
    districtCodes,
    statuses: { ...STATUSES, ...settings.statuses },
    pageSize,
    overlapMs,
    timeoutMs,
  };
}

function invalid(what: string): GatewayError {
  return new GatewayError('CONFIG_INVALID', `The settings of the carrier post-vnpost-hcc cannot be used: ${what}`);
}

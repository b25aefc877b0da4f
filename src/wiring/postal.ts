import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createGenericCarrier, POST_GENERIC } from '../../connectors/post-generic/index.ts';
import { createVnpostHccCarrier, VNPOST_HCC } from '../../connectors/post-vnpost-hcc/index.ts';
import { createVnpostMyCarrier, VNPOST_MY } from '../../connectors/post-vnpost-my/index.ts';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import { DEFAULT_ORDER_NUMBER } from '../domain/postal-order.ts';
import type { Clock } from '../ports/clock.ts';
import type { HttpExchange } from '../ports/http-exchange.ts';
import type { PostalCarrier } from '../ports/postal-carrier.ts';
import type { PostalAccount } from '../usecases/order-post.ts';

/** The post's accounts as the operator's file names them; paths in it are relative to the file. */
const common = {
  baseUrl: z.url(),
  customerCode: z.string().min(1),
  maxCodVnd: z.int().nonnegative().optional(),
  /** What orders call this account, where there are several with one carrier; default: the connector's name. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{1,39}$/).optional(),
  orderNumberTemplate: z.string().default(DEFAULT_ORDER_NUMBER),
  /** Of the codes of places below: told when a place is missing from them. */
  placeCodesVersion: z.string().min(1).max(100).optional(),
  /** How often the tracking feed is read. */
  pollSeconds: z.number().min(0.2).max(86_400).default(300),
  timeoutMs: z.int().min(100).max(120_000).optional(),
};
const codes = z.record(z.string(), z.int());
const vnpostHcc = z.strictObject({
  ...common,
  carrier: z.literal(VNPOST_HCC),
  form: z.enum(['ngsp', 'lgsp']).optional(),
  numbersFromPool: z.boolean().optional(),
  flagConfig: z.int().optional(),
  paths: z.strictObject({ token: z.string(), orderPost: z.string(), orderCancel: z.string(), orderTracking: z.string() }).partial().optional(),
  consumerKey: z.string().min(1),
  secretKeyFile: z.string().min(1),
  provinceCodes: codes,
  districtCodes: codes.optional(),
  statuses: z.strictObject({ accepted: z.array(z.int()), already: z.array(z.int()), rejected: z.array(z.int()) }).partial().optional(),
});
const places = z.record(z.string(), z.strictObject({ code: z.string().min(1), name: z.string().min(1) }));
const vnpostMy = z.strictObject({
  ...common,
  carrier: z.literal(VNPOST_MY),
  username: z.string().min(1),
  passwordFile: z.string().min(1),
  contractCode: z.string().min(1).optional(),
  serviceCode: z.string().min(1),
  provinces: places,
  communes: places,
  defaultWeightG: z.int().min(1).max(100_000).optional(),
  lookupType: z.union([z.literal(1), z.literal(2)]).optional(),
  webhookKeyFile: z.string().min(1).optional(),
});
const generic = z.strictObject({ ...common, carrier: z.literal(POST_GENERIC), secretFile: z.string().min(1), mappingFile: z.string().min(1) });
const postalFile = z.strictObject({ accounts: z.array(z.discriminatedUnion('carrier', [vnpostHcc, vnpostMy, generic])).max(20) });

export interface RunningAccount extends PostalAccount {
  readonly pollMs: number;
}

interface Given {
  readonly clock: Clock;
  readonly exchange: HttpExchange;
  /** The content of a file beside the accounts' file. */
  readonly read: (path: string) => string;
}

/** @throws CONFIG_INVALID naming the field, never a value */
export function readPostalAccounts(path: string | undefined, clock: Clock, dispatcher: Dispatcher): readonly RunningAccount[] {
  if (path === undefined) return [];
  const parsed = postalFile.safeParse(jsonOf(path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
    throw new GatewayError('CONFIG_INVALID', `The file of postal accounts ${path} is not right`, { faults });
  }
  const given: Given = { clock, exchange: httpOnce(dispatcher).exchange, read: (file) => secretOf(resolve(dirname(path), file)) };
  const accounts = parsed.data.accounts.map((account) => {
    const carrier = carrierOf(account, given);
    return { carrier: { ...carrier, carrier: account.name ?? carrier.carrier }, orderNumberTemplate: account.orderNumberTemplate, placeCodesVersion: account.placeCodesVersion, pollMs: account.pollSeconds * 1000 };
  });
  const names = accounts.map(({ carrier }) => carrier.carrier);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new GatewayError('CONFIG_INVALID', `The file of postal accounts ${path} has two accounts called ${twice}: give each a "name"`);
  return accounts;
}

function carrierOf(account: z.output<typeof postalFile>['accounts'][number], { clock, exchange, read }: Given): PostalCarrier {
  const { carrier: _kind, name: _name, orderNumberTemplate: _template, pollSeconds: _poll, placeCodesVersion: _version, ...rest } = account;
  if ('secretKeyFile' in rest) {
    const { secretKeyFile, paths, statuses, ...settings } = rest;
    return createVnpostHccCarrier({
      ...withoutUndefined(settings),
      ...(paths === undefined ? {} : { paths: withoutUndefined(paths) }),
      ...(statuses === undefined ? {} : { statuses: withoutUndefined(statuses) }),
      secretKey: read(secretKeyFile),
      clock,
      exchange,
    });
  }
  if ('mappingFile' in rest) {
    const { mappingFile, secretFile, baseUrl, customerCode, timeoutMs } = rest;
    return createGenericCarrier({ baseUrl, customerCode, ...(timeoutMs === undefined ? {} : { timeoutMs }), secret: read(secretFile), mapping: mappingOf(mappingFile, read), exchange });
  }
  const { passwordFile, webhookKeyFile, ...settings } = rest;
  return createVnpostMyCarrier({ ...withoutUndefined(settings), ...(webhookKeyFile === undefined ? {} : { webhookKeyPem: read(webhookKeyFile) }), password: read(passwordFile), clock, exchange });
}

function mappingOf(file: string, read: Given['read']): unknown {
  try {
    return JSON.parse(read(file));
  } catch (cause) {
    if (isGatewayError(cause)) throw cause;
    throw new GatewayError('CONFIG_INVALID', `The carrier’s mapping ${file} is not JSON`, { cause });
  }
}

/** Fields left out in the file are left out here: under exact optional types an undefined is another thing. */
type Present<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & { [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Present<T>;
}

function jsonOf(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `The file of postal accounts ${path} cannot be read as JSON`, { cause });
  }
}

function secretOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new GatewayError('CONFIG_INVALID', `The secret of a postal account cannot be read from ${path}`, { cause });
  }
}

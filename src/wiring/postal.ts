import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { httpOnce } from '../../connectors/http-once/index.ts';
import { createVnpostHccCarrier, VNPOST_HCC } from '../../connectors/post-vnpost-hcc/index.ts';
import { GatewayError } from '../domain/errors.ts';
import { DEFAULT_ORDER_NUMBER } from '../domain/postal-order.ts';
import type { Clock } from '../ports/clock.ts';
import type { PostalAccount } from '../usecases/order-post.ts';

/** The post's accounts as the operator's file names them; paths in it are relative to the file. */
const codes = z.record(z.string(), z.int());
const vnpostHcc = z.strictObject({
  carrier: z.literal(VNPOST_HCC),
  baseUrl: z.url(),
  paths: z.strictObject({ token: z.string(), orderPost: z.string(), orderCancel: z.string(), orderTracking: z.string() }).partial().optional(),
  consumerKey: z.string().min(1),
  secretKeyFile: z.string().min(1),
  customerCode: z.string().min(1),
  provinceCodes: codes,
  districtCodes: codes.optional(),
  statuses: z.strictObject({ accepted: z.array(z.int()), already: z.array(z.int()), rejected: z.array(z.int()) }).partial().optional(),
  maxCodVnd: z.int().nonnegative().optional(),
  orderNumberTemplate: z.string().default(DEFAULT_ORDER_NUMBER),
  /** How often the tracking feed is read. */
  pollSeconds: z.number().min(0.2).max(86_400).default(300),
});
const postalFile = z.strictObject({ accounts: z.array(vnpostHcc).max(20) });

export interface RunningAccount extends PostalAccount {
  readonly pollMs: number;
}

/** @throws CONFIG_INVALID naming the field, never a value */
export function readPostalAccounts(path: string | undefined, clock: Clock, dispatcher: Dispatcher): readonly RunningAccount[] {
  if (path === undefined) return [];
  const parsed = postalFile.safeParse(jsonOf(path));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => ({ pointer: `/${issue.path.join('/')}`, detail: issue.message }));
    throw new GatewayError('CONFIG_INVALID', `The file of postal accounts ${path} is not right`, { faults });
  }
  return parsed.data.accounts.map((account) => {
    const { secretKeyFile, orderNumberTemplate, pollSeconds, carrier: _kind, paths, districtCodes, statuses, maxCodVnd, ...settings } = account;
    const carrier = createVnpostHccCarrier({
      ...settings,
      ...(paths === undefined ? {} : { paths: withoutUndefined(paths) }),
      ...(districtCodes === undefined ? {} : { districtCodes }),
      ...(statuses === undefined ? {} : { statuses: withoutUndefined(statuses) }),
      ...(maxCodVnd === undefined ? {} : { maxCodVnd }),
      secretKey: secretOf(resolve(dirname(path), secretKeyFile)),
      clock,
      exchange: httpOnce(dispatcher).exchange,
    });
    return { carrier, orderNumberTemplate, pollMs: pollSeconds * 1000 };
  });
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

function withoutUndefined<T extends object>(value: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as Partial<Defined<T>>;
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

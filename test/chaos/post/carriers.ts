import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Fault } from '../../../sandbox/faults.ts';
import { startParcelPost } from '../../../sandbox/parcel-post/start.ts';
import { startSandboxVnpostMy } from '../../../sandbox/vnpost-my/start.ts';
import { startSandboxVnpost } from '../../../sandbox/vnpost/start.ts';
import type { Random } from '../../simulation/random.ts';
import type { PostBreak } from './options.ts';

/** Carriers of all three kinds of look-up, each once refusing a repeated number and once booking it again. */

export const TIMEOUT_MS = 800;
export const QUARANTINE_MS = 3_000;
export const LATE_UNGUARDED_MS = 6_000;
export const CARRIER_FAULTS = ['ackLost', 'late', 'error', 'page', 'half', 'feedDown'] as const;
type CarrierFault = (typeof CARRIER_FAULTS)[number];

export interface CarrierLine {
  readonly orderNumber: string;
  readonly couriers: number;
}

export interface ChaosCarrier {
  /** What orders call it. */
  readonly name: string;
  readonly lookup: 'by-number' | 'feed-only' | 'none';
  /** Calls to place an order that came, whatever became of them. */
  placed(): number;
  /** In the order in which each number was first booked. */
  lines(): readonly CarrierLine[];
  close(): Promise<void>;
}

export interface CarriersOptions {
  readonly dice: Random;
  readonly folder: string;
  readonly without: PostBreak | null;
  readonly note: (fault: CarrierFault) => void;
}

type Repeat = 'refused' | 'booked-twice';
type Spoil = () => Fault | null;

interface Started {
  readonly carrier: ChaosCarrier;
  readonly account: Readonly<Record<string, unknown>>;
}

/** Starts the carriers and writes the file of accounts. */
export async function startCarriers(options: CarriersOptions): Promise<{ readonly carriers: readonly ChaosCarrier[]; readonly postalFile: string }> {
  const { folder } = options;
  writeFileSync(join(folder, 'secret'), 'sandbox-secret');
  writeFileSync(join(folder, 'password'), 'sandbox');
  writeFileSync(join(folder, 'api-key'), 'sandbox');
  const mapping = JSON.parse(readFileSync(new URL('../../../connectors/post-generic/parcel-post.json', import.meta.url), 'utf8')) as Record<string, unknown>;
  delete mapping['find'];
  delete mapping['feed'];
  writeFileSync(join(folder, 'mapping.json'), JSON.stringify(mapping));
  const started: Started[] = [];
  for (const repeat of ['refused', 'booked-twice'] as const) started.push(await hcc(options, repeat), await my(options, repeat), await parcel(options, repeat));
  const postalFile = join(folder, 'postal.json');
  writeFileSync(postalFile, JSON.stringify({ accounts: started.map(({ account }) => account) }));
  return { carriers: started.map(({ carrier }) => carrier), postalFile };
}

async function hcc(options: CarriersOptions, repeat: Repeat): Promise<Started> {
  const customerCode = `HCC-${repeat}`;
  const sandbox = await startSandboxVnpost({ repeat, stageMs: 60_000, customer: { consumerKey: 'sandbox-consumer', secretKey: 'sandbox-secret', customerCode } });
  sandbox.faults.post = spoilPlacing(options);
  sandbox.faults.tracking = spoilFeed(options);
  const name = `post-hcc-${repeat}`;
  return {
    carrier: { name, lookup: 'feed-only', placed: () => sandbox.calls.post, lines: () => sandbox.ledger.lines(), close: () => sandbox.close() },
    account: { carrier: 'post-vnpost-hcc', name, customerCode, baseUrl: sandbox.url, consumerKey: 'sandbox-consumer', secretKeyFile: 'secret', provinceCodes: { '46': 53, '48': 55 }, timeoutMs: TIMEOUT_MS, pollSeconds: 1 },
  };
}

/** `--break lookup`: the carrier answers that it has no such order, and is believed. */
async function my(options: CarriersOptions, repeat: Repeat): Promise<Started> {
  const customer = { username: 'sandbox', password: 'sandbox', customerCode: `MY-${repeat}` };
  const sandbox = await startSandboxVnpostMy({ repeat, stageMs: 60_000, customer });
  sandbox.faults.create = spoilPlacing(options);
  sandbox.faults.list = spoilFeed(options);
  const name = `post-my-${repeat}`;
  const place = { code: '1', name: 'Mẫu' };
  return {
    carrier: { name, lookup: 'by-number', placed: () => sandbox.calls.create, lines: () => sandbox.ledger.lines(), close: () => sandbox.close() },
    account: {
      carrier: 'post-vnpost-my',
      name,
      baseUrl: sandbox.url,
      username: customer.username,
      passwordFile: 'password',
      customerCode: customer.customerCode,
      serviceCode: 'CTN007',
      provinces: { '46': place, '48': place },
      communes: { '19777': place, '20000': place },
      // The sandbox finds nothing by tracking number: what `getOrder?type=1` says then is "no such order".
      lookupType: options.without === 'lookup' ? 1 : 2,
      timeoutMs: TIMEOUT_MS,
      pollSeconds: 1,
    },
  };
}

async function parcel(options: CarriersOptions, repeat: Repeat): Promise<Started> {
  const sandbox = await startParcelPost({ repeat });
  sandbox.faults.place = spoilPlacing(options);
  const name = `post-parcel-${repeat}`;
  return {
    carrier: { name, lookup: 'none', placed: () => sandbox.calls.place, lines: () => sandbox.lines(), close: () => sandbox.close() },
    account: { carrier: 'post-generic', name, customerCode: name, baseUrl: sandbox.url, secretFile: 'api-key', mappingFile: 'mapping.json', timeoutMs: TIMEOUT_MS, pollSeconds: 60 },
  };
}

/** 5 % of the answers lost, 1 % of the effects after our time-out, 2 % HTTP 500, 1 % each a page and half an answer. */
function spoilPlacing({ dice, note, without }: CarriersOptions): Spoil {
  const spoil = (kind: CarrierFault, fault: Fault): Fault => {
    note(kind);
    return fault;
  };
  return () => {
    const roll = dice.fraction();
    if (roll < (without === 'lookup' || without === 'cursor' ? 0.25 : 0.05)) return spoil('ackLost', dice.chance(0.5) ? { answer: 'hang', effect: 'done' } : { answer: 'reset', effect: 'done' });
    // The effect comes after twice the delay: later than the time-out, and, where the quarantine is broken, later than a hasty question, on a busy machine too.
    if (roll < (without === 'quarantine' ? 0.2 : 0.06)) return spoil('late', { answer: 'hang', effect: 'late', delayMs: without === 'quarantine' ? LATE_UNGUARDED_MS : 700 });
    if (roll < 0.28 && without === 'quarantine') return null;
    if (roll < 0.08) return spoil('error', { answer: 'status', effect: 'none' });
    if (roll < 0.09) return spoil('page', { answer: 'html', effect: 'done' });
    if (roll < 0.1) return spoil('half', { answer: 'truncated', effect: 'done' });
    return null;
  };
}

function spoilFeed({ dice, note }: CarriersOptions): Spoil {
  return () => {
    if (!dice.chance(0.1)) return null;
    note('feedDown');
    return { answer: 'status', status: 503, effect: 'none' };
  };
}

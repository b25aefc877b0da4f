import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';

/** What both sides saw, one JSON object a line; everything that is counted is counted from these files. */

export type ClientEvent = { readonly at: number; readonly kind: 'invoke' | 'ok' | 'error' | 'fail'; readonly dossier: string; readonly n: number; readonly of: number; readonly messageId?: string; readonly detail?: string };
export type PartnerEvent = { readonly at: number; readonly kind: 'push' | 'effect' | 'lookup'; readonly partner: string; readonly deliveryId: string; readonly messageId: string | null };
export type FaultEvent =
  | { readonly at: number; readonly kind: 'kill' | 'fault'; readonly what: string }
  | { readonly at: number; readonly kind: 'restart'; readonly what: string; readonly drainMs: number; readonly exitCode: number | null };
/** The ledger at the end. `abandoned`: how often a worker went away with it leased. */
export type LedgerEvent = { readonly deliveryId: string; readonly messageId: string; readonly state: string; readonly resumedMs: readonly number[]; readonly abandoned: number };

interface Events {
  readonly client: ClientEvent;
  readonly partner: PartnerEvent;
  readonly faults: FaultEvent;
  readonly ledger: LedgerEvent;
}

export interface History {
  note<Name extends keyof Events>(file: Name, event: Events[Name]): void;
  close(): Promise<void>;
}

const FILES = ['client', 'partner', 'faults', 'ledger'] as const;

export function startHistory(dir: string): History {
  mkdirSync(dir, { recursive: true });
  const streams = new Map(FILES.map((name) => [name, createWriteStream(join(dir, `${name}.jsonl`))] as const));
  return {
    note: (file, event) => void streams.get(file)?.write(`${JSON.stringify(event)}\n`),
    async close() {
      for (const stream of streams.values()) {
        stream.end();
        await once(stream, 'close');
      }
    },
  };
}

export interface Histories {
  readonly client: readonly ClientEvent[];
  readonly partner: readonly PartnerEvent[];
  readonly faults: readonly FaultEvent[];
  readonly ledger: readonly LedgerEvent[];
}

export function readHistories(dir: string): Histories {
  const read = (name: string): unknown[] =>
    readFileSync(join(dir, `${name}.jsonl`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line));
  return {
    client: read('client') as ClientEvent[],
    partner: read('partner') as PartnerEvent[],
    faults: read('faults') as FaultEvent[],
    ledger: read('ledger') as LedgerEvent[],
  };
}

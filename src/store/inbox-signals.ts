import type pg from 'pg';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { PartnerId } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';
import type { InboxSignals, InboxSubscription } from '../ports/inbox-signals.ts';
import { linkedAbort } from '../ports/linked-abort.ts';
import type { Log } from '../ports/telemetry.ts';

/** Channel on which a settlement names the partner whose inbox got something (`records/outbox-leases.ts`). */
export const INBOX_CHANNEL = 'lienthong_inbox';

const RECONNECT_MS = 1_000;
const MOST_OF_PARTNER = 16;
const MOST_IN_ALL = 2_000;

export interface RunningInboxSignals extends InboxSignals {
  /** Whoever waits is answered at once, and nobody waits any more; the connection is given back. */
  close(): Promise<void>;
}

/**
 * One connection listens for all who wait in this process. It is opened when somebody waits for the first time; while it is down, and
 * where a pooler swallows notifications, readers find what came by looking again.
 */
export function inboxSignals(pool: pg.Pool, clock: Clock, log: Log): RunningInboxSignals {
  const subscribers = new Map<PartnerId, Set<Bell>>();
  const stopping = new AbortController();
  let listening: Promise<void> | undefined;
  const ringAll = (): void => {
    for (const bells of subscribers.values()) for (const bell of bells) bell.ring();
  };
  const ring = (partnerId: string): void => subscribers.get(partnerId as PartnerId)?.forEach((bell) => bell.ring());
  return {
    subscribe(partnerId) {
      const bells = subscribers.get(partnerId) ?? new Set<Bell>();
      checkRoom(bells.size, subscribers);
      listening ??= listenUntil(stopping.signal, pool, clock, log, { ring, ringAll });
      const bell = newBell(clock, stopping.signal);
      subscribers.set(partnerId, bells.add(bell));
      const end = (): void => {
        bells.delete(bell);
        if (bells.size === 0) subscribers.delete(partnerId);
      };
      return { next: bell.next, isClosing: () => stopping.signal.aborted, end };
    },
    async close() {
      stopping.abort();
      ringAll();
      await listening;
    },
  };
}

function checkRoom(ofPartner: number, subscribers: ReadonlyMap<PartnerId, ReadonlySet<Bell>>): void {
  if (ofPartner >= MOST_OF_PARTNER) throw new GatewayError('RATE_LIMITED', `At most ${MOST_OF_PARTNER} calls of one system may wait for its inbox: let those end first`);
  const inAll = [...subscribers.values()].reduce((sum, bells) => sum + bells.size, 0);
  if (inAll >= MOST_IN_ALL) throw new GatewayError('OVERLOADED', 'Too many calls wait for their inbox: ask again without waiting');
}

interface Bell extends Pick<InboxSubscription, 'next'> {
  ring(): void;
}

/** A ring that nobody waited for is kept for the next who does. */
function newBell(clock: Clock, closing: AbortSignal): Bell {
  let hasRung = false;
  let wake: (() => void) | null = null;
  return {
    ring() {
      hasRung = true;
      wake?.();
    },
    async next(ms, signal) {
      if (!hasRung && !closing.aborted) {
        const rung = new AbortController();
        const stop = linkedAbort(signal, rung.signal);
        wake = () => rung.abort();
        await clock.sleep(ms, stop.signal).catch((error: unknown) => {
          if (!isGatewayError(error, 'CANCELLED') || signal.aborted) throw error;
        });
        stop.unlink();
        wake = null;
      }
      hasRung = false;
    },
  };
}

interface Rings {
  readonly ring: (partnerId: string) => void;
  /** After a gap in listening, anything may have come. */
  readonly ringAll: () => void;
}

async function listenUntil(stop: AbortSignal, pool: pg.Pool, clock: Clock, log: Log, rings: Rings): Promise<void> {
  while (!stop.aborted) {
    try {
      await listenOnce(stop, pool, rings);
    } catch (error) {
      log.warn('inbox.not-listening', { reason: error instanceof Error ? error.message : String(error) });
      await clock.sleep(RECONNECT_MS, stop).catch(() => undefined); // stopped: the loop's condition ends it
    }
  }
}

/** Ends when told to; throws when the connection does. */
async function listenOnce(stop: AbortSignal, pool: pg.Pool, { ring, ringAll }: Rings): Promise<void> {
  const client = await pool.connect();
  try {
    const broken = new Promise<never>((_resolve, reject) => {
      client.once('error', reject);
      client.once('end', () => reject(new Error('the connection ended')));
    });
    client.on('notification', ({ payload = '' }) => ring(payload));
    await Promise.race([client.query(`LISTEN ${INBOX_CHANNEL}`), broken]);
    ringAll();
    await Promise.race([untilAborted(stop), broken]);
  } finally {
    client.release(true);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

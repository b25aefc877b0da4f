import { randomBytes } from 'node:crypto';
import { startQueue } from '../../../queues/start-queue.ts';
import { readConfig } from '../../../src/config.ts';
import type { PostalCarrier } from '../../../src/ports/postal-carrier.ts';
import type { Records } from '../../../src/ports/records.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { systemChance } from '../../../src/wiring/chance.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import { openStore } from '../../../src/wiring/open-store.ts';
import { outboundAgent } from '../../../src/wiring/outbound-http.ts';
import { readPostalAccounts } from '../../../src/wiring/postal.ts';
import { startWorker } from '../../../src/wiring/worker.ts';
import { queueConnections } from '../../../src/store/queue-connections.ts';

/** A worker of the post with one safeguard taken away (CHAOS_BREAK), wired like the real one: the count has to notice each. */

const { CHAOS_BREAK: without, ...environment } = process.env;
const config = readConfig(environment);
const chance = systemChance(systemClock);
const log = createLog({ level: config.LIENTHONG_LOG_LEVEL });
const store = await openStore({ config, mode: 'serve', clock: systemClock, chance, log, applicationName: 'chaos-broken-post', maxConnections: 30 });
const queue = startQueue({ postgres: queueConnections(store.target), redisUrl: config.REDIS_URL ?? null, clock: systemClock, log });
const dispatcher = outboundAgent({ allow: config.LIENTHONG_OUTBOUND_ALLOW });
const accounts = readPostalAccounts(config.LIENTHONG_POSTAL_FILE, systemClock, dispatcher);
const worker = startWorker({
  config,
  store: { ...store, records: without === 'cursor' ? hastyCursor(store.records) : store.records },
  queue,
  accounts: without === 'number' ? accounts.map((account) => ({ ...account, carrier: anotherNumberEachTime(account.carrier) })) : accounts,
  dispatcher,
  clock: systemClock,
  chance,
  log,
});
process.once('SIGTERM', () => {
  void worker.stop(5_000).then(async () => {
    await queue.close();
    await store.close();
    process.exit(0);
  });
});

/** As a client is known to do it: a random end on the number of every call. */
function anotherNumberEachTime(carrier: PostalCarrier): PostalCarrier {
  return { ...carrier, placeOrder: (order, signal) => carrier.placeOrder({ ...order, orderNumber: `${order.orderNumber}-${randomBytes(3).toString('hex')}` }, signal) };
}

/**
 * The cursor is stored before the events it passed, and every third time the process is gone in between. What would mend that within five
 * minutes, reading the end of the feed again, is taken away too: the mark of an end.
 */
function hastyCursor(records: Records): Records {
  let pages = 0;
  return {
    ...records,
    transaction: (work) =>
      records.transaction((tx) =>
        work({
          ...tx,
          postal: {
            ...tx.postal,
            async moveCursor(account, cursor, at) {
              await records.postal.moveCursor(account, cursor.replace(/\+$/, ''), at);
              pages += 1;
              if (pages % 3 === 0) throw new Error('the process is gone');
            },
          },
        }),
      ),
  };
}

import { readConfig } from '../config.ts';
import type { RevocationCollector } from '../usecases/collect-revocation.ts';
import { systemChance } from '../wiring/chance.ts';
import { systemClock } from '../wiring/clock.ts';
import { openRevocationCollector } from '../wiring/revocation.ts';

/** Words for the help of commands that fetch. */
export const OUTBOUND_HELP =
  'Certificates name where OCSP responders, CRLs and issuers are found. Only public addresses at ports 80 and 443 are called; others, such as\n' +
  'those of a throw-away PKI, need LIENTHONG_OUTBOUND_ALLOW=host:port[,host:port…].';

/** Runs `work` with a collector that fetches under the operator's rules, or with none when `offline`. */
export async function withCollector<T>(offline: boolean, work: (collector: RevocationCollector | undefined) => Promise<T>): Promise<T> {
  if (offline) return work(undefined);
  // Only the one setting: a command that needs no gateway must not stumble over the gateway's.
  const { LIENTHONG_OUTBOUND_ALLOW, LIENTHONG_OUTBOUND_ALLOW_FILE } = process.env;
  const config = readConfig({ LIENTHONG_OUTBOUND_ALLOW, LIENTHONG_OUTBOUND_ALLOW_FILE });
  const opened = openRevocationCollector({ allow: config.LIENTHONG_OUTBOUND_ALLOW, clock: systemClock, chance: systemChance(systemClock) });
  try {
    return await work(opened.collector);
  } finally {
    await opened.close();
  }
}

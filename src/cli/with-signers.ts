import { createLog } from '../telemetry/log.ts';
import { moduleEnvironment } from '../wiring/module-environment.ts';
import { outboundAgent } from '../wiring/outbound-http.ts';
import { openSigners, type Signers } from '../wiring/signers.ts';
import type { Administration } from './with-store.ts';

/** The signers of recorded keys, for as long as `work` takes. */
export async function withSigners<T>(store: Administration, work: (signers: Signers) => Promise<T>): Promise<T> {
  const dispatcher = outboundAgent({ allow: store.config.LIENTHONG_OUTBOUND_ALLOW });
  const signers = openSigners({ ...store, log: createLog({ level: 'silent' }), dispatcher, moduleEnvironment: moduleEnvironment(process.env, store.config) });
  try {
    return await work(signers);
  } finally {
    await signers.close();
    await dispatcher.destroy();
  }
}

import { createHttpRevocationSource } from '../../connectors/revocation-http/index.ts';
import type { Chance } from '../ports/chance.ts';
import type { Clock } from '../ports/clock.ts';
import { createRevocationCollector, type RevocationCollector } from '../usecases/collect-revocation.ts';
import { outboundAgent } from './outbound-http.ts';

export interface RevocationSettings {
  /** `LIENTHONG_OUTBOUND_ALLOW`: hosts or host:port that may be called although they point inward or at another port. */
  readonly allow: readonly string[];
  readonly clock: Clock;
  readonly chance: Chance;
}

export interface OpenRevocationCollector {
  readonly collector: RevocationCollector;
  /** Closes its connections. */
  close(): Promise<void>;
}

/** Ports that certificates may name: those of the web. Others belong to other services. */
const WEB_PORTS = [80, 443];

/** One collector for a process: its memory is what makes one fetch do for many documents. */
export function openRevocationCollector({ allow, clock, chance }: RevocationSettings): OpenRevocationCollector {
  const dispatcher = outboundAgent({ allow, ports: WEB_PORTS, connectionsPerHost: 4 });
  const collector = createRevocationCollector({ source: createHttpRevocationSource({ dispatcher }), clock, chance });
  return { collector, close: () => dispatcher.destroy() };
}

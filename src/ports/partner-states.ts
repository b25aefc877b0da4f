import type { PartnerId } from '../domain/ids.ts';
import type { BreakerSettings, EvidencePolicy, PartnerLimits, PartnerPace, PartnerStanding } from '../domain/partner-limits.ts';

/** How partners are doing, kept where every replica sees it. */
export interface PartnerStates {
  find(id: PartnerId): Promise<PartnerStanding>;
  setLimits(id: PartnerId, limits: PartnerLimits): Promise<void>;
  /** In place of the one before; null: as usual. Counts from the next attempt on. */
  setPace(id: PartnerId, pace: PartnerPace | null): Promise<void>;
  /** What happens to its deliveries while no time-stamps can be had for evidence. */
  setEvidence(id: PartnerId, policy: EvidencePolicy): Promise<void>;
  /** Partners that have a concurrency of their own. */
  concurrencies(): Promise<ReadonlyMap<string, number>>;
  /** The right to be the one attempt of a half-open circuit, until `until` at most. False: another attempt has it. */
  takeProbe(id: PartnerId, now: Date, until: Date): Promise<boolean>;
  /** The attempt that took it until then found nothing out: another may. */
  returnProbe(id: PartnerId, until: Date): Promise<void>;
  /** Null: sending one more message now is within the rate, and it is counted. Otherwise when it will be. */
  takeToken(id: PartnerId, limits: PartnerLimits, now: Date): Promise<Date | null>;
  /** The partner did not work. While its circuit is open, further failures of attempts begun before count nothing. */
  recordFailure(id: PartnerId, settings: BreakerSettings, now: Date): Promise<void>;
  /** The partner asked to be left alone until then. */
  holdUntil(id: PartnerId, until: Date, now: Date): Promise<void>;
  /** Its address is gone: nothing is sent to it until `enable`. */
  disable(id: PartnerId, now: Date): Promise<void>;
  /** Sends again what is waiting. False: it was not disabled. */
  enable(id: PartnerId, now: Date): Promise<boolean>;
  /** It worked: the circuit is closed. */
  recordSuccess(id: PartnerId, now: Date): Promise<void>;
}

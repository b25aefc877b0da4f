import type { Recipient } from './partner-records.ts';

/** Where an exchange ended that brought no answer. */
export type ProbeStage = 'address' | 'name' | 'connection' | 'tls' | 'answer';

export type ProbeResult =
  | { readonly answered: true; readonly status: number; readonly receipt: 'right' | 'wrong' | 'none'; readonly ms: number }
  /** `reason`: a code of the network, or a sentence of ours; no address and no secret. */
  | { readonly answered: false; readonly failedAt: ProbeStage; readonly reason: string; readonly ms: number };

export interface PartnerProbe {
  /**
   * Pushes one `gateway.ping` to a partner that is pushed to. It is no message: nothing is recorded, nothing is repeated.
   * @param forged with signatures that are wrong: a partner that checks them refuses it
   * @throws PARTNER_UNAVAILABLE when it has no webhook secret; CONFIG_INVALID
   */
  ping(recipient: Recipient, pingId: string, forged: boolean, signal: AbortSignal): Promise<ProbeResult>;
}

import type { DeliveryId, MessageId, PartnerId } from '../domain/ids.ts';
import type { DeliveryError } from './outbox.ts';

/** How the store as a whole stands. While it is held nothing leaves the gateway by itself: no delivery is leased, no job is begun. */
export interface Standing {
  /** 1 for a store that was never restored; a restored one bears the second of its restoration (Unix time), so that no two lives share one. */
  readonly incarnation: number;
  readonly hold: { readonly since: Date; readonly reason: string } | null;
  /** Null: never. `from`: when its backup was begun; what came after that is not here. */
  readonly restored: { readonly at: Date; readonly from: Date; readonly reconciledAt: Date | null } | null;
}

export interface StandingRecords {
  read(): Promise<Standing>;
  /** @returns false when it is held already */
  hold(reason: string, at: Date): Promise<boolean>;
  /** @returns false when it is not held */
  release(): Promise<boolean>;
  setReconciled(at: Date): Promise<void>;
  /** Deliveries of messages that are pending or parked, by id, those behind `after`. */
  unfinished(after: DeliveryId | null, limit: number): Promise<readonly UnfinishedDelivery[]>;
  /** Parks a pending delivery whose outcome is unknown, without an attempt. False when it is not pending any more. */
  park(id: DeliveryId, reason: string, error: DeliveryError, at: Date): Promise<boolean>;
}

/** A message's delivery that is neither finished nor offered. */
export interface UnfinishedDelivery {
  readonly id: DeliveryId;
  readonly messageId: MessageId;
  readonly target: PartnerId;
  readonly state: 'pending' | 'parked';
}

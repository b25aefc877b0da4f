import { z } from 'zod';
import type { DeliveryState } from '../../domain/message.ts';
import { PARK_REASONS, type ParkReason } from '../../domain/park-reason.ts';
import { text } from './primitives.ts';

/** The message desk: what its page shows, and what its forms send. Nobody's name and no word of a message stands on it. */

export const DESK_DECISIONS = ['replay', 'take-in', 'skip', 'cancel'] as const;
export type MessageDecision = (typeof DESK_DECISIONS)[number];

/** Fields of a form that were left empty say nothing. */
const blank = <Schema extends z.ZodType>(schema: Schema) => z.union([z.literal('').transform(() => undefined), schema]).optional();

export const messageDeskQuery = z.strictObject({
  lang: z.enum(['vi', 'en']).default('vi'),
  partner: blank(z.string().max(63)),
  reason: blank(z.enum(PARK_REASONS)),
  dossier: blank(z.string().trim().max(64)),
  /** Parked at that time or later: the next page. */
  since: blank(z.iso.datetime()),
  done: z.enum(DESK_DECISIONS).optional(),
});
export type MessageDeskQuery = z.output<typeof messageDeskQuery>;

export const messageDeskForm = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('login'), key: z.string().min(1).max(200) }),
  z.strictObject({ action: z.literal('logout') }),
  z.strictObject({ action: z.literal('decide'), delivery: z.uuid(), decision: z.enum(DESK_DECISIONS), note: text(500) }),
]);
export type MessageDeskForm = z.output<typeof messageDeskForm>;

/** A delivery that waits for a person. */
export interface StuckDelivery {
  readonly deliveryId: string;
  readonly kind: 'message' | 'postal';
  readonly recipient: string;
  readonly dossierCode: string;
  readonly reason: ParkReason | 'unknown';
  /** Code and sentence of the last attempt; null: none was made. */
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly attempts: number;
  readonly since: string;
}

export interface DeskRecipient {
  readonly recipient: string;
  readonly open: number;
  readonly oldestAt: string;
  readonly circuit: 'closed' | 'open' | 'half-open' | 'disabled';
}

export interface DeskDelivery {
  readonly deliveryId: string;
  readonly messageType: string;
  readonly recipient: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Null: it is not waiting for a time. */
  readonly nextAttemptAt: string | null;
  /** An earlier one of the dossier for the same recipient has to end first. */
  readonly isBehind: boolean;
  readonly problem: { readonly code: string; readonly detail: string } | null;
  readonly reason: string | null;
  readonly decisions: readonly MessageDecision[];
}

/** One dossier: every delivery that is open, and everything that happened, oldest first. */
export interface DeskDossier {
  readonly code: string;
  readonly state: string;
  readonly owner: string;
  readonly deliveries: readonly DeskDelivery[];
  readonly events: readonly { readonly at: string; readonly kind: string; readonly actor: string | null; readonly facts: readonly (readonly [string, string])[] }[];
}

export interface MessageDeskView {
  readonly stuck: readonly StuckDelivery[];
  /** Give it as `since` for the next ones; null: these are all. */
  readonly nextSince: string | null;
  readonly recipients: readonly DeskRecipient[];
  readonly partners: readonly string[];
  readonly dossier: DeskDossier | null;
}

import { z } from 'zod';
import type { DeliveryId } from '../../src/domain/ids.ts';
import type { Wake } from '../../src/ports/outbox.ts';

/** Wakes a worker for one delivery. Carries its id and recipient, nothing of the message; whether there is anything to do, the outbox decides. */
export const QUEUE = 'deliveries';
export const NAME = 'deliver';

const payload = z.strictObject({ id: z.uuid().transform((id) => id as DeliveryId), target: z.string().min(1).max(255), wake: z.int().nonnegative() });
export type DeliverPayload = z.output<typeof payload>;

export interface DeliverJob {
  readonly name: typeof NAME;
  readonly data: Wake;
  readonly opts: { readonly jobId: string; readonly attempts: 1; readonly removeOnComplete: true; readonly removeOnFail: true };
}

/**
 * The job id holds the wake number: BullMQ ignores a second job of the same id while the first is kept, so that a finished one that
 * stays, or a wake-up given out twice under one number, would silence the delivery. Pace and retries belong to the outbox.
 */
export function buildDeliverJob({ id, target, wake }: Wake): DeliverJob {
  return { name: NAME, data: { id, target, wake }, opts: { jobId: `${id}-${wake}`, attempts: 1, removeOnComplete: true, removeOnFail: true } };
}

/** Null for data that no version of this job writes. */
export function readDeliverJob(data: unknown): DeliverPayload | null {
  const parsed = payload.safeParse(data);
  return parsed.success ? parsed.data : null;
}

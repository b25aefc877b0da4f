import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import type { Standing } from '../ports/standing.ts';
import type { Decision } from './operate-delivery.ts';

export interface HoldPorts {
  readonly records: Records;
  readonly clock: Clock;
}

/**
 * From now on nothing leaves the gateway by itself; what is under way ends. Requests are still answered, and what is accepted waits. Audited.
 * @throws STATE_CONFLICT when it is held already
 */
export async function holdStore({ records, clock }: HoldPorts, { actor, note }: Decision): Promise<void> {
  const at = clock.now();
  await records.transaction(async (tx) => {
    if (!(await tx.standing.hold('by an operator', at))) throw new GatewayError('STATE_CONFLICT', 'The store is held already: see “lienthong hold status”');
    await tx.audit.add({ at, actor, action: 'hold', subject: 'store', detail: { note } });
  });
}

/** What a caller asks for that would leave the gateway at once. @throws STATE_CONFLICT while the store is held */
export async function checkReleased({ standing }: Pick<RecordSet, 'standing'>): Promise<void> {
  const { hold } = await standing.read();
  if (hold !== null) throw new GatewayError('STATE_CONFLICT', `The gateway is held (${hold.reason}) and calls nobody: an operator releases it (“lienthong hold status”)`);
}

/**
 * Lets everything go again. Audited.
 * @param unreconciled a person answers for what partners and carriers were not asked
 * @throws STATE_CONFLICT when it is not held, or was restored and not reconciled since
 */
export async function releaseStore({ records, clock }: HoldPorts, { actor, note }: Decision, unreconciled: boolean): Promise<Standing> {
  const at = clock.now();
  return records.transaction(async (tx) => {
    const standing = await tx.standing.read();
    if (standing.hold === null) throw new GatewayError('STATE_CONFLICT', 'The store is not held: everything goes already');
    const isOpen = standing.restored !== null && standing.restored.reconciledAt === null;
    if (isOpen && !unreconciled) throw new GatewayError('STATE_CONFLICT', 'The store was restored and not reconciled yet: run “lienthong hold reconcile” first, or say --unreconciled if you answer for it');
    await tx.standing.release();
    await tx.audit.add({ at, actor, action: 'release', subject: 'store', detail: { note, incarnation: standing.incarnation, unreconciled: isOpen } });
    return standing;
  });
}

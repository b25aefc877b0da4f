import type { Receipt } from '../../src/domain/message.ts';
import { recordReceipt } from '../../src/usecases/deliver-message.ts';
import { systemChance } from '../../src/wiring/chance.ts';
import { replayDelivery } from '../../src/usecases/operate-delivery.ts';
import { exchangeKey, type SimDatabase } from './fleet.ts';
import { LATEST_EFFECT_MS, type SimPartner } from './partners.ts';
import type { SimQueue } from './queue.ts';
import type { SimProcess, World } from './world.ts';

const LOOKS_EVERY_MS = 20_000;

/**
 * A careful person: looks at what is parked; where an effect may still show, waits until none can; then asks the partner by other means,
 * and adopts what is there or sends again what is not.
 */
export function operate(sim: World, database: SimDatabase, queue: SimQueue, partners: readonly SimPartner[]): void {
  const desk: SimProcess = { name: 'operator', alive: true, pausedUntil: 0, skewMs: 0 };
  const records = database.recordsOf(desk);
  const clock = sim.clockOf(desk);
  const ports = { records, queue: queue.clientOf(desk), clock };

  const decide = async (id: string): Promise<void> => {
    const entry = (await records.outbox.parked(null, 100)).find((parked) => parked.id === id);
    if (entry === undefined || clock.now().getTime() - entry.since.getTime() < 2 * LATEST_EFFECT_MS) return;
    const partner = partners.find((candidate) => candidate.partner.id === entry.target);
    if (partner?.has(entry.id) !== true) return replayDelivery(ports, entry.id, { actor: 'operator:sim', note: 'not there' });
    await records.transaction(async (trx) => {
      const message = entry.messageId === null ? null : await trx.messages.find(entry.messageId);
      const at = clock.now();
      if (message === null || !(await trx.outbox.finish(entry.id, 'delivered', at))) return;
      const receipt: Receipt = { deliveryId: entry.id, messageId: message.id, partnerId: partner.partner.id, manifestSha256: message.manifestSha256, receivedAt: at, reference: null };
      await recordReceipt(trx, { exchangeKey, chance: systemChance(clock) }, { message, receipt, source: 'lookup', own: null }, at);
    });
  };
  const look = (): void => {
    sim.afterIn(desk, LOOKS_EVERY_MS, look);
    records.outbox
      .parked(null, 100)
      .then(async (parked) => {
        for (const { id } of parked) await decide(id);
      })
      .catch(() => {}); // the database is away: at the next look
  };
  look();
}

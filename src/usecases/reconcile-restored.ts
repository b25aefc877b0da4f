import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { DossierPartners } from '../ports/dossier-partner.ts';
import type { Recipient } from '../ports/partner-records.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import type { UnfinishedDelivery } from '../ports/standing.ts';
import { recordReceipt } from './deliver-message.ts';

export interface ReconcileRestoredPorts extends AttestPorts {
  readonly records: Records;
  readonly partners: DossierPartners;
  readonly clock: Clock;
  readonly actor: string;
  readonly signal: AbortSignal;
  readonly onProgress: (asked: number) => void;
}

export interface Reconciled {
  /** The recipient says that it has them: recorded as delivered. */
  readonly adopted: number;
  /** Sent again after the release: the recipient knows a repetition by its key, is asked once more before, or takes them from its inbox. */
  readonly resent: number;
  /** Parked: only a person can find out. */
  readonly tasks: number;
  /** Recipients that could not be asked: what is for them is asked for again before it is sent. */
  readonly unanswered: readonly string[];
}

const PAGE = 200;

/**
 * Before a restored store is released: every delivery that it takes for unfinished may have been made between the backup and the loss.
 * Recipients that can be asked are asked; nothing is sent. By what a partner declared (`repeat`): `key` may be sent again; `lookup` is
 * adopted or asked again before it is sent; `upsert` is a person's, since an older state could go over a newer one that is not on record here; `unsafe` is a person's.
 * Postal orders are asked for by the engine itself, before it places any, or wait for a person. Audited; may be repeated.
 * @throws STATE_CONFLICT when the store is not held
 */
export async function reconcileRestored(ports: ReconcileRestoredPorts): Promise<Reconciled> {
  const { records, clock, actor } = ports;
  const standing = await records.standing.read();
  if (standing.hold === null) throw new GatewayError('STATE_CONFLICT', 'The store is not held: it sends already, and there is nothing to reconcile');
  const counts = { adopted: 0, resent: 0, tasks: 0 };
  const unanswered = new Set<string>();
  let asked = 0;
  for (let page = await records.standing.unfinished(null, PAGE); page.length > 0; page = await records.standing.unfinished(page.at(-1)?.id ?? null, PAGE)) {
    for (const delivery of page) {
      counts[await reconcileOne(ports, delivery, unanswered)] += 1;
      ports.onProgress((asked += 1));
    }
  }
  const reconciled: Reconciled = { ...counts, unanswered: [...unanswered] };
  await records.transaction(async (tx) => {
    const at = clock.now();
    await tx.standing.setReconciled(at);
    await tx.audit.add({ at, actor, action: 'reconcile', subject: 'store', detail: { ...counts, unanswered: reconciled.unanswered.join(' ') } });
  });
  return reconciled;
}

async function reconcileOne(ports: ReconcileRestoredPorts, delivery: UnfinishedDelivery, unanswered: Set<string>): Promise<'adopted' | 'resent' | 'tasks'> {
  const recipient = await ports.records.partners.recipient(delivery.target, ports.clock.now());
  if (recipient === null) return 'tasks';
  const { partner } = recipient;
  if (partner.mode === 'pull') return delivery.state === 'parked' ? 'tasks' : 'resent';
  const found = unanswered.has(partner.id) ? 'silent' : await ask(ports, recipient, delivery);
  if (found === 'adopted') return 'adopted';
  if (found === 'silent') unanswered.add(partner.id);
  if (delivery.state === 'parked') return 'tasks';
  if (partner.repeat === 'key' || partner.repeat === 'lookup') return 'resent';
  await park(ports.records, delivery, ports.clock.now());
  return 'tasks';
}

async function ask({ records, partners, clock, signal, exchangeKey, chance }: ReconcileRestoredPorts, recipient: Recipient, { id, messageId }: UnfinishedDelivery): Promise<'adopted' | 'unknown' | 'silent'> {
  const { partner } = recipient;
  if (partner.repeat !== 'lookup') return 'unknown';
  const connector = await partners.of(recipient).catch(() => null); // settings that cannot be used
  if (connector === null) return 'silent';
  if (connector.lookup === null) return 'unknown';
  const found = await connector.lookup(id, signal).catch(() => null); // whatever went wrong: nothing was learnt, and it is told
  if (found === null) return 'silent';
  const message = found.found ? await records.messages.find(messageId) : null;
  if (!found.found || message === null || (found.manifestSha256 ?? message.manifestSha256) !== message.manifestSha256) return 'unknown';
  const at = clock.now();
  return records.transaction(async (tx) => {
    if (!(await tx.outbox.finish(id, 'delivered', at))) return 'unknown';
    await recordReceipt(tx, { exchangeKey, chance }, { message, source: 'lookup', own: null, receipt: { deliveryId: id, messageId, partnerId: partner.id, manifestSha256: message.manifestSha256, receivedAt: at, reference: found.reference } }, at);
    return 'adopted';
  });
}

function park(records: RecordSet, { id }: UnfinishedDelivery, at: Date): Promise<boolean> {
  return records.standing.park(id, 'outcome-unknown', { code: 'RESTORED', detail: 'It may have been delivered between the backup and the restoration, and the recipient tolerates no repetition' }, at);
}

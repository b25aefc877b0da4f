import type { DossierCode } from '../domain/dossier.ts';
import { GatewayError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import type { Erased } from '../ports/erasure-records.ts';
import type { Records } from '../ports/records.ts';

export interface ErasePorts {
  readonly records: Records;
  readonly documents: Pick<DocumentStore, 'remove'>;
  readonly clock: Clock;
}

/**
 * Erases what is personal in a dossier. What was sent, when, by whom and to whom stays on record with its digests, so that receipts and
 * evidence hold on; what the digests were made over is gone. Once more erases what came in since. Audited.
 * @throws DOSSIER_NOT_FOUND; STATE_CONFLICT while a delivery or postal order is under way
 */
export async function eraseDossier(ports: ErasePorts, actor: string, code: DossierCode, note: string): Promise<Erased> {
  const at = ports.clock.now();
  const erased = await ports.records.transaction(async (tx) => {
    const open = await tx.erasure.countOpen(code);
    if (open > 0) throw new GatewayError('STATE_CONFLICT', `${open} deliveries or postal orders of this dossier are under way: wait for them, or cancel them`);
    const found = await tx.erasure.erase(code, at);
    if (found === null) throw new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${code}`);
    await tx.dossiers.addEvent(code, { kind: 'dossier.erased', at, actor: null, messageId: null, deliveryId: null, postalOrderId: null, data: { ...found } });
    await tx.audit.add({ at, actor, action: 'erase-dossier', subject: `dossier:${code}`, detail: { note, ...found } });
    return found;
  });
  await removeErasedBytes(ports);
  return erased;
}

/** Bytes are looked after for so long: what was uploaded again a moment ago is not taken away from under its new record. */
const LOOKED_AFTER_MS = 7 * 24 * 3_600_000;

async function removeErasedBytes({ records, documents, clock }: ErasePorts): Promise<void> {
  for (const sha256 of await records.erasure.orphanedBytes(new Date(clock.now().getTime() - LOOKED_AFTER_MS))) await documents.remove(sha256);
}

const MOST_AT_ONCE = 50;

/** Erases dossiers whose procedure's term is over, and bytes of documents that could not be removed at once. */
export async function eraseDue(ports: ErasePorts): Promise<{ readonly more: boolean }> {
  const due = await ports.records.erasure.due(ports.clock.now(), MOST_AT_ONCE);
  let erased = 0;
  for (const code of due) {
    if ((await ports.records.erasure.countOpen(code)) > 0) continue;
    await eraseDossier(ports, 'gateway', code, 'term of its procedure is over');
    erased += 1;
  }
  await removeErasedBytes(ports);
  return { more: due.length === MOST_AT_ONCE && erased > 0 };
}

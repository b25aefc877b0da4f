import type { DossierCode } from '../domain/dossier.ts';
import { GatewayError } from '../domain/errors.ts';
import type { MessageManifest } from '../domain/message.ts';
import { BODY, partName } from '../formats/evidence/names.ts';
import { erasedObjects } from '../formats/evidence/statements.ts';
import type { Clock } from '../ports/clock.ts';
import type { DocumentStore } from '../ports/document-store.ts';
import type { Erased } from '../ports/erasure-records.ts';
import type { AttestPorts } from '../ports/exchange-key.ts';
import type { Records, RecordSet } from '../ports/records.ts';
import { attestReceipt } from './attest.ts';

export interface ErasePorts extends AttestPorts {
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
    const dossier = await tx.dossiers.find(code);
    const found = await tx.erasure.erase(code, at);
    if (found === null) throw new GatewayError('DOSSIER_NOT_FOUND', `There is no dossier ${code}`);
    await attestErasure(ports, tx, code, { procedure: dossier?.procedure.code ?? '', basis: note, at });
    await tx.dossiers.addEvent(code, { kind: 'dossier.erased', at, actor: null, messageId: null, deliveryId: null, postalOrderId: null, data: { ...found } });
    await tx.audit.add({ at, actor, action: 'erase-dossier', subject: `dossier:${code}`, detail: { note, ...found } });
    return found;
  });
  await removeErasedBytes(ports);
  return erased;
}

interface Erasure {
  readonly procedure: string;
  readonly basis: string;
  readonly at: Date;
}

/** What is gone of each message, by its digests, and under which rule: signed, so that evidence with a hole in it says why. */
async function attestErasure(ports: ErasePorts, tx: RecordSet, dossierCode: DossierCode, { procedure, basis, at }: Erasure): Promise<void> {
  const gone = new Set(await tx.erasure.erasedDocuments(dossierCode));
  for (const { id, manifestSha256, parts, fromPartnerId } of await tx.messages.ofDossier(dossierCode)) {
    const manifest = await tx.messages.manifest(id);
    const before = await tx.evidence.ofMessage(id);
    if (manifest === null || before.length === 0) continue;
    const known = new Set(before.flatMap(({ kind, statement }) => (kind === 'erased' ? erasedObjects(statement) : []).map(({ name }) => name)));
    const { bodySha256 } = JSON.parse(manifest) as MessageManifest;
    const all = [{ name: BODY, sha256: bodySha256 }, ...parts.flatMap((part, position) => (gone.has(part.documentId) ? [{ name: partName(part, position), sha256: part.sha256 }] : []))];
    const objects = all.filter(({ name }) => !known.has(name));
    if (objects.length === 0) continue;
    const evidence = await attestReceipt(ports, { version: 1, kind: 'erased', messageId: id, manifestSha256, dossierCode, procedure, basis, objects, at: at.toISOString() }, { sender: fromPartnerId, at });
    await tx.evidence.add([evidence]);
  }
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

import { differingKey, sameObject } from '../equality.ts';
import type { PdfDict } from '../objects.ts';
import { isDict, isRef, isStream } from '../objects.ts';
import { TRAILER } from '../references.ts';
import type { Place, Step } from './step.ts';
import { isXmpPacket } from './xmp.ts';

/** Entries of the catalog that further signatures and validation data touch; each has a rule of its own or shows nothing. */
const CHANGEABLE = new Set(['AcroForm', 'DSS', 'Extensions', 'Metadata', 'MarkInfo', 'Version']);

export interface Catalogs {
  readonly before: PdfDict;
  readonly after: PdfDict;
  readonly place: Place;
}

/** The catalog itself: the same object, the same entries but for those above. Undefined when there is nothing to go on with. */
export function checkCatalog(step: Step): Catalogs | undefined {
  const oldRoot = step.before.trailer.entries.get('Root');
  const newRoot = step.after.trailer.entries.get('Root');
  const before = step.before.resolve(oldRoot);
  const after = step.after.resolve(newRoot);
  if (!isRef(oldRoot) || !isRef(newRoot) || !isDict(before) || !isDict(after) || oldRoot.num !== newRoot.num) {
    step.forbid('the document catalog was exchanged');
    return undefined;
  }
  const key = differingKey(before, after, CHANGEABLE);
  if (key === undefined) step.approve(oldRoot);
  else step.forbid(`/${key} of the document catalog was changed`);
  for (const kept of ['AcroForm', 'DSS', 'Extensions', 'MarkInfo']) {
    if (!before.entries.has(kept) || after.entries.has(kept)) continue;
    const detail = `/${kept} of the document catalog was removed`;
    if (kept === 'DSS') step.forbidLoss(detail);
    else step.forbid(detail);
  }
  const place = { holder: oldRoot.num, path: '' };
  for (const loose of ['Extensions', 'MarkInfo']) checkLoose(step, { before, after, place }, loose);
  return { before, after, place };
}

/** Entries of plain values that no page shows. */
function checkLoose(step: Step, { before, after, place }: Catalogs, key: string): void {
  const raw = after.entries.get(key);
  step.enter(place, before, key);
  if (sameObject(before.entries.get(key), raw) && !step.isRewritten(raw)) return;
  if (isStream(step.after.resolve(raw))) step.forbid(`/${key} of the document catalog became a stream`);
  else step.approve(raw);
  step.add({ level: 'validation-data', detail: `/${key} of the document catalog was changed`, allowedWhenLocked: true });
}

/** Encryption is decided once: another handler or key would show other content. */
export function checkEncryption(step: Step): void {
  if (!sameObject(step.before.trailer.entries.get('Encrypt'), step.after.trailer.entries.get('Encrypt'))) step.forbid('the encryption of the document was changed');
}

/** The document information dictionary (ISO 32000-2 §14.3.3): shown by no page. */
export function checkInfo(step: Step): void {
  const now = step.after.trailer.entries.get('Info');
  step.enter({ holder: TRAILER, path: '' }, step.before.trailer, 'Info');
  if (now === undefined || (sameObject(step.before.trailer.entries.get('Info'), now) && !step.isRewritten(now))) return;
  if (isStream(step.after.resolve(now))) step.forbid('the document information became a stream');
  else step.approve(now);
  step.add({ level: 'validation-data', detail: 'the document information was changed', allowedWhenLocked: true });
}

/** The document's XMP stream (ISO 32000-2 §14.3.2): replaced only by XMP. */
export function checkMetadata(step: Step, { before, after, place }: Catalogs): void {
  const now = after.entries.get('Metadata');
  const was = before.entries.get('Metadata');
  step.enter(place, before, 'Metadata');
  if (now === undefined || (sameObject(was, now) && !step.isRewritten(now))) return;
  const stream = step.after.resolve(now);
  if (!isRef(now) || !isStream(stream) || !isXmpPacket(step.after.decode(stream))) {
    step.forbid('the metadata was replaced by something that is not XMP');
    return;
  }
  if (isRef(was) && was.num !== now.num && !step.isNew(now.num)) step.forbid('the metadata was replaced by an object that serves another purpose');
  step.approve(now);
  step.add({ level: 'validation-data', detail: 'the metadata was changed', allowedWhenLocked: true });
}

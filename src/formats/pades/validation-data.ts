import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';

import type { ByteSource } from '../byte-source.ts';
import { openPdf, type PdfRevision } from '../pdf/document.ts';
import { IncrementalUpdate } from '../pdf/increment.ts';
import { dict, isArray, isDict, isName, isRef, isStream, name, stream, withEntries, type PdfDict, type PdfObject } from '../pdf/objects.ts';
import { dateString } from '../pdf/text.ts';
import { checkSound } from './check-sound.ts';
import type { DocumentSecurityStore } from './dss.ts';
import { changeCatalog } from './place-field.ts';

/** What one signature or document time-stamp was validated with. */
export interface ValidationDataOf extends DocumentSecurityStore {
  /** As `vriKey` gives it. */
  readonly vriKey: string;
  /** No update only to name in /VRI what the store holds already: after a document time-stamp it would be one for nothing. */
  readonly onlyWithNewValues: boolean;
}

export interface ValidationDataOptions {
  readonly entries: readonly ValidationDataOf[];
  /** /TU: when the data was put together. */
  readonly at: Date;
  /** 16 random bytes: the second half of the new revision's file identifier (ISO 32000-2 §14.4). */
  readonly revisionId: Uint8Array;
}

/** Name of a signature in /VRI: SHA-1 of /Contents with its padding, in upper-case hexadecimal. @see ISO 32000-2 table 261 */
export function vriKey(contents: Uint8Array): string {
  return createHash('sha1').update(contents).digest('hex').toUpperCase();
}

/**
 * The incremental update that puts validation data into the document security store; null when all of it is there already. What the store
 * holds stays, each value is written once, an entry of /VRI that exists is left as it is.
 * @throws as `openPdf`; PDF_BROKEN
 * @see ETSI EN 319 142-1 §5.4.2, §5.6; ISO 32000-2 §12.8.4.3
 */
export function addValidationData(source: ByteSource, { entries, at, revisionId }: ValidationDataOptions): Uint8Array | null {
  const document = openPdf(source);
  checkSound(document, false);
  const update = new IncrementalUpdate(document);
  const raw = document.latest.catalog.entries.get('DSS');
  const before = document.latest.dict(raw) ?? dict({});
  const lists = { Certs: valueList(update, before, 'Certs'), CRLs: valueList(update, before, 'CRLs'), OCSPs: valueList(update, before, 'OCSPs') };
  const vri = document.latest.dict(before.entries.get('VRI')) ?? dict({});
  const named = entries.map((entry) => ({ ...entry, value: entryOf(entry, lists, at) })).filter((entry) => !vri.entries.has(entry.vriKey));
  const hasNewValues = Object.values(lists).some((list) => list.grown());
  if (!hasNewValues && named.every(({ onlyWithNewValues }) => onlyWithNewValues)) return null;
  const added = Object.fromEntries(named.map((entry) => [entry.vriKey, update.add(entry.value)]));
  const after = withEntries(before, { Type: name('DSS'), ...listEntries(lists), VRI: withEntries(vri, added) });
  if (isRef(raw)) update.put(raw, after);
  else changeCatalog(update, { DSS: update.add(after) });
  declareExtension(update, document.latest);
  return update.build(revisionId).bytes;
}

interface ValueList {
  /** The reference of a value, written unless it is there. */
  put(der: Uint8Array): PdfObject;
  grown(): boolean;
  all(): readonly PdfObject[];
}

type Lists = Readonly<Record<'Certs' | 'CRLs' | 'OCSPs', ValueList>>;

function valueList(update: IncrementalUpdate, store: PdfDict, key: string): ValueList {
  const { latest } = update.document;
  const values = latest.get(store, key);
  const all = isArray(values) ? [...values] : [];
  const had = all.length;
  const known = new Map(all.flatMap((value) => (isRef(value) ? digestsOf(latest, value).map((sha256) => [sha256, value] as const) : [])));
  return {
    put(der) {
      const sha256 = sha256Of(der);
      const found = known.get(sha256);
      if (found !== undefined) return found;
      const added = update.add(streamOf(der));
      known.set(sha256, added);
      all.push(added);
      return added;
    },
    grown: () => all.length > had,
    all: () => all,
  };
}

function digestsOf(view: PdfRevision, value: PdfObject): string[] {
  const held = view.resolve(value);
  return isStream(held) ? [sha256Of(view.decode(held))] : [];
}

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/** Lists of revocations shrink; certificates and single answers hardly do, and would cost more time than the signature. */
const MIN_DEFLATED_BYTES = 8 * 1024;

function streamOf(der: Uint8Array): PdfObject {
  if (der.length < MIN_DEFLATED_BYTES) return stream(dict({}), der);
  const deflated = deflateSync(der);
  return deflated.length < der.length ? stream(dict({ Filter: name('FlateDecode') }), deflated) : stream(dict({}), der);
}

/** ISO 32000-2 table 262. /TS would be a time-stamp of the entry and excludes /TU: the document time-stamp covers all. */
function entryOf({ certificatesDer, crlsDer, ocspsDer }: DocumentSecurityStore, { Certs, CRLs, OCSPs }: Lists, at: Date): PdfObject {
  const list = (values: readonly Uint8Array[], of: ValueList): PdfObject | undefined => (values.length === 0 ? undefined : values.map((der) => of.put(der)));
  return dict({ Type: name('VRI'), Cert: list(certificatesDer, Certs), CRL: list(crlsDer, CRLs), OCSP: list(ocspsDer, OCSPs), TU: dateString(at, 0) });
}

function listEntries(lists: Lists): Record<string, PdfObject | undefined> {
  return Object.fromEntries(Object.entries(lists).map(([key, list]) => [key, list.all().length === 0 ? undefined : list.all()]));
}

const BASE_VERSION = '1.7';

/**
 * Before PDF 2.0 the store and document time-stamps are an extension, which the catalog names; its base version must not be above the
 * document's own (ISO 32000-2 §7.12).
 */
function declareExtension(update: IncrementalUpdate, latest: PdfRevision): void {
  const version = versionOf(latest);
  if (version >= '2') return;
  if (version < BASE_VERSION) changeCatalog(update, { Version: name(BASE_VERSION) });
  const raw = latest.catalog.entries.get('Extensions');
  const extensions = latest.dict(raw) ?? dict({});
  if (extensions.entries.has('ESIC')) return;
  const named = withEntries(extensions, { ESIC: dict({ Type: name('DeveloperExtensions'), BaseVersion: name(BASE_VERSION), ExtensionLevel: 1 }) });
  if (isRef(raw) && isDict(update.current(raw))) update.put(raw, named);
  else changeCatalog(update, { Extensions: named });
}

/** The later of header and catalog (ISO 32000-2 §7.2.2), such as `1.7`. */
function versionOf(latest: PdfRevision): string {
  const { source } = latest.document;
  const [, header = '1.0'] = /%PDF-(\d\.\d)/.exec(Buffer.from(source.read(0, Math.min(16, source.sizeBytes))).toString('latin1')) ?? [];
  const own = latest.get(latest.catalog, 'Version');
  return isName(own) && own.text > header ? own.text : header;
}

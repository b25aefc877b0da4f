import type { PdfObject } from '../pdf/objects.ts';
import { dict, name, ref } from '../pdf/objects.ts';
import type { PdfRef } from '../pdf/objects.ts';
import { dateString, textString } from '../pdf/text.ts';
import { objectText, type SyntaxPiece } from '../pdf/write.ts';
import type { DocMdpLevel, FieldLock } from './permissions.ts';

export type PadesSubFilter = 'ETSI.CAdES.detached' | 'ETSI.RFC3161';

export interface SignatureDictionaryFields {
  readonly subFilter: PadesSubFilter;
  /** Capacity for the CMS, in bytes. */
  readonly contentsBytes: number;
  readonly signingTime?: Date;
  readonly utcOffsetMinutes: number;
  readonly name?: string;
  readonly reason?: string;
  readonly location?: string;
  readonly contactInfo?: string;
  readonly certify?: DocMdpLevel;
  readonly lock?: FieldLock;
  /** The catalog, which a FieldMDP reference names as what it is about. */
  readonly catalog: PdfRef;
}

/** Syntax of a signature dictionary with two holes; positions count from its first byte. */
export interface SignatureDictionarySyntax {
  readonly pieces: readonly SyntaxPiece[];
  /** Of `/ByteRange`'s value, which is blank and `BYTE_RANGE_WIDTH` wide. */
  readonly byteRangeAt: number;
  /** Of the `<` of /Contents; its value is zeros. */
  readonly contentsAt: number;
}

/** `[0 a b c]` with up to 16 digits a number: any offset JavaScript can hold exactly. */
const BYTE_RANGE_WIDTH = 4 + 3 * 17;

/**
 * Lays out a signature or document time-stamp dictionary by hand, because the holes' positions must be known.
 * @see ISO 32000-2 §12.8.1 table 255, ETSI EN 319 142-1 §5.3, §5.4.3
 */
export function buildSignatureDictionary(fields: SignatureDictionaryFields): SignatureDictionarySyntax {
  const isTimestamp = fields.subFilter === 'ETSI.RFC3161';
  const head = `<</Type/${isTimestamp ? 'DocTimeStamp' : 'Sig'}/Filter/Adobe.PPKLite/SubFilter/${fields.subFilter}/ByteRange `;
  const toContents = `${head}${' '.repeat(BYTE_RANGE_WIDTH)}/Contents `;
  const rest = objectText(dict(isTimestamp ? {} : descriptiveEntries(fields))).slice('<<'.length);
  return { pieces: [`${toContents}<`, zeroDigits(2 * fields.contentsBytes), `>${rest}`], byteRangeAt: head.length, contentsAt: toContents.length };
}

let zeros = Buffer.alloc(64 * 1024, '0');

/** So many zeros, cut from one array that is made once: the hole is most of what a signature adds. */
function zeroDigits(count: number): Uint8Array {
  if (count > zeros.length) zeros = Buffer.alloc(count, '0');
  return zeros.subarray(0, count);
}

/** The text that goes into the /ByteRange hole, padded after the bracket. */
export function byteRangeText(range: readonly number[]): string {
  return `[${range.join(' ')}]`.padEnd(BYTE_RANGE_WIDTH, ' ');
}

function descriptiveEntries(fields: SignatureDictionaryFields): Record<string, PdfObject | undefined> {
  const text = (value: string | undefined): PdfObject | undefined => (value === undefined || value === '' ? undefined : textString(value));
  return {
    M: fields.signingTime === undefined ? undefined : dateString(fields.signingTime, fields.utcOffsetMinutes),
    Name: text(fields.name),
    Reason: text(fields.reason),
    Location: text(fields.location),
    ContactInfo: text(fields.contactInfo),
    Reference: references(fields),
  };
}

function references({ certify, lock, catalog }: SignatureDictionaryFields): PdfObject | undefined {
  const list: PdfObject[] = [];
  if (certify !== undefined) list.push(reference('DocMDP', { P: certify, V: name('1.2') }));
  if (lock !== undefined) {
    const fields = lock.action === 'All' ? undefined : lock.fields.map((field) => textString(field));
    list.push(reference('FieldMDP', { Action: name(lock.action), Fields: fields, V: name('1.2') }, ref(catalog.num, catalog.gen)));
  }
  return list.length === 0 ? undefined : list;
}

function reference(method: string, params: Record<string, PdfObject | undefined>, data?: PdfObject): PdfObject {
  return dict({ Type: name('SigRef'), TransformMethod: name(method), TransformParams: dict({ Type: name('TransformParams'), ...params }), Data: data });
}

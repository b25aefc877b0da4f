import type { PdfObject, PdfString } from './objects.ts';
import { isString, string } from './objects.ts';
import { latin1 } from './parser.ts';

/** PDFDocEncoding where it differs from Latin-1 (ISO 32000-2 Annex D.2). */
const PDF_DOC_18 = '\u02D8\u02C7\u02C6\u02D9\u02DD\u02DB\u02DA\u02DC';
const PDF_DOC_80 = '\u2022\u2020\u2021\u2026\u2014\u2013\u0192\u2044\u2039\u203A\u2212\u2030\u201E\u201C\u201D\u2018\u2019\u201A\u2122\uFB01\uFB02\u0141\u0152\u0160\u0178\u017D\u0131\u0142\u0153\u0161\u017E\uFFFD\u20AC';

/** A text string (ISO 32000-2 §7.9.2.2): ASCII as it is, anything else UTF-16BE with byte order mark; always NFC. */
export function textString(text: string): PdfString {
  if (/^[\x20-\x7e]*$/.test(text)) return string(Buffer.from(text, 'latin1'));
  return string(Buffer.concat([Uint8Array.of(0xfe, 0xff), Buffer.from(text.normalize('NFC'), 'utf16le').swap16()]), true);
}

/** The text of a text string in any of its three encodings; undefined when it is no string. Exact, not normalised. */
export function readTextString(value: PdfObject | undefined): string | undefined {
  if (!isString(value)) return undefined;
  const { bytes } = value;
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2))).swap16().toString('utf16le');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return Buffer.from(bytes.subarray(3)).toString('utf8');
  const text = latin1(bytes);
  return /^[\x20-\x7e]*$/.test(text) ? text : Array.from(bytes, pdfDocCharacter).join('');
}

function pdfDocCharacter(byte: number): string {
  if (byte >= 0x18 && byte <= 0x1f) return PDF_DOC_18.charAt(byte - 0x18);
  if (byte >= 0x80 && byte <= 0xa0) return PDF_DOC_80.charAt(byte - 0x80);
  return String.fromCharCode(byte);
}

/** A date (ISO 32000-2 §7.9.4) in whole seconds, shown with the given offset from UTC in minutes: `D:20261124093015+07'00'`. */
export function dateString(time: Date, offsetMinutes: number): PdfString {
  const local = new Date(time.getTime() + offsetMinutes * 60_000).toISOString();
  const sign = offsetMinutes < 0 ? '-' : '+';
  const minutes = Math.abs(offsetMinutes);
  const zone = `${sign}${String(Math.floor(minutes / 60)).padStart(2, '0')}'${String(minutes % 60).padStart(2, '0')}'`;
  return string(Buffer.from(`D:${local.slice(0, 19).replace(/[-T:]/g, '')}${zone}`, 'latin1'));
}

/** The instant of a date string, an absent zone taken as UTC; undefined when it is none. */
export function readDate(value: PdfObject | undefined): Date | undefined {
  const text = readTextString(value);
  const match = /^(?:D:)?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z(?:00'?(?:00'?)?)?|([+-])(\d\d)'?(?:(\d\d)'?)?)?$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, year = '', month = '01', day = '01', hour = '00', minute = '00', second = '00', sign = '+', zoneHours = '0', zoneMinutes = '0'] = match;
  const utc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const offset = (Number(zoneHours) * 60 + Number(zoneMinutes)) * (sign === '-' ? -1 : 1);
  const time = new Date(utc - offset * 60_000);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

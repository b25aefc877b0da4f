import { malformed, readAsn1 } from '../asn1/reader.ts';
import { readEnumerated, readSequence, readTime } from '../asn1/values.ts';
import { EXTENSION, readAltName, readExtensions, type Extension } from '../x509/extensions.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { CRL_REASON, type CrlReason } from './build-crl.ts';

/**
 * revokedCertificates as one stretch of bytes. National CRLs hold a million entries: they are walked over in place, and only the one
 * looked for becomes an object.
 */
export interface CrlEntry {
  readonly revokedAt: Date;
  readonly reason: CrlReason;
  readonly extensions: readonly Extension[];
}

export interface EntrySummary {
  readonly count: number;
  /** Critical entry extensions that are not processed: the whole CRL must not be used then (RFC 5280 §5.3). */
  readonly unknownCritical: readonly string[];
  readonly hasExtensions: boolean;
}

/**
 * Checks every entry's encoding.
 * @throws ASN1_MALFORMED
 * @see RFC 5280 §5.1.2.6, §5.3
 */
export function summarizeEntries(list: Uint8Array): EntrySummary {
  const unknownCritical = new Set<string>();
  let count = 0;
  let hasExtensions = false;
  for (const at of positions(list)) {
    count++;
    checkTime(list, at);
    if (at.extensionsStart === at.end) continue;
    hasExtensions = true;
    if (isPlainReason(list, at)) continue;
    for (const { oid, critical } of extensionsAt(list, at)) if (critical && !PROCESSED.has(oid)) unknownCritical.add(oid);
  }
  return { count, unknownCritical: [...unknownCritical], hasExtensions };
}

/**
 * The entry with this serial number whose certificate issuer the caller accepts; `null` stands for the CRL's own issuer.
 * In an indirect CRL the issuer named by one entry holds for those after it (RFC 5280 §5.3.3).
 * @throws ASN1_MALFORMED
 */
export function findEntry(list: Uint8Array, serialDer: Uint8Array, indirect: boolean, isIssuer: (names: readonly GeneralName[] | null) => boolean): CrlEntry | null {
  let issuer: readonly GeneralName[] | null = null;
  for (const at of positions(list)) {
    if (indirect) issuer = issuerAt(list, at) ?? issuer;
    if (!isSerial(list, at, serialDer) || !isIssuer(issuer)) continue;
    return readEntry(list.subarray(at.start, at.end));
  }
  return null;
}

const PROCESSED: ReadonlySet<string> = new Set([EXTENSION.CRL_REASON, EXTENSION.INVALIDITY_DATE, EXTENSION.CERTIFICATE_ISSUER]);
const REASONS = new Map<number, CrlReason>(Object.entries(CRL_REASON).map(([name, code]) => [code, name as CrlReason]));

interface Position {
  start: number;
  serialStart: number;
  serialEnd: number;
  timeEnd: number;
  /** Equal to `end` when there are none. */
  extensionsStart: number;
  end: number;
}

/** The same object every time: a million of them would be the cost of the walk. */
function* positions(list: Uint8Array): Generator<Position> {
  const at: Position = { start: 0, serialStart: 0, serialEnd: 0, timeEnd: 0, extensionsStart: 0, end: 0 };
  for (let start = 0; start < list.length; start = at.end) {
    const content = headerEnd(list, start, 0x30, list.length);
    at.start = start;
    at.end = content.end;
    at.serialStart = content.start;
    const serial = headerEnd(list, content.start, 0x02, content.end);
    if (serial.end === serial.start) throw malformed('CRL entry without serial number', content.start);
    at.serialEnd = serial.end;
    const time = headerEnd(list, serial.end, list[serial.end] === 0x18 ? 0x18 : 0x17, content.end);
    at.timeEnd = time.end;
    at.extensionsStart = time.end;
    if (time.end < content.end && headerEnd(list, time.end, 0x30, content.end).end !== content.end) throw malformed('CRL entry with additional fields', time.end);
    yield at;
  }
}

/** Bounds of the content of the value that must begin at `at` with this tag. DER lengths of up to four octets. */
function headerEnd(list: Uint8Array, at: number, tag: number, limit: number): { start: number; end: number } {
  if (at + 2 > limit || list[at] !== tag) throw malformed('CRL entry with a wrong or missing field', at);
  const first = list[at + 1] ?? 0;
  const count = first < 0x80 ? 0 : first & 0x7f;
  if (first === 0x80 || count > 4) throw malformed('CRL entry with an indefinite or huge length', at);
  let length = count === 0 ? first : 0;
  for (let i = 0; i < count; i++) length = length * 256 + (list[at + 2 + i] ?? 0);
  if (count > 0 && (length < 0x80 || length < 256 ** (count - 1))) throw malformed('length not minimal', at);
  const start = at + 2 + count;
  if (start + length > limit) throw malformed('CRL entry longer than what holds it', at);
  return { start, end: start + length };
}

/** Digits and Z where they belong; the calendar is asked only about the entry that is used. */
function checkTime(list: Uint8Array, { serialEnd, timeEnd }: Position): void {
  const size = timeEnd - serialEnd;
  const wanted = list[serialEnd] === 0x18 ? 17 : 15;
  let fits = size === wanted && list[timeEnd - 1] === 0x5a;
  for (let at = serialEnd + 2; fits && at < timeEnd - 1; at++) fits = (list[at] ?? 0) >= 0x30 && (list[at] ?? 0) <= 0x39;
  if (!fits) throw malformed('CRL entry with a malformed time', serialEnd);
}

/** Extensions holding a reason code and nothing else, as nearly every entry of nearly every CRL has them. */
const PLAIN_REASON = [0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01];

function isPlainReason(list: Uint8Array, { extensionsStart, end }: Position): boolean {
  return end - extensionsStart === PLAIN_REASON.length + 1 && PLAIN_REASON.every((byte, index) => list[extensionsStart + index] === byte);
}

function isSerial(list: Uint8Array, { serialStart, serialEnd }: Position, serialDer: Uint8Array): boolean {
  if (serialEnd - serialStart !== serialDer.length) return false;
  for (let i = serialDer.length - 1; i >= 0; i--) if (list[serialStart + i] !== serialDer[i]) return false;
  return true;
}

function issuerAt(list: Uint8Array, at: Position): readonly GeneralName[] | null {
  if (at.extensionsStart === at.end || isPlainReason(list, at)) return null;
  const found = extensionsAt(list, at).find(({ oid }) => oid === EXTENSION.CERTIFICATE_ISSUER);
  return found === undefined ? null : readAltName(found.valueDer);
}

function extensionsAt(list: Uint8Array, { extensionsStart, end }: Position): Extension[] {
  return readExtensions(readAsn1(list.subarray(extensionsStart, end)));
}

function readEntry(der: Uint8Array): CrlEntry {
  const [, time, extensions] = readSequence(readAsn1(der));
  const list = extensions === undefined ? [] : readExtensions(extensions);
  const reason = list.find(({ oid }) => oid === EXTENSION.CRL_REASON);
  const code = reason === undefined ? 0 : readEnumerated(readAsn1(reason.valueDer));
  const name = REASONS.get(code);
  if (name === undefined) throw malformed(`CRL reason ${code}, which does not exist`, 0);
  return { revokedAt: readTime(time), reason: name, extensions: list };
}

import type { KeptList } from '../../certs/trust-store/kept-list.ts';
import type { KeptTrust } from '../../certs/trust-store/open.ts';
import { readConfig } from '../config.ts';
import { GatewayError, isGatewayError } from '../domain/errors.ts';
import { isTrustedAt, type TrustWindow } from '../domain/trust-window.ts';
import { readCertificates } from '../formats/x509/certificate.ts';
import type { TrustPurpose } from '../ports/trust-store.ts';
import { systemClock } from '../wiring/clock.ts';
import { fetchTrustedList } from '../wiring/trusted-list-source.ts';
import { readPolicy } from '../wiring/verification.ts';
import { readInputFile } from './arguments.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { chooseLanguage, failureLine, paint, printJson, printLine, printTable, type Language } from './output.ts';

/** Trusted lists (ETSI TS 119 612) as a source of anchors: read, kept, shown, read again. */

export interface NewList {
  readonly set: string;
  readonly source: string;
  readonly signers: readonly string[];
  readonly purposes: readonly TrustPurpose[];
}

/** @throws what `acceptList` and fetching throw; REQUEST_INVALID */
export async function addList(trust: KeptTrust, { set, source, signers, purposes }: NewList, json: boolean): Promise<void> {
  const known = trust.listOf(set);
  if (known !== null && known.source !== source) throw new GatewayError('REQUEST_INVALID', `The set ${set} has a list already, from ${known.source}: take another set, or "lienthong trust remove --list ${set}" first`);
  const list = await readAgain({ set, source, purposes: [...purposes], signers: signers.flatMap((signer) => signerOf(signer)) }, known);
  trust.keepList(list);
  if (json) return printJson(shownList(list));
  printAccepted(list, known);
}

/** Reads each list again; one that cannot be relied on leaves the kept one as it is. */
export async function updateLists(trust: KeptTrust, set: string | undefined, json: boolean): Promise<void> {
  const lists = set === undefined ? trust.lists() : [trust.listOf(set)].filter((list) => list !== null);
  if (lists.length === 0) throw new GatewayError('REQUEST_INVALID', 'There is no such list: add one with "lienthong trust add --list FILE|URL --list-signer CERT|SHA256 --set NAME"');
  const outcomes: Record<string, unknown>[] = [];
  for (const known of lists) {
    try {
      const list = await readAgain(known, known);
      trust.keepList(list);
      outcomes.push({ ...shownList(list), updated: true, changed: list.sha256 !== known.sha256, error: null });
      if (!json) printAccepted(list, known);
    } catch (error) {
      if (!isGatewayError(error)) throw error;
      process.exitCode = exitCodeOf(error);
      outcomes.push({ ...shownList(known), updated: false, changed: false, error: { code: error.code, message: error.message } });
      process.stderr.write(`${failureLine(error)}\n${known.set}: ${say().kept(known.sequenceNumber)}\n`);
    }
  }
  if (json) printJson(outcomes);
}

export function removeList(trust: KeptTrust, set: string, json: boolean): void {
  const removed = trust.removeList(set);
  if (!removed) process.exitCode = EXIT.no;
  if (json) return printJson({ set, removed });
  printLine(removed ? `${paint('green', '✓')} ${say().removed(set)}` : say().none);
}

async function readAgain({ set, source, purposes, signers }: Pick<KeptList, 'set' | 'source' | 'purposes' | 'signers'>, known: KeptList | null): Promise<KeptList> {
  const { LIENTHONG_POLICY, LIENTHONG_POLICY_FILE, LIENTHONG_OUTBOUND_ALLOW, LIENTHONG_OUTBOUND_ALLOW_FILE } = process.env;
  const config = readConfig({ LIENTHONG_POLICY, LIENTHONG_POLICY_FILE, LIENTHONG_OUTBOUND_ALLOW, LIENTHONG_OUTBOUND_ALLOW_FILE });
  // The XML library is for this command alone: others do not wait for it.
  const { acceptList } = await import('../../certs/trust-store/accept-list.ts');
  const bytes = /^https?:\/\//i.test(source) ? await fetchTrustedList(source, config.LIENTHONG_OUTBOUND_ALLOW) : readInputFile(source);
  return acceptList({ set, source, bytes, purposes, signers, algorithms: readPolicy(config).algorithms, now: systemClock.now(), known });
}

function signerOf(text: string): KeptList['signers'] {
  const hex = text.replace(/[\s:]/g, '').toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return [{ sha256: hex, certificate: null }];
  return readCertificates(readInputFile(text)).map(({ der, sha256Hex }) => ({ sha256: sha256Hex, certificate: Buffer.from(der).toString('base64') }));
}

/** The lists, each with its anchors and until when they count; and what is in them and not trusted. */
export function printLists(lists: readonly KeptList[]): void {
  const now = systemClock.now();
  for (const list of lists) {
    printLine();
    printLine(`${paint('bold', list.set)}  ${list.scheme} · ${list.operator}`);
    printLine(`  ${say().facts(list.sequenceNumber, day(list.issuedAt), list.nextUpdate === null ? null : day(list.nextUpdate), list.source)}`);
    printStale(list, now);
    if (list.anchors.length > 0) {
      printTable(say().heading, list.anchors.map(({ purpose, subject, sha256, type, status, windows }) => [isTrustedAt(windows, now) ? '✓' : '✗', purpose, subject, sha256.slice(0, 16), type, status, windows.map((window) => wordsOf(window)).join(', ')]));
    }
    for (const { provider, service, type, status } of list.untrusted) printLine(paint('dim', `  ${say().untrusted} ${provider} · ${service} · ${type} · ${status}`));
    for (const { location, territory } of list.pointers) printLine(paint('dim', `  ${say().pointer} ${territory ?? '?'} ${location}`));
  }
}

function printAccepted(list: KeptList, known: KeptList | null): void {
  const now = systemClock.now();
  const inForce = list.anchors.filter(({ windows }) => isTrustedAt(windows, now)).length;
  printLine(`${paint('green', '✓')} ${list.set}: ${known?.sha256 === list.sha256 ? say().unchanged(list.sequenceNumber) : say().accepted(list.sequenceNumber, list.anchors.length, inForce)}`);
  printLine(`  SHA-256 ${list.signedBy.match(/../g)?.join(':').toUpperCase() ?? ''} (${say().signer})`);
  printStale(list, now);
}

function printStale({ nextUpdate }: KeptList, now: Date): void {
  if (nextUpdate !== null && nextUpdate < now) printLine(paint('yellow', `  ${say().stale(day(nextUpdate))}`));
}

/** For `--json`: everything but the certificates themselves. */
export function shownList({ anchors, signers, ...list }: KeptList): Record<string, unknown> {
  const stale = list.nextUpdate !== null && list.nextUpdate < systemClock.now();
  return { ...list, stale, signers: signers.map(({ sha256 }) => sha256), anchors: anchors.map(({ certificate: _certificate, ...anchor }) => ({ ...anchor, trustedNow: isTrustedAt(anchor.windows, systemClock.now()) })) };
}

function wordsOf({ from, until }: TrustWindow): string {
  return `${day(from)} → ${until === null ? '…' : day(until)}`;
}

const day = (at: Date): string => at.toISOString().slice(0, 10);

interface Words {
  readonly heading: readonly string[];
  readonly signer: string;
  readonly untrusted: string;
  readonly pointer: string;
  readonly none: string;
  readonly facts: (number: number, issued: string, next: string | null, source: string) => string;
  readonly accepted: (number: number, anchors: number, inForce: number) => string;
  readonly unchanged: (number: number) => string;
  readonly kept: (number: number) => string;
  readonly removed: (set: string) => string;
  readonly stale: (day: string) => string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    heading: ['now', 'purpose', 'subject', 'sha-256', 'service', 'status', 'trusted'],
    signer: 'signer of the list',
    untrusted: 'not trusted:',
    pointer: 'points to:',
    none: 'There is no such list',
    facts: (number, issued, next, source) => `number ${number}, issued ${issued}, ${next === null ? 'closed' : `next by ${next}`}, from ${source}`,
    accepted: (number, anchors, inForce) => `list ${number} accepted: ${anchors} anchors, ${inForce} of them in force now`,
    unchanged: (number) => `list ${number} is the one that is kept`,
    kept: (number) => `list ${number} stays as it was`,
    removed: (set) => `The list of ${set} and its anchors are no longer trusted`,
    stale: (at) => `The list is out of date: its successor was due on ${at}. Run "lienthong trust update".`,
  },
  vi: {
    heading: ['nay', 'mục đích', 'chủ thể', 'sha-256', 'dịch vụ', 'trạng thái', 'tin cậy'],
    signer: 'người ký danh sách',
    untrusted: 'không tin cậy:',
    pointer: 'dẫn tới:',
    none: 'Không có danh sách này',
    facts: (number, issued, next, source) => `số ${number}, phát hành ${issued}, ${next === null ? 'đã đóng' : `cập nhật trước ${next}`}, lấy từ ${source}`,
    accepted: (number, anchors, inForce) => `đã nhận danh sách số ${number}: ${anchors} chứng thư gốc tin cậy, ${inForce} đang có hiệu lực`,
    unchanged: (number) => `danh sách số ${number} vẫn như đã lưu`,
    kept: (number) => `vẫn giữ danh sách số ${number} như cũ`,
    removed: (set) => `Không còn tin cậy danh sách ${set} và các chứng thư trong đó`,
    stale: (at) => `Danh sách đã quá hạn: bản kế tiếp phải có trước ${at}. Hãy chạy "lienthong trust update".`,
  },
};

function say(): Words {
  return WORDS[chooseLanguage(undefined, process.env)];
}

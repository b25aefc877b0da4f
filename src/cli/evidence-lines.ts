import type { EvidenceFindings, EvidenceReceipt, EvidenceReport, LogFinding } from '../domain/evidence-report.ts';
import { shownText } from '../formats/report/shown-text.ts';
import { paint, type Language } from './output.ts';
import { reportLines } from './report-lines.ts';

/** The report of `verify`, then what the container proves beside its signatures, Vietnamese or English. */
export function evidenceLines(report: EvidenceReport, language: Language): string[] {
  const say = WORDS[language];
  const { evidence } = report;
  return [...reportLines(report, language), ...(evidence === null ? [] : findingLines(evidence, say))];
}

function findingLines({ message, objects, receipts, log, checks }: EvidenceFindings, say: Words): string[] {
  return [
    ...(message === null ? [] : [`  ${say.message} ${paint('bold', shownText(message.type))}  ${shownText(message.dossierCode)}  ${shownText(message.from)} → ${shownText(message.to.join(', '))}  ${message.createdAt}`]),
    ...objects.map(({ name, title, sha256, status }) => `    ${mark(status === 'intact', status === 'erased')} ${shownText(name)}${title === null ? '' : ` “${shownText(title)}”`}  ${paint('dim', sha256.slice(0, 16))}  ${say[status]}`),
    ...receipts.map((receipt) => receiptLine(receipt, say)),
    ...log.map((finding) => logLine(finding, say)),
    ...checks.filter(({ status }) => status === 'failed').map((check) => `    ${paint('red', '✗')} ${shownText(check.detail)} ${paint('dim', `[${check.clause}]`)}`),
  ];
}

function receiptLine({ kind, recipient, at, signedBy, basis }: EvidenceReceipt, say: Words): string {
  const by = recipient === null ? '' : ` ${shownText(recipient)}`;
  return `    ${say[kind]}${by}  ${at}${kind === 'delivered' ? `  ${paint('dim', say[signedBy])}` : ''}${basis === null ? '' : `  ${shownText(basis)}`}`;
}

function logLine({ covers, log, leafIndex, treeSize, keyPinned, provenAt, indication, checks }: LogFinding, say: Words): string {
  const wrong = checks.filter(({ status }) => status === 'failed').map(({ detail }) => shownText(detail));
  const place = leafIndex === null ? '' : `  ${leafIndex}/${treeSize}`;
  return `    ${mark(indication === 'PASSED', indication === 'INDETERMINATE')} ${say.log} ${shownText(log ?? '–')}${place}  ${shownText(covers)}  ${provenAt ?? say.unproven}${keyPinned ? '' : `  ${paint('yellow', say.unpinned)}`}${wrong.length === 0 ? '' : `  ${wrong.join('; ')}`}`;
}

function mark(isGood: boolean, isOpen: boolean): string {
  return isGood ? paint('green', '✓') : isOpen ? paint('yellow', '!') : paint('red', '✗');
}

interface Words {
  readonly message: string;
  readonly intact: string;
  readonly changed: string;
  readonly missing: string;
  readonly erased: string;
  readonly delivered: string;
  readonly 'taken-in': string;
  readonly refused: string;
  readonly recipient: string;
  readonly gateway: string;
  readonly log: string;
  readonly unproven: string;
  readonly unpinned: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    message: 'message',
    intact: 'as signed',
    changed: 'CHANGED',
    missing: 'MISSING',
    erased: 'content erased',
    delivered: 'delivered to',
    'taken-in': 'taken in by',
    refused: 'refused by',
    recipient: 'signed by the recipient',
    gateway: 'the gateway says so: the recipient did not sign',
    log: 'log',
    unproven: 'no time proven',
    unpinned: 'log key not given (--log-key)',
  },
  vi: {
    message: 'thông điệp',
    intact: 'đúng như khi ký',
    changed: 'ĐÃ BỊ THAY ĐỔI',
    missing: 'KHÔNG CÓ',
    erased: 'nội dung đã xóa',
    delivered: 'đã giao đến',
    'taken-in': 'đã tiếp nhận:',
    refused: 'đã từ chối:',
    recipient: 'bên nhận đã ký',
    gateway: 'Cổng xác nhận: bên nhận không ký',
    log: 'nhật ký',
    unproven: 'chưa chứng minh được thời điểm',
    unpinned: 'chưa cho biết khóa của nhật ký (--log-key)',
  },
};

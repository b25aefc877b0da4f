import type { DocumentResult, SignatureReport, TimestampReport, ValidationReport } from '../domain/validation-report.ts';
import { paint, type Language } from './output.ts';

/** A verification report in a few lines for a person, Vietnamese or English. Everything else is in the JSON. */
export function reportLines(report: ValidationReport, language: Language): string[] {
  const say = WORDS[language];
  const lines = [`${mark(report.result)} ${paint('bold', report.file)}  ${coloured(report.result)}  ${say.results[report.result]}`];
  if (report.error !== null) lines.push(`  ${report.error.detail} ${paint('dim', `[${report.error.code}]`)}`);
  for (const signature of report.signatures) lines.push(...signatureLines(signature, say));
  for (const timestamp of report.timestamps) lines.push(timestampLine(timestamp, say));
  return lines;
}

function signatureLines(signature: SignatureReport, say: Words): string[] {
  const { coverage, signer, algorithms, signingTime } = signature;
  const verdict = [coloured(signature.indication), signature.subIndication].filter((part) => part !== null).join(' / ');
  const field = (name: string, value: string): string => `    ${paint('dim', name.padEnd(say.width))} ${value}`;
  return [
    `  ${signature.id}  ${signature.format} ${signature.level}  ${verdict}`,
    field(say.signer, signer === null ? say.unknown : signer.subject),
    ...(signer === null ? [] : [field(say.issuer, signer.issuer)]),
    field(say.time, `${signingTime.best} (${say.sources[signingTime.source]})${signingTime.claimed === null ? '' : `; ${say.claimed} ${signingTime.claimed}`}`),
    field(say.integrity, `${say.integrities[signature.integrity]}; ${say.extents[coverage.extent]} (${coverage.revision}/${coverage.of}); ${say.changesAfter} ${say.changes[coverage.changesAfter]}`),
    field(say.algorithms, [algorithms.signature, algorithms.digest, algorithms.keyBits].filter((part) => part !== null).join(' · ')),
    ...coverage.changes.map((change) => field(say.change, change)),
    ...signature.checks.filter(({ status }) => status === 'failed').map((check) => `    ${paint('red', '✗')} ${check.detail} ${paint('dim', `[${check.clause}]`)}`),
    ...signature.warnings.map((warning) => `    ${paint('yellow', '!')} ${warning}`),
  ];
}

function timestampLine({ type, genTime, tsa, covers, indication, subIndication }: TimestampReport, say: Words): string {
  return `  ${say.timestamp} (${type} → ${covers})  ${genTime ?? say.unknown}  ${tsa ?? say.unknown}  ${[coloured(indication), subIndication].filter((part) => part !== null).join(' / ')}`;
}

function mark(result: DocumentResult): string {
  return result === 'TOTAL-PASSED' ? paint('green', '✓') : result === 'INDETERMINATE' || result === 'NO-SIGNATURE' ? paint('yellow', '?') : paint('red', '✗');
}

function coloured(indication: DocumentResult | TimestampReport['indication']): string {
  const style = indication.endsWith('PASSED') ? 'green' : indication === 'INDETERMINATE' || indication === 'NO-SIGNATURE' ? 'yellow' : 'red';
  return paint(style, indication);
}

interface Words {
  readonly width: number;
  readonly signer: string;
  readonly issuer: string;
  readonly time: string;
  readonly claimed: string;
  readonly integrity: string;
  readonly algorithms: string;
  readonly change: string;
  readonly changesAfter: string;
  readonly timestamp: string;
  readonly unknown: string;
  readonly results: Readonly<Record<DocumentResult, string>>;
  readonly sources: Readonly<Record<SignatureReport['signingTime']['source'], string>>;
  readonly integrities: Readonly<Record<SignatureReport['integrity'], string>>;
  readonly extents: Readonly<Record<SignatureReport['coverage']['extent'], string>>;
  readonly changes: Readonly<Record<SignatureReport['coverage']['changesAfter'], string>>;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    width: 11,
    signer: 'signer',
    issuer: 'issued by',
    time: 'time',
    claimed: 'claimed',
    integrity: 'integrity',
    algorithms: 'algorithms',
    change: 'change',
    changesAfter: 'changes afterwards:',
    timestamp: 'time-stamp',
    unknown: 'unknown',
    results: {
      'TOTAL-PASSED': 'valid: every check passed',
      INDETERMINATE: 'cannot be decided: something needed is missing',
      'TOTAL-FAILED': 'not valid',
      'NO-SIGNATURE': 'holds no signature',
      UNREADABLE: 'cannot be read',
    },
    sources: { timestamp: 'proven by a time-stamp', 'document-timestamp': 'proven by a document time-stamp', 'validation-time': 'time of this check; nothing proves an earlier one' },
    integrities: { intact: 'intact', broken: 'BROKEN', unknown: 'unknown' },
    extents: { file: 'covers the whole file', revision: 'covers its revision', partial: 'covers a part only', unclear: 'coverage unclear' },
    changes: { none: 'none', permitted: 'permitted ones', forbidden: 'FORBIDDEN ones', unknown: 'not analysed' },
  },
  vi: {
    width: 11,
    signer: 'người ký',
    issuer: 'cấp bởi',
    time: 'thời điểm',
    claimed: 'tự khai',
    integrity: 'toàn vẹn',
    algorithms: 'thuật toán',
    change: 'thay đổi',
    changesAfter: 'thay đổi sau khi ký:',
    timestamp: 'dấu thời gian',
    unknown: 'không rõ',
    results: {
      'TOTAL-PASSED': 'hợp lệ: mọi kiểm tra đều đạt',
      INDETERMINATE: 'chưa thể kết luận: còn thiếu thông tin cần thiết',
      'TOTAL-FAILED': 'không hợp lệ',
      'NO-SIGNATURE': 'không có chữ ký số',
      UNREADABLE: 'không đọc được',
    },
    sources: { timestamp: 'có dấu thời gian chứng minh', 'document-timestamp': 'có dấu thời gian tài liệu chứng minh', 'validation-time': 'lúc kiểm tra; không có gì chứng minh thời điểm sớm hơn' },
    integrities: { intact: 'nguyên vẹn', broken: 'ĐÃ BỊ THAY ĐỔI', unknown: 'không rõ' },
    extents: { file: 'ký toàn bộ tệp', revision: 'ký một phiên bản của tệp', partial: 'chỉ ký một phần', unclear: 'phạm vi ký không rõ' },
    changes: { none: 'không có', permitted: 'trong phạm vi cho phép', forbidden: 'KHÔNG ĐƯỢC PHÉP', unknown: 'chưa phân tích' },
  },
};

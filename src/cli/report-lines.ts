import type { DocumentResult, SignatureReport, TimestampReport, ValidationReport } from '../domain/validation-report.ts';
import { sayPhrase } from '../formats/report/phrase-words.ts';
import { shownText } from '../formats/report/shown-text.ts';
import { CHANGES_AFTER, EXTENTS, INTEGRITIES, RESULTS, TIME_SOURCES } from '../formats/report/words.ts';
import { paint, type Language } from './output.ts';

/** A verification report in a few lines for a person, Vietnamese or English; words of the document cannot steer the terminal. Everything else is in the JSON. */
export function reportLines(report: ValidationReport, language: Language): string[] {
  const say = WORDS[language];
  const lines = [`${mark(report.result)} ${paint('bold', report.file)}  ${coloured(report.result)}  ${RESULTS[report.result][language]}`];
  if (report.error !== null) lines.push(`  ${shownText(sayPhrase(report.error.detail)[language])} ${paint('dim', `[${report.error.code}]`)}`);
  for (const signature of report.signatures) lines.push(...signatureLines(signature, say, language));
  for (const timestamp of report.timestamps) lines.push(timestampLine(timestamp, say));
  return lines;
}

function signatureLines(signature: SignatureReport, say: Words, language: Language): string[] {
  const { coverage, signer, algorithms, signingTime } = signature;
  const verdict = [coloured(signature.indication), signature.subIndication].filter((part) => part !== null).join(' / ');
  const phrase = (english: string): string => shownText(sayPhrase(english)[language]);
  const field = (name: string, value: string): string => `    ${paint('dim', name.padEnd(say.width))} ${value}`;
  return [
    `  ${shownText(signature.id)}  ${shownText(signature.format)} ${signature.level}  ${verdict}`,
    field(say.signer, signer === null ? say.unknown : signer.subject),
    ...(signer === null ? [] : [field(say.issuer, signer.issuer)]),
    field(say.time, `${signingTime.best} (${TIME_SOURCES[signingTime.source][language]})${signingTime.claimed === null ? '' : `; ${say.claimed} ${signingTime.claimed}`}`),
    field(say.integrity, `${INTEGRITIES[signature.integrity][language]}; ${EXTENTS[coverage.extent][language]} (${coverage.revision}/${coverage.of}); ${say.changesAfter} ${CHANGES_AFTER[coverage.changesAfter][language]}`),
    field(say.algorithms, [algorithms.signature, algorithms.digest, algorithms.keyBits].filter((part) => part !== null).join(' · ')),
    ...coverage.changes.map((change) => field(say.change, phrase(change))),
    ...signature.checks.filter(({ status }) => status === 'failed').map((check) => `    ${paint('red', '✗')} ${phrase(check.detail)} ${paint('dim', `[${check.clause}]`)}`),
    ...signature.warnings.map((warning) => `    ${paint('yellow', '!')} ${phrase(warning)}`),
  ];
}

function timestampLine({ type, genTime, tsa, covers, indication, subIndication }: TimestampReport, say: Words): string {
  return `  ${say.timestamp} (${type} → ${shownText(covers)})  ${genTime ?? say.unknown}  ${tsa ?? say.unknown}  ${[coloured(indication), subIndication].filter((part) => part !== null).join(' / ')}`;
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
}

/** Short labels of the terminal; what they stand before is worded as in the report for people. */
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
  },
};

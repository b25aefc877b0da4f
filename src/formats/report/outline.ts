import type { DocumentResult, Indication, ValidationReport } from '../../domain/validation-report.ts';
import { isUnchecked, TONES, type Field, type Tone, type Warning } from './outline-parts.ts';
import { outlineSignature, type SignatureOutline } from './outline-signature.ts';
import { outlineTimestamp, type TimestampOutline } from './outline-timestamp.ts';
import { sayPhrase } from './phrase-words.ts';
import { NO_PICTURES, type ReportPictures } from './pictures.ts';
import { shownHex, shownText, shownTime } from './shown-text.ts';
import { said, same, type Said } from './words.ts';

export type BriefOutline = Pick<SignatureOutline, 'number' | 'tone' | 'heading' | 'verdict' | 'code'>;

/** Signatures told in full; a document may hold hundreds, and a page must still open. Those that did not pass come first. */
const MAX_IN_FULL = 60;

/** A report for people, apart from how it is laid out: the page and the paper say the same. */
export interface ReportOutline {
  readonly tone: Tone;
  /** As EN 319 102-1 names it. */
  readonly result: DocumentResult;
  readonly headline: Said;
  readonly explanation: readonly Said[];
  readonly warnings: readonly Warning[];
  readonly file: readonly Field[];
  readonly signatures: readonly SignatureOutline[];
  /** Signatures beyond those told in full: each with its verdict, never left out. */
  readonly furtherSignatures: readonly BriefOutline[];
  readonly timestamps: readonly TimestampOutline[];
  readonly furtherTimestamps: number;
  readonly notes: readonly Said[];
}

/**
 * What a verification report says to people, in both languages, with the fields that the law asks for. Judges nothing anew; every word of
 * the document's own making is cut to a length and freed of invisible characters.
 * @see Circular 15/2025/TT-BKHCN art. 6(4) and Annex II
 */
export function outlineReport(report: ValidationReport, pictures: ReportPictures = NO_PICTURES): ReportOutline {
  const inFull = chosen(report);
  const outlined = report.signatures.map((signature, index) => outlineSignature(signature, index + 1, report.timestamps, pictures));
  return {
    tone: TONES[report.result],
    result: report.result,
    headline: HEADLINES[report.result](report.signatures.length),
    explanation: explanationOf(report),
    warnings: warningsOf(report),
    file: fileFields(report),
    signatures: outlined.filter(({ number }) => inFull.has(number)),
    furtherSignatures: outlined.filter(({ number }) => !inFull.has(number)),
    timestamps: report.timestamps.slice(0, MAX_IN_FULL).map(outlineTimestamp),
    furtherTimestamps: Math.max(0, report.timestamps.length - MAX_IN_FULL),
    notes: NOTES,
  };
}

const GRAVITY: Readonly<Record<Indication, number>> = { 'TOTAL-FAILED': 0, INDETERMINATE: 1, 'TOTAL-PASSED': 2 };

/** Numbers of the signatures told in full. */
function chosen({ signatures }: ValidationReport): Set<number> {
  const numbered = signatures.map(({ indication }, index) => ({ number: index + 1, gravity: GRAVITY[indication] }));
  return new Set(numbered.sort((a, b) => a.gravity - b.gravity || a.number - b.number).slice(0, MAX_IN_FULL).map(({ number }) => number));
}

const HEADLINES: Readonly<Record<DocumentResult, (signatures: number) => Said>> = {
  'TOTAL-PASSED': (count) => (count === 1 ? said('Chữ ký số hợp lệ', 'The digital signature is valid') : said(`Cả ${count} chữ ký số đều hợp lệ`, `All ${count} digital signatures are valid`)),
  INDETERMINATE: () => said('Chưa thể kết luận chữ ký số là hợp lệ', 'The validity cannot be decided'),
  'TOTAL-FAILED': (count) => (count === 1 ? said('Chữ ký số không hợp lệ', 'The digital signature is not valid') : said('Có chữ ký số không hợp lệ', 'Not all digital signatures are valid')),
  'NO-SIGNATURE': () => said('Tài liệu không có chữ ký số', 'The document holds no digital signature'),
  UNREADABLE: () => said('Không đọc được tài liệu', 'The document cannot be read'),
};

const PLAIN: Readonly<Record<DocumentResult, Said>> = {
  'TOTAL-PASSED': said(
    'Nội dung đã ký còn nguyên vẹn, chữ ký do đúng chứng thư nêu dưới đây tạo ra, và chứng thư được tin cậy tại thời điểm xét.',
    'What was signed is intact, the signature was made with the certificate named below, and that certificate can be relied on at the time in question.',
  ),
  INDETERMINATE: said(
    'Không phát hiện chữ ký bị giả mạo, nhưng còn thiếu thông tin để khẳng định là hợp lệ. Chưa nên dựa vào chữ ký này khi chưa bổ sung thông tin còn thiếu.',
    'Nothing shows that a signature was forged, but something needed to call it valid is missing. Do not rely on it until that has been supplied.',
  ),
  'TOTAL-FAILED': said('Không được dựa vào chữ ký không hợp lệ. Lý do được nêu ở từng chữ ký dưới đây.', 'Do not rely on a signature that is not valid. The reason stands with each signature below.'),
  'NO-SIGNATURE': said('Không tìm thấy chữ ký số nào trong tệp, nên không có gì để kiểm tra. Hình chữ ký hay con dấu trên trang không phải là chữ ký số.', 'No digital signature was found in the file, so there is nothing to check. A picture of a signature or a seal on a page is not a digital signature.'),
  UNREADABLE: said('Tệp bị hỏng, bị mã hóa hoặc không thuộc định dạng được hỗ trợ, nên không kiểm tra được chữ ký nào.', 'The file is damaged, encrypted or of a kind that is not supported, so no signature could be checked.'),
};

const ONLY_TIMESTAMPS = said(
  'Tệp không có chữ ký số mà chỉ có dấu thời gian nêu dưới đây: nó chứng minh dữ liệu đã tồn tại vào thời điểm đó, không cho biết ai đã ký.',
  'The file holds no digital signature, only the time-stamp below: it proves that the data existed at that time, and nothing about who signed them.',
);

function explanationOf({ result, error, signatures, timestamps }: ValidationReport): Said[] {
  if (result === 'NO-SIGNATURE' && timestamps.length > 0) return [ONLY_TIMESTAMPS];
  const counts = signatures.length > 1 && result !== 'TOTAL-PASSED' ? [countsOf(signatures.map(({ indication }) => indication))] : [];
  if (error === null) return [...counts, PLAIN[result]];
  const { vi, en } = sayPhrase(error.detail);
  return [PLAIN[result], said(`${shownText(vi)} [${shownText(error.code)}]`, `${shownText(en)} [${shownText(error.code)}]`)];
}

function countsOf(indications: readonly Indication[]): Said {
  const count = (wanted: Indication): number => indications.filter((indication) => indication === wanted).length;
  const [passed, open, failed] = [count('TOTAL-PASSED'), count('INDETERMINATE'), count('TOTAL-FAILED')];
  return said(
    `Tài liệu có ${indications.length} chữ ký: ${failed} không hợp lệ, ${open} chưa thể kết luận, ${passed} hợp lệ.`,
    `The document holds ${indications.length} signatures: ${failed} not valid, ${open} undecided, ${passed} valid.`,
  );
}

function warningsOf({ signatures }: ValidationReport): Warning[] {
  const unchecked = signatures.flatMap(({ revocation }, index) => (revocation.some(isUnchecked) ? [index + 1] : []));
  if (unchecked.length === 0) return [];
  const which = unchecked.length === 1 && signatures.length === 1 ? same('') : said(` Chữ ký số: ${unchecked.join(', ')}.`, ` Signatures: ${unchecked.join(', ')}.`);
  return [
    {
      title: said('CẢNH BÁO: không kiểm tra được tình trạng thu hồi qua OCSP/CRL', 'WARNING: revocation could not be checked by OCSP or CRL'),
      lines: [
        said(
          `Không biết chứng thư chữ ký số có bị thu hồi hay không. Hãy kiểm tra lại khi có thông tin OCSP hoặc CRL của tổ chức cấp chứng thư.${which.vi}`,
          `Whether the certificate has been revoked is not known. Check again once OCSP or CRL information of its issuer is at hand.${which.en}`,
        ),
      ],
    },
  ];
}

function fileFields({ file, sha256, mediaType, validationTime, policy }: ValidationReport): Field[] {
  return [
    { label: said('Tệp', 'File'), value: same(shownText(file)) },
    { label: said('SHA-256 của tệp', 'SHA-256 of the file'), value: same(shownHex(sha256)), code: true },
    { label: said('Định dạng', 'Kind'), value: same(shownText(mediaType)) },
    { label: said('Thời điểm kiểm tra', 'Time of this check'), value: same(shownTime(validationTime)) },
    { label: said('Chính sách kiểm tra', 'Validation policy'), value: same(`${shownText(policy.id)} ${shownText(policy.version)} · SHA-256 ${shownText(policy.sha256).slice(0, 16)}…`) },
  ];
}

const NOTES: readonly Said[] = [
  said(
    'Kiểm tra theo ETSI EN 319 102-1; các trường hiển thị theo khoản 4 Điều 6 Thông tư 15/2025/TT-BKHCN. Mọi thời điểm theo giờ Việt Nam (UTC+07:00).',
    'Checked by ETSI EN 319 102-1; fields shown as art. 6(4) of Circular 15/2025/TT-BKHCN asks. All times in Vietnam’s zone (UTC+07:00).',
  ),
  said(
    'Kết quả chỉ đúng cho tệp có mã SHA-256 nêu trên, tại thời điểm kiểm tra, với các tổ chức chứng thực được tin cậy và thông tin thu hồi có được lúc đó.',
    'The result holds for the file of the SHA-256 given above, at the time of the check, with the authorities trusted and the revocation information at hand then.',
  ),
];

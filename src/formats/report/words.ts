import type { ChangesAfter, CheckStatus, CoverageExtent, DocumentResult, RevocationStatus, SignatureReport, TimestampReport } from '../../domain/validation-report.ts';

/** Language of a report for people; `both` sets Vietnamese first and English below it. */
export type ReportLanguage = 'vi' | 'en' | 'both';

/** One thing said in both languages. */
export interface Said {
  readonly vi: string;
  readonly en: string;
}

export const said = (vi: string, en: string): Said => ({ vi, en });

/** What reads the same in every language: names, numbers, times. */
export const same = (text: string): Said => ({ vi: text, en: text });

/** Sentences in a row. */
export const joined = (parts: readonly Said[], separator = ' '): Said => said(parts.map(({ vi }) => vi).join(separator), parts.map(({ en }) => en).join(separator));

/** What follows a result in a line of the terminal and names it in a report. */
export const RESULTS: Readonly<Record<DocumentResult, Said>> = {
  'TOTAL-PASSED': said('hợp lệ: mọi kiểm tra đều đạt', 'valid: every check passed'),
  INDETERMINATE: said('chưa thể kết luận: còn thiếu thông tin cần thiết', 'cannot be decided: something needed is missing'),
  'TOTAL-FAILED': said('không hợp lệ', 'not valid'),
  'NO-SIGNATURE': said('không có chữ ký số', 'holds no signature'),
  UNREADABLE: said('không đọc được', 'cannot be read'),
};

export const TIME_SOURCES: Readonly<Record<SignatureReport['signingTime']['source'], Said>> = {
  timestamp: said('có dấu thời gian chứng minh', 'proven by a time-stamp'),
  'document-timestamp': said('có dấu thời gian tài liệu chứng minh', 'proven by a document time-stamp'),
  'validation-time': said('lúc kiểm tra; không có gì chứng minh thời điểm sớm hơn', 'time of this check; nothing proves an earlier one'),
};

export const INTEGRITIES: Readonly<Record<SignatureReport['integrity'], Said>> = {
  intact: said('nguyên vẹn', 'intact'),
  broken: said('ĐÃ BỊ THAY ĐỔI', 'BROKEN'),
  unknown: said('không rõ', 'unknown'),
};

export const EXTENTS: Readonly<Record<CoverageExtent, Said>> = {
  file: said('ký toàn bộ tệp', 'covers the whole file'),
  revision: said('ký một phiên bản của tệp', 'covers its revision'),
  partial: said('chỉ ký một phần', 'covers a part only'),
  unclear: said('phạm vi ký không rõ', 'coverage unclear'),
};

export const CHANGES_AFTER: Readonly<Record<ChangesAfter, Said>> = {
  none: said('không có', 'none'),
  permitted: said('trong phạm vi cho phép', 'permitted ones'),
  forbidden: said('KHÔNG ĐƯỢC PHÉP', 'FORBIDDEN ones'),
  unknown: said('chưa phân tích', 'not analysed'),
};

export const CHECK_STATUSES: Readonly<Record<CheckStatus, Said>> = {
  passed: said('đạt', 'passed'),
  failed: said('không đạt', 'failed'),
  warning: said('lưu ý', 'warning'),
  skipped: said('không kiểm tra được', 'not checked'),
};

export const REVOCATION_STATUSES: Readonly<Record<RevocationStatus['status'], Said>> = {
  good: said('không bị thu hồi', 'not revoked'),
  revoked: said('ĐÃ BỊ THU HỒI', 'REVOKED'),
  unknown: said('nơi cấp không biết chứng thư', 'unknown to its issuer'),
  missing: said('CHƯA KIỂM TRA ĐƯỢC: không có thông tin', 'NOT CHECKED: nothing at hand'),
  stale: said('CHƯA KIỂM TRA ĐƯỢC: thông tin đã cũ', 'NOT CHECKED: what is at hand is too old'),
};

export const REVOCATION_SOURCES: Readonly<Record<NonNullable<RevocationStatus['source']>, Said>> = {
  embedded: said('có sẵn trong tài liệu', 'from the document'),
  fetched: said('hỏi nơi cấp', 'asked of the issuer'),
  given: said('do người kiểm tra đưa vào', 'given by the one who checks'),
};

export const CERTIFICATE_THEN: Readonly<Record<SignatureReport['validityAtClaimedTime'], Said>> = {
  valid: said('còn hiệu lực, không bị thu hồi', 'in force, not revoked'),
  expired: said('đã hết hạn', 'expired'),
  'not-yet': said('chưa có hiệu lực', 'not yet in force'),
  revoked: said('đã bị thu hồi', 'revoked'),
  unknown: said('chưa xác định được', 'not known'),
};

export const TIMESTAMP_TYPES: Readonly<Record<TimestampReport['type'], Said>> = {
  content: said('dấu thời gian của nội dung', 'content time-stamp'),
  signature: said('dấu thời gian của chữ ký', 'signature time-stamp'),
  document: said('dấu thời gian của tài liệu', 'document time-stamp'),
  archive: said('dấu thời gian lưu trữ', 'archive time-stamp'),
};

export const TIMESTAMP_RESULTS: Readonly<Record<TimestampReport['indication'], Said>> = {
  PASSED: said('hợp lệ', 'valid'),
  INDETERMINATE: said('chưa thể kết luận', 'cannot be decided'),
  FAILED: said('không hợp lệ', 'not valid'),
};

/** ISO 32000-2 table 257. */
export const CERTIFICATIONS: Readonly<Record<1 | 2 | 3, Said>> = {
  1: said('không cho phép thay đổi nào', 'permits no change'),
  2: said('cho phép điền biểu mẫu và ký thêm', 'permits filling fields and signing'),
  3: said('cho phép điền biểu mẫu, ký thêm và ghi chú', 'permits filling fields, signing and annotations'),
};

export const UNKNOWN = said('không rõ', 'unknown');

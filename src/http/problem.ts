import { ERROR_FACTS, GatewayError, type ErrorCode } from '../domain/errors.ts';
import type { Problem } from '../formats/api/problem.ts';

/** RFC 9457 problem details. The one place where an error code gets its HTTP status and its title; in words a caller can act on. */

export type Language = 'vi' | 'en';

interface ProblemFacts {
  readonly status: number;
  readonly title: Readonly<Record<Language, string>>;
}

const facts = (status: number, en: string, vi: string): ProblemFacts => ({ status, title: { en, vi } });

export const PROBLEMS = {
  REQUEST_MALFORMED: facts(400, 'The request cannot be read', 'Không đọc được yêu cầu'),
  REQUEST_INVALID: facts(422, 'The request is not valid', 'Yêu cầu không hợp lệ'),
  BODY_TOO_LARGE: facts(413, 'The body is too large', 'Nội dung gửi lên quá lớn'),
  MEDIA_TYPE_UNSUPPORTED: facts(415, 'This media type is not accepted here', 'Không nhận kiểu nội dung này'),
  ROUTE_NOT_FOUND: facts(404, 'There is no such address', 'Không có địa chỉ này'),
  METHOD_NOT_ALLOWED: facts(405, 'This method is not allowed here', 'Không dùng được phương thức này'),
  UNAUTHENTICATED: facts(401, 'A valid API key is needed', 'Cần khóa API hợp lệ'),
  SCOPE_MISSING: facts(403, 'The API key lacks a scope', 'Khóa API thiếu quyền'),
  REQUEST_SIGNATURE_REQUIRED: facts(401, 'The request has to be signed', 'Yêu cầu phải được ký'),
  REQUEST_SIGNATURE_INVALID: facts(401, 'The signature of the request does not hold', 'Chữ ký của yêu cầu không hợp lệ'),
  RATE_LIMITED: facts(429, 'Too many requests', 'Quá nhiều yêu cầu'),
  IDEMPOTENCY_KEY_REUSED: facts(422, 'This Idempotency-Key was used for another request', 'Idempotency-Key này đã dùng cho yêu cầu khác'),
  IDEMPOTENCY_IN_PROGRESS: facts(409, 'A request with this Idempotency-Key is still running', 'Yêu cầu với Idempotency-Key này đang chạy'),
  STATE_CONFLICT: facts(409, 'Not possible in the present state', 'Không thực hiện được ở trạng thái hiện tại'),
  PROTOCOL_UNSUPPORTED: facts(412, 'This version of the protocol is not spoken here', 'Không hỗ trợ phiên bản giao thức này'),
  PRECONDITION_FAILED: facts(412, 'It has changed since you read it', 'Đã thay đổi kể từ khi đọc'),
  CANCELLED: facts(408, 'The request was cancelled', 'Yêu cầu đã bị hủy'),

  DOCUMENT_NOT_FOUND: facts(404, 'There is no such document', 'Không có tài liệu này'),
  UPLOAD_NOT_FOUND: facts(404, 'There is no such upload', 'Không có lượt tải lên này'),
  DOSSIER_NOT_FOUND: facts(404, 'There is no such dossier', 'Không có hồ sơ này'),
  DOSSIER_EXISTS: facts(409, 'There is a dossier with this code already', 'Đã có hồ sơ với mã này'),
  MESSAGE_NOT_FOUND: facts(404, 'There is no such message', 'Không có thông điệp này'),
  POSTAL_ORDER_NOT_FOUND: facts(404, 'There is no such postal order', 'Không có đơn bưu chính này'),
  POSTAL_ORDER_EXISTS: facts(409, 'There is such a postal order already', 'Đã có đơn bưu chính này'),
  PARTNER_NOT_FOUND: facts(404, 'There is no such partner', 'Không có hệ thống đối tác này'),
  PARTNER_EXISTS: facts(409, 'There is a partner with this name already', 'Đã có hệ thống đối tác với tên này'),
  KEY_NOT_FOUND: facts(404, 'There is no such key', 'Không có khóa này'),
  KEY_EXISTS: facts(409, 'There is a key with this name already', 'Đã có khóa với tên này'),
  KEY_NOT_GRANTED: facts(403, 'This key is not granted to you', 'Chưa được cấp quyền dùng khóa này'),
  JOB_NOT_FOUND: facts(404, 'There is no such job', 'Không có công việc này'),
  ALARM_NOT_FOUND: facts(404, 'There is no such alarm', 'Không có cảnh báo này'),

  AGENCY_CODE_INVALID: facts(422, 'Not an agency code', 'Mã định danh cơ quan không hợp lệ'),
  AGENCY_UNKNOWN: facts(422, 'No system serves this agency', 'Chưa có hệ thống nào phục vụ cơ quan này'),
  AGENCY_AMBIGUOUS: facts(422, 'Several systems serve parts of this agency', 'Nhiều hệ thống cùng phục vụ cơ quan này'),
  MESSAGE_VERSION_NOT_TAKEN: facts(422, 'A recipient does not take this version of the message', 'Có bên nhận không nhận phiên bản này của thông điệp'),
  DOSSIER_CODE_INVALID: facts(422, 'Not a dossier code', 'Mã hồ sơ không hợp lệ'),

  DOCUMENT_EMPTY: facts(422, 'The document is empty', 'Tài liệu rỗng'),
  PDF_NOT_PDF: facts(422, 'The document is not a PDF', 'Tài liệu không phải PDF'),
  PDF_BROKEN: facts(422, 'The PDF is damaged', 'Tệp PDF bị hỏng'),
  PDF_ENCRYPTED: facts(422, 'The PDF is encrypted', 'Tệp PDF bị mã hóa'),
  PDF_LIMIT: facts(422, 'The PDF exceeds a limit', 'Tệp PDF vượt giới hạn'),
  PDF_CHANGE_FORBIDDEN: facts(422, 'The PDF forbids this change', 'Tệp PDF không cho phép thay đổi này'),
  PDF_FIELD_NOT_FOUND: facts(422, 'The PDF has no such signature field', 'Tệp PDF không có trường chữ ký này'),
  PDF_FIELD_SIGNED: facts(422, 'The signature field is signed already', 'Trường chữ ký đã được ký'),
  PDF_PAGE_NOT_FOUND: facts(422, 'The PDF has no such page', 'Tệp PDF không có trang này'),
  PDF_TEXT_NOT_FOUND: facts(422, 'The PDF does not hold this text', 'Tệp PDF không có đoạn chữ này'),
  PDF_TEXT_AMBIGUOUS: facts(422, 'The PDF holds this text more than once', 'Đoạn chữ này có nhiều lần trong tệp PDF'),
  APPEARANCE_INVALID: facts(422, 'The visible signature cannot be drawn so', 'Không vẽ được hình chữ ký như vậy'),
  ASN1_MALFORMED: facts(422, 'An ASN.1 structure is malformed', 'Cấu trúc ASN.1 sai'),
  ASN1_LIMIT: facts(422, 'An ASN.1 structure exceeds a limit', 'Cấu trúc ASN.1 vượt giới hạn'),
  CMS_MALFORMED: facts(422, 'The CMS structure is malformed', 'Cấu trúc CMS sai'),
  CERTIFICATE_MALFORMED: facts(422, 'The certificate is malformed', 'Chứng thư số sai cấu trúc'),
  XML_MALFORMED: facts(422, 'The XML is malformed', 'Tệp XML sai cấu trúc'),
  XML_LIMIT: facts(422, 'The XML exceeds a limit', 'Tệp XML vượt giới hạn'),
  TRUSTED_LIST_INVALID: facts(422, 'The trusted list cannot be relied on', 'Danh sách tin cậy không dùng được'),
  EVIDENCE_MALFORMED: facts(422, 'The evidence cannot be read', 'Không đọc được bằng chứng'),
  EVIDENCE_FORGED: facts(422, 'The evidence is not what it says', 'Bằng chứng không đúng như đã ghi'),
  EVIDENCE_NOT_KEPT: facts(404, 'There is no evidence of this', 'Không có bằng chứng cho việc này'),
  EVIDENCE_PENDING: facts(409, 'The evidence is not complete yet', 'Bằng chứng chưa hoàn tất'),
  EXCHANGE_KEY_MISSING: facts(503, 'The gateway has no key to attest with', 'Cổng chưa có khóa để ký chứng nhận'),
  EVIDENCE_UNAVAILABLE: facts(503, 'No time-stamp can be had for evidence', 'Không lấy được dấu thời gian cho bằng chứng'),
  LOG_FORKED: facts(409, 'The log does not lead to that checkpoint', 'Nhật ký không dẫn tới điểm kiểm đã đưa'),
  LOG_PROOF_NOT_FOUND: facts(404, 'There is no such proof for you', 'Không có chứng minh như vậy cho bạn'),
  TRUSTED_LIST_UNAVAILABLE: facts(503, 'The trusted list cannot be fetched', 'Không tải được danh sách tin cậy'),
  BUDGET_EXCEEDED: facts(422, 'The document takes too much to process', 'Tài liệu cần quá nhiều tài nguyên để xử lý'),

  P12_MALFORMED: facts(422, 'The PKCS#12 file is malformed', 'Tệp PKCS#12 sai cấu trúc'),
  P12_LIMIT: facts(422, 'The PKCS#12 file exceeds a limit', 'Tệp PKCS#12 vượt giới hạn'),
  P12_UNSUPPORTED: facts(422, 'The PKCS#12 file uses an unsupported method', 'Tệp PKCS#12 dùng phương thức chưa hỗ trợ'),
  P12_PASSPHRASE_WRONG: facts(422, 'The passphrase is wrong', 'Mật khẩu sai'),
  KEY_MISMATCH: facts(422, 'Key and certificate do not belong together', 'Khóa và chứng thư số không khớp'),
  KEY_UNSUPPORTED: facts(422, 'This key cannot be used', 'Không dùng được khóa này'),
  CERTIFICATE_EXPIRED: facts(422, 'The certificate has expired', 'Chứng thư số đã hết hạn'),
  CERTIFICATE_NOT_YET_VALID: facts(422, 'The certificate is not valid yet', 'Chứng thư số chưa có hiệu lực'),
  CERTIFICATE_USAGE: facts(422, 'The certificate is not for signing', 'Chứng thư số không dùng để ký'),
  CERTIFICATE_CHAIN: facts(422, 'The certificate does not lead to a trusted root', 'Chứng thư số không dẫn tới gốc tin cậy'),
  CERTIFICATE_REVOKED: facts(422, 'The certificate is revoked', 'Chứng thư số đã bị thu hồi'),
  REVOCATION_UNAVAILABLE: facts(503, 'Whether the certificate is revoked cannot be learned now', 'Hiện không kiểm tra được tình trạng thu hồi'),
  ALGORITHM_UNSUPPORTED: facts(422, 'This algorithm is not supported', 'Chưa hỗ trợ thuật toán này'),
  LEVEL_UNSUPPORTED: facts(422, 'This signature level is not supported', 'Chưa hỗ trợ mức chữ ký này'),
  NOT_SIGNED: facts(422, 'The document is not signed', 'Tài liệu chưa được ký'),
  SIGNATURE_INVALID: facts(422, 'The signature in the document is not valid', 'Chữ ký trong tài liệu không hợp lệ'),
  TRUST_NOT_CONFIGURED: facts(501, 'No trust anchors are configured', 'Chưa cấu hình chứng thư gốc tin cậy'),
  TSA_NOT_CONFIGURED: facts(501, 'No time-stamping authority is configured', 'Chưa cấu hình dịch vụ dấu thời gian'),
  TSA_UNAVAILABLE: facts(503, 'The time-stamping authority cannot be reached', 'Không kết nối được dịch vụ dấu thời gian'),
  TSA_ANSWER_INVALID: facts(502, 'The time-stamping authority answered something else', 'Dịch vụ dấu thời gian trả lời sai định dạng'),
  TSA_REFUSED: facts(502, 'The time-stamping authority refused', 'Dịch vụ dấu thời gian từ chối'),
  TSA_TOKEN_INVALID: facts(502, 'The time-stamp cannot be relied on', 'Dấu thời gian không tin cậy được'),
  PLACEHOLDER_TOO_SMALL: facts(500, 'The signature did not fit its place', 'Chữ ký không vừa chỗ dành sẵn'),
  SIGNATURE_CHECK_FAILED: facts(500, 'The signature just made is wrong', 'Chữ ký vừa tạo không đúng'),
  SIGNER_UNAVAILABLE: facts(503, 'The signing key cannot be reached', 'Không truy cập được khóa ký'),
  HSM_LOGIN_FAILED: facts(500, 'The key device refused the login', 'Thiết bị khóa từ chối đăng nhập'),
  OTP_REQUIRED: facts(422, 'This key needs a one-time password', 'Khóa này cần mật khẩu dùng một lần (OTP)'),
  OTP_WRONG: facts(422, 'The one-time password is wrong', 'Mật khẩu dùng một lần (OTP) sai'),
  CONSENT_REQUIRED: facts(422, 'The signer has to allow this signature in a browser', 'Người ký phải xác nhận chữ ký này trên trình duyệt'),
  CONSENT_REFUSED: facts(422, 'The signer’s consent is missing or not valid', 'Người ký chưa xác nhận hoặc xác nhận không hợp lệ'),
  PREPARED_SIGNATURE_NOT_FOUND: facts(404, 'There is no such prepared signature', 'Không có phiên ký này'),
  PREPARED_SIGNATURE_EXPIRED: facts(410, 'The prepared signature has expired', 'Phiên ký đã hết hạn'),
  PREPARED_SIGNATURE_USED: facts(409, 'The prepared signature was used already', 'Phiên ký đã được dùng'),
  SIGNATURE_VALUE_WRONG: facts(422, 'The signature value is wrong', 'Giá trị chữ ký sai'),

  URL_FORBIDDEN: facts(422, 'This address may not be called', 'Không được phép gọi địa chỉ này'),
  PARTNER_UNAVAILABLE: facts(503, 'The partner’s system cannot be reached', 'Không kết nối được hệ thống đối tác'),
  PARTNER_REFUSED: facts(502, 'The partner’s system refused', 'Hệ thống đối tác từ chối'),
  PARTNER_GONE: facts(502, 'The partner’s system is gone', 'Hệ thống đối tác đã ngừng'),
  PARTNER_ANSWER_INVALID: facts(502, 'The partner’s system answered something else', 'Hệ thống đối tác trả lời sai định dạng'),
  RECEIPT_INVALID: facts(422, 'The receipt does not match the message', 'Biên nhận không khớp với thông điệp'),
  CARRIER_UNAVAILABLE: facts(503, 'The post’s system cannot be reached', 'Không kết nối được hệ thống bưu chính'),
  CARRIER_REFUSED: facts(502, 'The post refused', 'Bưu chính từ chối'),
  CARRIER_ANSWER_INVALID: facts(502, 'The post’s system answered something else', 'Hệ thống bưu chính trả lời sai định dạng'),
  CARRIER_UNKNOWN: facts(422, 'There is no such carrier here', 'Không có đơn vị bưu chính này'),
  CARRIER_NOT_OFFERED: facts(422, 'The carrier does not offer this', 'Đơn vị bưu chính không cung cấp việc này'),

  ISSUER_UNAVAILABLE: facts(503, 'The identity provider cannot be reached', 'Không kết nối được hệ thống định danh'),
  DATABASE_UNAVAILABLE: facts(503, 'The gateway cannot reach its database', 'Cổng không kết nối được cơ sở dữ liệu'),
  BACKUP_DAMAGED: facts(500, 'A backup is damaged', 'Bản sao lưu bị hỏng'),
  DATABASE_INCOMPATIBLE: facts(500, 'The gateway’s database has another version', 'Cơ sở dữ liệu khác phiên bản'),
  QUEUE_UNAVAILABLE: facts(503, 'The gateway cannot reach its queue', 'Cổng không kết nối được hàng đợi'),
  STORAGE_FAILED: facts(503, 'The gateway cannot use its document store', 'Cổng không dùng được kho tài liệu'),
  STORAGE_FULL: facts(507, 'The gateway’s document store is full', 'Kho tài liệu đã đầy'),
  DATA_FOLDER_IN_USE: facts(500, 'The data folder is in use', 'Thư mục dữ liệu đang được dùng'),
  POSTGRES_UNSUPPORTED: facts(500, 'The embedded database is not available here', 'Không có cơ sở dữ liệu nhúng cho máy này'),
  POSTGRES_START_FAILED: facts(500, 'The embedded database did not start', 'Cơ sở dữ liệu nhúng không khởi động được'),
  MASTER_KEY_UNREADABLE: facts(500, 'The master key cannot be read', 'Không đọc được khóa chủ'),
  SEALED_DATA_UNREADABLE: facts(500, 'Sealed data cannot be opened', 'Không mở được dữ liệu niêm phong'),
  CONFIG_INVALID: facts(500, 'The gateway’s settings are wrong', 'Cấu hình cổng sai'),
  PORT_IN_USE: facts(500, 'The port is in use', 'Cổng mạng đang được dùng'),
  FILE_NOT_READABLE: facts(422, 'The file cannot be read', 'Không đọc được tệp'),
  OVERLOADED: facts(503, 'The gateway is overloaded', 'Cổng đang quá tải'),
  SHUTTING_DOWN: facts(503, 'The gateway is shutting down', 'Cổng đang dừng'),
  INTERNAL: facts(500, 'The gateway failed', 'Cổng gặp lỗi'),
} as const satisfies Record<ErrorCode, ProblemFacts>;

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Problem;
}

export interface ProblemContext {
  readonly language: Language;
  /** 32 hexadecimal digits, the trace id of W3C Trace Context. */
  readonly traceId: string;
  /** Path of the request, without its query. */
  readonly instance?: string;
}

const INTERNAL_DETAIL = { en: 'Nothing of the cause is told here; the operator finds it in the log by the trace id.', vi: 'Nguyên nhân không nêu ở đây; người vận hành tra trong nhật ký theo mã truy vết.' } as const;

/** Anything thrown as a problem; what is not a `GatewayError` is our mistake, and says nothing of itself. */
export function problemOf(error: unknown, { language, traceId, instance }: ProblemContext): ProblemAnswer {
  const known = error instanceof GatewayError && error.code !== 'INTERNAL' ? error : null;
  const code = known?.code ?? 'INTERNAL';
  const { status, title } = PROBLEMS[code];
  const { origin, retryable } = ERROR_FACTS[code];
  return {
    status,
    headers: { 'content-language': language, ...challengeOf(code), ...retryAfterOf(known, status) },
    body: {
      type: `/problems/${code.toLowerCase().replaceAll('_', '-')}`,
      title: title[language],
      status,
      detail: known?.message ?? INTERNAL_DETAIL[language],
      ...(instance !== undefined && { instance }),
      code,
      origin,
      retryable,
      errors: (known?.faults ?? []).map(({ pointer, detail }) => ({ pointer, detail })),
      traceId,
    },
  };
}

/** RFC 9421 §5.1: what we ask for. */
const ACCEPT_SIGNATURE = 'sig=("@method" "@target-uri" "content-digest" "idempotency-key");created;nonce;keyid';

/** RFC 9110 §11.6.1: a 401 names its scheme. */
function challengeOf(code: ErrorCode): Record<string, string> {
  if (code === 'UNAUTHENTICATED') return { 'www-authenticate': 'Bearer realm="lienthong"' };
  if (code === 'REQUEST_SIGNATURE_REQUIRED' || code === 'REQUEST_SIGNATURE_INVALID') return { 'www-authenticate': 'Bearer realm="lienthong"', 'accept-signature': ACCEPT_SIGNATURE };
  return code === 'SCOPE_MISSING' ? { 'www-authenticate': 'Bearer realm="lienthong", error="insufficient_scope"' } : {};
}

const DEFAULT_RETRY_AFTER_MS = 5_000;

/** Whole seconds, rounded up (RFC 9110 §10.2.3); every 429 and 503 has one, so that callers need not guess a pace. */
function retryAfterOf(error: GatewayError | null, status: number): Record<string, string> {
  const waitMs = error?.retryAfterMs ?? (status === 503 || status === 429 ? DEFAULT_RETRY_AFTER_MS : undefined);
  return waitMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1_000))) };
}

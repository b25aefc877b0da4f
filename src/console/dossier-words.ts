/** What stands in a dossier and on its timeline, in words: types of messages, states, and the facts of an event. */
export interface DossierWords {
  readonly messages: Readonly<Record<string, string>>;
  readonly dossierStates: Readonly<Record<string, string>>;
  /** Names of facts; one that is not here is told as it is. */
  readonly facts: Readonly<Record<string, string>>;
  /** What went wrong, by its code, where the sentence that comes with it is in another language. */
  readonly problems: Readonly<Record<string, string>>;
}

const vi: DossierWords = {
  messages: {
    'dossier.submit': 'Nộp hồ sơ', 'dossier.accept': 'Tiếp nhận', 'dossier.refuse': 'Từ chối tiếp nhận', 'dossier.supplement.request': 'Yêu cầu bổ sung', 'dossier.supplement': 'Bổ sung hồ sơ', 'dossier.progress': 'Tiến độ xử lý',
    'dossier.fee': 'Phí, lệ phí', 'dossier.transfer': 'Chuyển xử lý', 'dossier.result': 'Trả kết quả', 'dossier.withdraw': 'Rút hồ sơ', 'dossier.recall': 'Thu hồi', 'dossier.reschedule': 'Hẹn lại ngày trả',
  },
  dossierStates: {
    open: 'mới lập', submitted: 'đã nộp', accepted: 'đã tiếp nhận', refused: 'bị từ chối', supplementing: 'chờ bổ sung', 'in-progress': 'đang xử lý', 'result-sent': 'đã gửi kết quả', 'result-taken-in': 'đã nhận kết quả', withdrawn: 'đã rút', recalled: 'đã thu hồi',
  },
  facts: {
    type: 'loại', parts: 'số giấy tờ', recipient: 'nơi nhận', recipients: 'nơi nhận', code: 'mã lỗi', reason: 'lý do', attempts: 'số lần gửi', procedure: 'thủ tục', agencyCode: 'cơ quan', from: 'trước đó', replacement: 'thay bằng', reference: 'số tham chiếu',
    orderNumber: 'số đơn', state: 'trạng thái', level: 'mức chữ ký', keyId: 'khóa', carrier: 'bưu chính', leg: 'chiều', decision: 'quyết định',
  },
  problems: {
    PARTNER_REFUSED: 'Hệ thống nhận từ chối', PARTNER_UNAVAILABLE: 'Không kết nối được hệ thống nhận', PARTNER_GONE: 'Địa chỉ của hệ thống nhận đã ngừng', PARTNER_ANSWER_INVALID: 'Hệ thống nhận trả lời không đọc được', RECEIPT_INVALID: 'Biên nhận không khớp thông điệp',
    URL_FORBIDDEN: 'Không được phép gọi địa chỉ này', PARTNER_NOT_FOUND: 'Không còn hệ thống nhận này', MESSAGE_EXPIRED: 'Quá hạn trước khi giao được', CARRIER_UNAVAILABLE: 'Không kết nối được bưu chính', CARRIER_REFUSED: 'Bưu chính từ chối',
  },
};

const en: DossierWords = {
  messages: {
    'dossier.submit': 'Submission', 'dossier.accept': 'Taken in', 'dossier.refuse': 'Not taken in', 'dossier.supplement.request': 'Supplement asked for', 'dossier.supplement': 'Supplement', 'dossier.progress': 'Progress',
    'dossier.fee': 'Fee', 'dossier.transfer': 'Passed on', 'dossier.result': 'Result', 'dossier.withdraw': 'Withdrawal', 'dossier.recall': 'Recall', 'dossier.reschedule': 'New date',
  },
  dossierStates: { open: 'opened', submitted: 'submitted', accepted: 'taken in', refused: 'not taken in', supplementing: 'to be supplemented', 'in-progress': 'in progress', 'result-sent': 'result sent', 'result-taken-in': 'result taken in', withdrawn: 'withdrawn', recalled: 'recalled' },
  facts: { parts: 'papers', recipients: 'to', recipient: 'to', code: 'error', agencyCode: 'agency', from: 'before', orderNumber: 'order', keyId: 'key' },
  problems: {},
};

export const DOSSIER_WORDS: Readonly<Record<'vi' | 'en', DossierWords>> = { vi, en };

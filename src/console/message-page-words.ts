import type { DeskRecipient, MessageDecision, StuckDelivery } from '../formats/api/message-desk.ts';

export interface MessageWords {
  readonly title: string;
  readonly lead: string;
  readonly key: string;
  readonly keyNote: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly partner: string;
  readonly reason: string;
  readonly dossier: string;
  readonly all: string;
  readonly show: string;
  readonly stuck: string;
  readonly noneStuck: string;
  readonly next: string;
  readonly since: string;
  readonly attempts: (count: number) => string;
  readonly recipients: string;
  readonly noneOpen: string;
  readonly open: string;
  readonly oldest: string;
  readonly notFound: string;
  readonly deliveries: string;
  readonly timeline: string;
  readonly nextAttempt: string;
  readonly behind: string;
  readonly note: string;
  readonly decide: string;
  readonly atPostDesk: string;
  readonly owner: string;
  readonly decisions: Readonly<Record<MessageDecision, string>>;
  readonly done: Readonly<Record<MessageDecision, string>>;
  readonly reasons: Readonly<Record<StuckDelivery['reason'], string>>;
  readonly whatToDo: Readonly<Record<StuckDelivery['reason'], string>>;
  readonly circuits: Readonly<Record<DeskRecipient['circuit'], string>>;
  readonly states: Readonly<Record<string, string>>;
  readonly events: Readonly<Record<string, string>>;
}

const vi: MessageWords = {
  title: 'Thông điệp bị giữ lại',
  lead: 'Thông điệp nào chưa tới nơi, vì sao, và cần quyết định gì.',
  key: 'Khóa API của quản trị viên',
  keyNote: 'Khóa có quyền “admin”. Phiên làm việc kết thúc sau 15 phút.',
  signIn: 'Đăng nhập',
  signOut: 'Đăng xuất',
  partner: 'Nơi nhận',
  reason: 'Lý do',
  dossier: 'Mã hồ sơ',
  all: 'tất cả',
  show: 'Xem',
  stuck: 'Đang chờ người quyết định',
  noneStuck: 'Không có thông điệp nào bị giữ lại.',
  next: 'Tiếp theo',
  since: 'từ',
  attempts: (count) => (count === 0 ? 'chưa gửi lần nào' : `${count} lần gửi`),
  recipients: 'Tình trạng các nơi nhận',
  noneOpen: 'Mọi thông điệp đã tới nơi.',
  open: 'chưa xong',
  oldest: 'lâu nhất từ',
  notFound: 'Không có hồ sơ mang mã này.',
  deliveries: 'Các lượt giao',
  timeline: 'Dòng thời gian',
  nextAttempt: 'gửi lại lúc',
  behind: 'chờ thông điệp trước đó',
  note: 'Ghi chú (được lưu vết)',
  decide: 'Quyết định',
  atPostDesk: 'Đơn bưu chính: quyết định ở bàn bưu chính',
  owner: 'Đơn vị lập hồ sơ',
  decisions: { replay: 'Gửi lại', 'take-in': 'Nơi nhận đã có', skip: 'Bỏ qua, gửi thông điệp sau', cancel: 'Hủy giao' },
  done: { replay: 'Đang gửi lại.', 'take-in': 'Đã ghi nhận: nơi nhận đã có thông điệp.', skip: 'Đã bỏ qua; thông điệp sau được gửi tiếp.', cancel: 'Đã hủy giao.' },
  reasons: {
    refused: 'Nơi nhận từ chối', gone: 'Địa chỉ nơi nhận đã ngừng (410)', exhausted: 'Đã thử hết số lần', 'outcome-unknown': 'Không rõ nơi nhận đã có hay chưa', expired: 'Quá hạn trước khi giao được',
    'receipt-invalid': 'Biên nhận không khớp thông điệp', undeliverable: 'Không còn nơi nhận hoặc thông điệp', unknown: 'Lý do khác',
  },
  whatToDo: {
    refused: 'Hỏi nơi nhận vì sao; sửa xong thì gửi lại.', gone: 'Đặt địa chỉ mới cho hệ thống đó (partners move, enable) rồi gửi lại.', exhausted: 'Hệ thống nhận đã hoạt động lại chưa? Rồi gửi lại.',
    'outcome-unknown': 'Hỏi nơi nhận: đã có thì ghi nhận, chưa có thì gửi lại.', expired: 'Còn cần thì gửi lại, không thì hủy.', 'receipt-invalid': 'Hỏi nơi nhận đã nhận được gì.', undeliverable: 'Hủy, hoặc bỏ qua để thông điệp sau được gửi.', unknown: 'Xem nhật ký.',
  },
  circuits: { closed: 'đang gửi', 'half-open': 'đang thử lại', open: 'tạm ngừng gửi vì lỗi liên tiếp', disabled: 'ngừng gửi: địa chỉ đã ngừng' },
  states: { pending: 'chờ gửi', leased: 'đang gửi', offered: 'chờ nơi nhận lấy', delivered: 'đã giao', parked: 'bị giữ lại', cancelled: 'đã hủy', skipped: 'đã bỏ qua' },
  events: {
    'dossier.created': 'Lập hồ sơ', 'message.accepted': 'Cổng nhận thông điệp', 'message.delivered': 'Đã giao', 'message.parked': 'Bị giữ lại', 'message.replayed': 'Gửi lại', 'message.cancelled': 'Hủy giao', 'message.skipped': 'Bỏ qua', 'message.superseded': 'Được thay bằng thông điệp khác',
    'signature.made': 'Ký số', 'document.verified': 'Kiểm tra chữ ký', 'postal.ordered': 'Đặt bưu chính', 'postal.accepted': 'Bưu chính nhận đơn', 'postal.refused': 'Bưu chính từ chối', 'postal.unknown': 'Chưa rõ bưu chính đã nhận đơn', 'postal.event': 'Hành trình bưu gửi',
    'postal.delivered': 'Bưu gửi đã phát', 'postal.cancelled': 'Hủy đơn bưu chính', 'postal.address-changed': 'Đổi địa chỉ bưu gửi', 'postal.resolved': 'Quyết định về đơn bưu chính', 'postal.handed-over': 'Bàn giao giấy tờ', 'dossier.submitted-by-post': 'Nộp hồ sơ qua bưu chính',
  },
};

const en: MessageWords = {
  title: 'Messages that stand still',
  lead: 'What has not arrived, why, and what needs a decision.',
  key: 'Administrator’s API key',
  keyNote: 'A key with the scope “admin”. The session ends after 15 minutes.',
  signIn: 'Sign in',
  signOut: 'Sign out',
  partner: 'Recipient',
  reason: 'Reason',
  dossier: 'Dossier code',
  all: 'all',
  show: 'Show',
  stuck: 'Waiting for a decision',
  noneStuck: 'Nothing stands still.',
  next: 'Next',
  since: 'since',
  attempts: (count) => (count === 1 ? '1 attempt' : `${count} attempts`),
  recipients: 'How recipients are doing',
  noneOpen: 'Everything has arrived.',
  open: 'unfinished',
  oldest: 'oldest since',
  notFound: 'There is no dossier with this code.',
  deliveries: 'Deliveries',
  timeline: 'Timeline',
  nextAttempt: 'next attempt',
  behind: 'waits for the one before it',
  note: 'Note (kept in the audit trail)',
  decide: 'Decide',
  atPostDesk: 'A postal order: decide at the post desk',
  owner: 'Opened by',
  decisions: { replay: 'Send again', 'take-in': 'The recipient has it', skip: 'Pass over it, send what follows', cancel: 'Take it back' },
  done: { replay: 'It is being sent again.', 'take-in': 'Recorded: the recipient has it.', skip: 'Passed over; what follows is being sent.', cancel: 'Taken back.' },
  reasons: {
    refused: 'The recipient refused', gone: 'The recipient’s address is gone (410)', exhausted: 'All attempts were used up', 'outcome-unknown': 'Whether the recipient has it is not known', expired: 'Its time was over before it arrived',
    'receipt-invalid': 'The receipt is for something else', undeliverable: 'Its recipient or content is not recorded any more', unknown: 'Another reason',
  },
  whatToDo: {
    refused: 'Ask the recipient why; send again when that is mended.', gone: 'Give that system its new address (partners move, enable), then send again.', exhausted: 'Does the recipient’s system work again? Then send again.',
    'outcome-unknown': 'Ask the recipient: record that they have it, or send again.', expired: 'Send again if it is still wanted, or take it back.', 'receipt-invalid': 'Ask the recipient what arrived.', undeliverable: 'Take it back, or pass over it so that others go on.', unknown: 'See the log.',
  },
  circuits: { closed: 'being sent to', 'half-open': 'being tried again', open: 'left alone after failures in a row', disabled: 'not sent to: its address is gone' },
  states: { pending: 'waiting', leased: 'being sent', offered: 'waiting to be fetched', delivered: 'delivered', parked: 'stands still', cancelled: 'taken back', skipped: 'passed over' },
  events: {
    'dossier.created': 'Dossier opened', 'message.accepted': 'Message accepted', 'message.delivered': 'Delivered', 'message.parked': 'Stands still', 'message.replayed': 'Sent again', 'message.cancelled': 'Taken back', 'message.skipped': 'Passed over', 'message.superseded': 'Replaced by another message',
    'signature.made': 'Signed', 'document.verified': 'Signature checked', 'postal.ordered': 'Post ordered', 'postal.accepted': 'The post has the order', 'postal.refused': 'The post refused', 'postal.unknown': 'Whether the post has the order is not known', 'postal.event': 'On its way',
    'postal.delivered': 'Delivered by post', 'postal.cancelled': 'Postal order cancelled', 'postal.address-changed': 'Address of a postal order changed', 'postal.resolved': 'Postal order decided', 'postal.handed-over': 'Papers handed over', 'dossier.submitted-by-post': 'Submitted by post',
  },
};

export const MESSAGE_WORDS: Readonly<Record<'vi' | 'en', MessageWords>> = { vi, en };

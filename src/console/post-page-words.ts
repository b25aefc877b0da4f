import type { DESK_PAPERS, PostDeskDifference, PostDeskOrder } from '../formats/api/post-desk.ts';

export type DeskLanguage = 'vi' | 'en';
type Entry = PostDeskOrder['handOvers'][number];

interface DeskWords {
  readonly title: string;
  readonly lead: string;
  readonly key: string;
  readonly keyNote: string;
  readonly signIn: string;
  readonly signOut: string;
  readonly scan: string;
  readonly find: string;
  readonly notFound: string;
  readonly tasks: string;
  readonly noTasks: string;
  readonly dossier: string;
  readonly leg: string;
  readonly state: string;
  readonly carrier: string;
  readonly tracking: string;
  readonly deliverBy: string;
  readonly papers: string;
  readonly copies: string;
  readonly events: string;
  readonly noEvents: string;
  readonly handOver: string;
  readonly entry: string;
  readonly minutes: string;
  readonly counted: string;
  readonly complete: string;
  readonly discrepancy: string;
  readonly when: string;
  readonly confirm: string;
  readonly attempt: string;
  readonly reason: string;
  readonly measure: string;
  readonly record: string;
  readonly differencesTitle: string;
  readonly differences: Readonly<Record<PostDeskDifference['kind'], string>>;
  readonly closeTask: string;
  readonly closeNote: string;
  readonly print: string;
  readonly printMany: string;
  readonly printNumbers: string;
  readonly printPaper: string;
  readonly papersToPrint: Readonly<Record<(typeof DESK_PAPERS)[number], string>>;
  readonly decide: string;
  readonly decideNote: string;
  readonly note: string;
  readonly done: Readonly<Record<'entered' | 'entered-before' | 'decided' | 'closed' | 'moved', string>>;
  readonly entries: Readonly<Record<Entry, string>>;
  readonly legs: Readonly<Record<PostDeskOrder['leg'], string>>;
  readonly decisions: Readonly<Record<PostDeskOrder['decisions'][number], string>>;
  readonly kinds: Readonly<Record<string, string>>;
  readonly states: Readonly<Record<string, string>>;
  readonly reasons: Readonly<Record<string, string>>;
  readonly measures: Readonly<Record<string, string>>;
  readonly unmapped: string;
  readonly noted: string;
  readonly attempts: string;
  readonly nextAttempt: string;
  readonly returnDue: string;
  readonly fees: string;
  readonly feesTaken: string;
  readonly feesEnter: string;
  readonly feesNote: string;
  readonly amount: string;
  readonly purpose: string;
  readonly collector: string;
  readonly payer: string;
  readonly receipt: string;
  readonly sum: string;
  readonly purposes: Readonly<Record<string, string>>;
  readonly collectors: Readonly<Record<string, string>>;
  readonly payers: Readonly<Record<string, string>>;
  readonly proof: string;
  readonly proofNote: string;
  readonly receivedBy: string;
  readonly nobodySaid: string;
  readonly receivers: Readonly<Record<string, string>>;
  readonly recipient: string;
  readonly relation: string;
  readonly paper: string;
  readonly paperEnding: string;
  readonly identityPapers: Readonly<Record<string, string>>;
  readonly proofs: string;
  readonly documents: string;
  readonly move: string;
  readonly moveNote: string;
  readonly end: string;
  readonly ends: Readonly<Record<'sender' | 'recipient', string>>;
  readonly line: string;
  readonly province: string;
  readonly commune: string;
  readonly phone: string;
  readonly verifiedBy: string;
  readonly verifications: Readonly<Record<'otp' | 'officer', string>>;
  readonly moves: string;
  readonly moveOutcomes: Readonly<Record<string, string>>;
}

const vi: DeskWords = {
  title: 'Bàn giao nhận bưu chính',
  lead: 'Quét mã vận đơn hoặc số đơn, đếm giấy tờ, xác nhận.',
  key: 'Khóa API của quản trị viên',
  keyNote: 'Khóa có quyền “admin”. Phiên làm việc kết thúc sau 15 phút.',
  signIn: 'Đăng nhập',
  signOut: 'Đăng xuất',
  scan: 'Mã vận đơn hoặc số đơn',
  find: 'Tìm',
  notFound: 'Không có đơn nào mang số này.',
  tasks: 'Đơn chờ người quyết định',
  noTasks: 'Không có đơn nào đang chờ.',
  dossier: 'Mã hồ sơ',
  leg: 'Chặng',
  state: 'Trạng thái',
  carrier: 'Đơn vị vận chuyển',
  tracking: 'Mã vận đơn',
  deliverBy: 'Hạn phát',
  papers: 'Danh mục giấy tờ',
  copies: 'Số bản',
  events: 'Hành trình',
  noEvents: 'Chưa có sự kiện.',
  handOver: 'Biên bản giao nhận',
  entry: 'Việc giao nhận',
  minutes: 'Số biên bản',
  counted: 'Số giấy tờ đếm được',
  complete: 'Đủ thành phần hồ sơ theo danh mục',
  discrepancy: 'Sai khác (nếu có)',
  when: 'Thời điểm ký (giờ Việt Nam)',
  confirm: 'Xác nhận giao nhận',
  attempt: 'Lần phát không thành công',
  reason: 'Lý do',
  measure: 'Cách xử lý',
  record: 'Ghi nhận',
  differencesTitle: 'Sai lệch khi đối soát với đơn vị vận chuyển',
  differences: {
    'order-not-ours': 'Đơn vị vận chuyển có đơn mà ở đây không có', 'order-not-theirs': 'Đơn đã gửi mà đơn vị vận chuyển không có', 'two-parcels': 'Hai bưu gửi cho một đơn', 'tracking-number': 'Mã vận đơn khác nhau', contradiction: 'Sự kiện trái với hành trình đã ghi',
  },
  closeTask: 'Đóng',
  closeNote: 'Đã xử lý thế nào',
  print: 'In',
  printMany: 'In nhãn, phiếu gửi, biên bản cho nhiều đơn',
  printNumbers: 'Mã vận đơn hoặc số đơn, mỗi dòng một mã',
  printPaper: 'Giấy cần in',
  papersToPrint: {
    'label-pdf': 'Nhãn A6 (PDF)', 'label-zpl-203': 'Nhãn, máy in nhãn 203 dpi (ZPL)', 'label-zpl-300': 'Nhãn, máy in nhãn 300 dpi (ZPL)', slip: 'Phiếu gửi',
    CITIZEN_TO_POST: 'Biên bản: người dân giao cho bưu điện', POST_TO_AGENCY: 'Biên bản: bưu điện giao cho cơ quan', AGENCY_TO_POST: 'Biên bản: cơ quan giao cho bưu điện', POST_TO_CITIZEN: 'Biên bản: bưu điện phát cho người dân',
  },
  decide: 'Quyết định',
  decideNote: 'Hãy hỏi đơn vị vận chuyển trước khi quyết định. Quyết định được lưu vết.',
  note: 'Ghi chú (đơn vị vận chuyển trả lời thế nào)',
  done: { entered: 'Đã ghi nhận.', 'entered-before': 'Việc này đã được ghi nhận trước đó; không ghi lại.', decided: 'Đã ghi quyết định.', closed: 'Đã đóng sai lệch.', moved: 'Đã đổi địa chỉ.' },
  entries: { CITIZEN_TO_POST: 'Người dân giao cho bưu điện', POST_TO_AGENCY: 'Bưu điện giao cho cơ quan', AGENCY_TO_POST: 'Cơ quan giao cho bưu điện', POST_TO_CITIZEN: 'Bưu điện phát cho người dân', ATTEMPT_FAILED: 'Phát không thành công', RETURNED_TO_AGENCY: 'Bưu điện chuyển hoàn cho cơ quan' },
  legs: { COLLECT_DOSSIER: 'Thu gom hồ sơ', DELIVER_RESULT: 'Trả kết quả', RETURN_DOSSIER: 'Trả lại hồ sơ', SUPPLEMENT_DOCS: 'Bổ sung hồ sơ' },
  decisions: { adopt: 'Đơn vị vận chuyển đã có đơn', resend: 'Chưa có: gửi lại đơn', cancel: 'Chưa có, và không cần nữa: hủy' },
  kinds: { original: 'bản chính', copy: 'bản sao', 'certified-copy': 'bản sao chứng thực' },
  states: {
    QUEUED: 'Chờ gửi', SUBMITTED: 'Đang gửi', UNKNOWN: 'Chưa rõ đã nhận hay chưa', REJECTED: 'Bị từ chối', ACCEPTED: 'Đã tiếp nhận đơn', PICKUP_SCHEDULED: 'Sẽ đến lấy', PICKUP_FAILED: 'Lấy không thành công', PICKED_UP: 'Bưu điện đã nhận',
    IN_TRANSIT: 'Đang vận chuyển', AT_DELIVERY_OFFICE: 'Đã đến bưu cục phát', OUT_FOR_DELIVERY: 'Đang phát', DELIVERY_FAILED: 'Phát không thành công', HELD_FOR_COLLECTION: 'Chờ nhận tại bưu cục', ON_HOLD: 'Tạm giữ', DAMAGED: 'Hư hỏng',
    LOST: 'Thất lạc', EXPIRED: 'Hết hạn', CANCELLED: 'Đã hủy', RETURNING: 'Đang chuyển hoàn', RETURNED: 'Đã chuyển hoàn', DELIVERED: 'Đã phát',
  },
  reasons: { 'nobody-home': 'Không có người nhận', refused: 'Từ chối nhận', 'wrong-address': 'Sai địa chỉ', 'no-identity-document': 'Không có giấy tờ tùy thân', 'fee-not-paid': 'Không nộp phí', 'asked-for-another-day': 'Hẹn ngày khác', other: 'Lý do khác' },
  measures: { 'notice-left': 'Để lại giấy mời', retry: 'Phát lại', 'held-at-office': 'Giữ tại bưu cục', return: 'Chuyển hoàn' },
  unmapped: 'mã chưa có nghĩa đã xác minh',
  noted: 'ghi nhận, trạng thái không đổi',
  attempts: 'Số lần không thành công',
  nextAttempt: 'Lần phát sau không sớm hơn',
  returnDue: 'Đã đủ số lần phát theo quy định: chuyển hoàn cho cơ quan.',
  fees: 'Phí, lệ phí của đơn',
  feesTaken: 'Đã thu',
  feesEnter: 'Tiền thu khi giao nhận (nếu có)',
  feesNote: 'Số tiền tròn đồng, mỗi biên lai một dòng; để trống nếu không thu.',
  amount: 'Số tiền (đồng)',
  purpose: 'Khoản thu',
  collector: 'Nơi thu',
  payer: 'Người trả',
  receipt: 'Số biên lai',
  sum: 'Cộng',
  purposes: { ADMIN_FEE: 'Lệ phí', CHARGE: 'Phí', POSTAGE: 'Cước bưu chính', COD_OTHER: 'Thu hộ khác' },
  collectors: { POST: 'Nhân viên bưu chính', ONLINE: 'Trực tuyến', DESK: 'Bộ phận Một cửa' },
  payers: { sender: 'Người gửi', recipient: 'Người nhận', agency: 'Cơ quan' },
  proof: 'Người nhận thực tế (khi phát)',
  proofNote: 'Được lưu kín và không hiện lại ở đây. Chỉ ghi tối đa bốn ký tự cuối của số giấy tờ.',
  receivedBy: 'Nhận với tư cách',
  nobodySaid: '– không ghi –',
  receivers: { 'named-person': 'Đúng người nhận', 'authorised-person': 'Người được ủy quyền', household: 'Người cùng hộ', 'agency-desk': 'Bộ phận Một cửa' },
  recipient: 'Họ và tên người nhận',
  relation: 'Quan hệ với người trên nhãn (nếu là người khác)',
  paper: 'Giấy tờ đã xem',
  paperEnding: 'Bốn ký tự cuối',
  identityPapers: { 'citizen-card': 'Căn cước, căn cước công dân', passport: 'Hộ chiếu', other: 'Giấy tờ khác' },
  proofs: 'Chứng cứ phát',
  documents: 'tài liệu',
  move: 'Đổi địa chỉ',
  moveNote: 'Đơn vị vận chuyển được hỏi trước; địa chỉ chỉ đổi khi họ đồng ý. Việc đổi được lưu vết.',
  end: 'Của ai',
  ends: { recipient: 'Người nhận', sender: 'Người gửi' },
  line: 'Số nhà, đường, thôn, tổ …',
  province: 'Mã tỉnh, thành phố',
  commune: 'Mã xã, phường',
  phone: 'Số điện thoại mới (để trống nếu không đổi)',
  verifiedBy: 'Đã xác minh người yêu cầu bằng',
  verifications: { officer: 'Cán bộ gặp trực tiếp', otp: 'Mã gửi đến điện thoại' },
  moves: 'Các lần yêu cầu đổi địa chỉ',
  moveOutcomes: { asked: 'Đang hỏi', accepted: 'Đã đổi', rejected: 'Không đổi được', unknown: 'Chưa rõ: hãy hỏi đơn vị vận chuyển' },
};

const en: DeskWords = {
  title: 'Post desk',
  lead: 'Scan a tracking or order number, count the papers, confirm.',
  key: 'API key of an administrator',
  keyNote: 'A key with the scope “admin”. The session ends after 15 minutes.',
  signIn: 'Sign in',
  signOut: 'Sign out',
  scan: 'Tracking or order number',
  find: 'Find',
  notFound: 'No order has this number.',
  tasks: 'Orders that wait for a person',
  noTasks: 'No order waits.',
  dossier: 'Dossier',
  leg: 'Leg',
  state: 'State',
  carrier: 'Carrier',
  tracking: 'Tracking number',
  deliverBy: 'To be delivered by',
  papers: 'List of papers',
  copies: 'Copies',
  events: 'Its way',
  noEvents: 'No events yet.',
  handOver: 'Minutes of a hand-over',
  entry: 'Hand-over',
  minutes: 'Number of the minutes',
  counted: 'Papers counted',
  complete: 'Complete by the list',
  discrepancy: 'Discrepancy (if any)',
  when: 'Signed at (time in Vietnam)',
  confirm: 'Confirm the hand-over',
  attempt: 'Failed attempt',
  reason: 'Reason',
  measure: 'Action',
  record: 'Record',
  differencesTitle: 'Differences with the carriers’ records',
  differences: { 'order-not-ours': 'The carrier has an order that is not ours', 'order-not-theirs': 'The carrier has nothing of an order it took', 'two-parcels': 'Two parcels for one order', 'tracking-number': 'Tracking numbers differ', contradiction: 'An event contradicts what is on record' },
  closeTask: 'Close',
  closeNote: 'What was done about it',
  print: 'Print',
  printMany: 'Print labels, slips or minutes of many orders',
  printNumbers: 'Tracking or order numbers, one a line',
  printPaper: 'Paper',
  papersToPrint: {
    'label-pdf': 'Label A6 (PDF)', 'label-zpl-203': 'Label, label printer of 203 dpi (ZPL)', 'label-zpl-300': 'Label, label printer of 300 dpi (ZPL)', slip: 'Slip',
    CITIZEN_TO_POST: 'Minutes: citizen to post', POST_TO_AGENCY: 'Minutes: post to agency', AGENCY_TO_POST: 'Minutes: agency to post', POST_TO_CITIZEN: 'Minutes: post to citizen',
  },
  decide: 'Decision',
  decideNote: 'Ask the carrier before you decide. The decision is audited.',
  note: 'Note (what the carrier said)',
  done: { entered: 'Recorded.', 'entered-before': 'This was recorded before; nothing was added.', decided: 'The decision is recorded.', closed: 'The difference is closed.', moved: 'The address is changed.' },
  entries: { CITIZEN_TO_POST: 'Citizen to post', POST_TO_AGENCY: 'Post to agency', AGENCY_TO_POST: 'Agency to post', POST_TO_CITIZEN: 'Post to citizen', ATTEMPT_FAILED: 'Failed attempt', RETURNED_TO_AGENCY: 'Returned to the agency' },
  legs: { COLLECT_DOSSIER: 'Collection of a dossier', DELIVER_RESULT: 'Delivery of a result', RETURN_DOSSIER: 'Return of a dossier', SUPPLEMENT_DOCS: 'Supplement' },
  decisions: { adopt: 'The carrier has the order', resend: 'It does not: send it again', cancel: 'It does not, and need not: cancel' },
  kinds: { original: 'original', copy: 'copy', 'certified-copy': 'certified copy' },
  states: {
    QUEUED: 'Waits to be sent', SUBMITTED: 'Being sent', UNKNOWN: 'Unknown whether it was taken', REJECTED: 'Refused', ACCEPTED: 'Order taken', PICKUP_SCHEDULED: 'Will be collected', PICKUP_FAILED: 'Not collected', PICKED_UP: 'The post has it',
    IN_TRANSIT: 'On its way', AT_DELIVERY_OFFICE: 'At the delivery office', OUT_FOR_DELIVERY: 'Out for delivery', DELIVERY_FAILED: 'Not delivered', HELD_FOR_COLLECTION: 'To be fetched at the office', ON_HOLD: 'On hold', DAMAGED: 'Damaged',
    LOST: 'Lost', EXPIRED: 'Expired', CANCELLED: 'Cancelled', RETURNING: 'Going back', RETURNED: 'Returned', DELIVERED: 'Delivered',
  },
  reasons: { 'nobody-home': 'Nobody home', refused: 'Refused', 'wrong-address': 'Wrong address', 'no-identity-document': 'No identity document', 'fee-not-paid': 'Fee not paid', 'asked-for-another-day': 'Asked for another day', other: 'Other' },
  measures: { 'notice-left': 'Notice left', retry: 'Try again', 'held-at-office': 'Held at the office', return: 'Return' },
  unmapped: 'code without a verified meaning',
  noted: 'noted, changes no state',
  attempts: 'Failed attempts',
  nextAttempt: 'Next attempt not before',
  returnDue: 'As many attempts as the rules ask for: it goes back to the agency.',
  fees: 'Fees of the order',
  feesTaken: 'Taken',
  feesEnter: 'Money taken with it (if any)',
  feesNote: 'Whole đồng, a line a receipt; leave empty where nothing was taken.',
  amount: 'Amount (VND)',
  purpose: 'Purpose',
  collector: 'Collected by',
  payer: 'Paid by',
  receipt: 'Receipt',
  sum: 'Sum',
  purposes: { ADMIN_FEE: 'Administrative fee', CHARGE: 'Charge', POSTAGE: 'Postage', COD_OTHER: 'Other cash on delivery' },
  collectors: { POST: 'Postal worker', ONLINE: 'Online', DESK: 'One-stop desk' },
  payers: { sender: 'Sender', recipient: 'Recipient', agency: 'Agency' },
  proof: 'Who received it (of a delivery)',
  proofNote: 'Stored sealed, and not shown again here. Of a paper’s number, its last four characters at most.',
  receivedBy: 'Received as',
  nobodySaid: '– not said –',
  receivers: { 'named-person': 'The person named', 'authorised-person': 'Authorised person', household: 'Same household', 'agency-desk': 'One-stop desk' },
  recipient: 'Name of who received it',
  relation: 'Relation to the person on the label (if another)',
  paper: 'Paper looked at',
  paperEnding: 'Last four characters',
  identityPapers: { 'citizen-card': 'Citizen card', passport: 'Passport', other: 'Another paper' },
  proofs: 'Proof of delivery',
  documents: 'documents',
  move: 'Change an address',
  moveNote: 'The carrier is asked first; the address changes only when it agrees. Audited.',
  end: 'Whose',
  ends: { recipient: 'Recipient', sender: 'Sender' },
  line: 'House, street, hamlet …',
  province: 'Province code',
  commune: 'Commune code',
  phone: 'New telephone number (empty: it stays)',
  verifiedBy: 'Who asked was verified by',
  verifications: { officer: 'An officer who saw them', otp: 'A code to their telephone' },
  moves: 'Changes asked for',
  moveOutcomes: { asked: 'Being asked', accepted: 'Changed', rejected: 'Not changed', unknown: 'Unknown: ask the carrier' },
};

export const DESK_WORDS = { vi, en } as const satisfies Record<DeskLanguage, DeskWords>;
export type { DeskWords };

import type { Alarm, AlarmKind } from '../../domain/alarm.ts';

export interface BothLanguages {
  readonly vi: string;
  readonly en: string;
}

export interface AlarmWords {
  /** One sentence: what is. */
  readonly summary: BothLanguages;
  /** What to do next. */
  readonly nextStep: BothLanguages;
}

type Named = Pick<Alarm, 'subject' | 'figures'>;

const of = (figures: Alarm['figures'], name: string): string => String(figures[name] ?? '?');
const counted = (count: string, thing: string): string => `${count} ${thing}${count === '1' ? '' : 's'}`;
/** Times stand in figures as ISO 8601 in UTC; people here read them at +07:00. */
const time = (figures: Alarm['figures'], name: string): string => {
  const at = Date.parse(of(figures, name));
  return Number.isNaN(at) ? '?' : new Date(at + 7 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
};

const WORDS: Readonly<Record<AlarmKind, (alarm: Named) => AlarmWords>> = {
  'delivery.parked': ({ subject, figures }) => ({
    summary: {
      vi: `${of(figures, 'count')} thông điệp gửi ${subject} đang dừng chờ người xử lý, lâu nhất từ ${time(figures, 'oldestAt')}.`,
      en: `${counted(of(figures, 'count'), 'message')} to ${subject} ${of(figures, 'count') === '1' ? 'waits' : 'wait'} for a person, the oldest since ${time(figures, 'oldestAt')}.`,
    },
    nextStep: {
      vi: `Mở /console/messages hoặc chạy “lienthong messages stuck --partner ${subject}”, xem lý do, rồi gửi lại, ghi nhận đã nhận hoặc bỏ qua.`,
      en: `Open /console/messages or run “lienthong messages stuck --partner ${subject}”, see the reason, then replay, adopt or skip.`,
    },
  }),
  'partner.unreachable': ({ subject, figures }) => ({
    summary:
      figures['gone'] === 'yes'
        ? { vi: `Địa chỉ của ${subject} đã báo không còn (HTTP 410); ${of(figures, 'waiting')} thông điệp đang chờ.`, en: `The address of ${subject} said that it is gone (HTTP 410); waiting: ${counted(of(figures, 'waiting'), 'message')}.` }
        : { vi: `Không gửi được tới ${subject}: lỗi ${of(figures, 'failures')} lần liên tiếp; ${of(figures, 'waiting')} thông điệp đang chờ.`, en: `${subject} cannot be reached: ${counted(of(figures, 'failures'), 'failure')} in a row; waiting: ${counted(of(figures, 'waiting'), 'message')}.` },
    nextStep: {
      vi: `Chạy “lienthong partners test ${subject}” để biết hỏng ở bước nào, rồi báo đơn vị vận hành hệ thống đó.`,
      en: `Run “lienthong partners test ${subject}” to see which step fails, then call those who run that system.`,
    },
  }),
  'lane.old': ({ subject, figures }) => ({
    summary: {
      vi: `Thông điệp cho ${subject} chưa được nhận từ ${time(figures, 'oldestAt')} (${of(figures, 'count')} hồ sơ).`,
      en: `Messages for ${subject} have not been taken since ${time(figures, 'oldestAt')} (${of(figures, 'count')} dossiers).`,
    },
    nextStep: {
      vi: `Chạy “lienthong partners show ${subject}”: hệ thống lấy về có còn đọc hộp thư không, hệ thống được đẩy có bị giới hạn tốc độ không.`,
      en: `Run “lienthong partners show ${subject}”: does a pulling system still read its inbox, is a pushed one held by its rate?`,
    },
  }),
  'workers.silent': ({ figures }) => ({
    summary: {
      vi: `Có việc đến hạn từ ${time(figures, 'dueSince')} mà không tiến trình nào nhận.`,
      en: `Work has been due since ${time(figures, 'dueSince')} and no worker takes it.`,
    },
    nextStep: {
      vi: 'Kiểm tra các tiến trình “lienthong serve --role worker” còn chạy không và nhật ký của chúng; khởi động lại nếu cần. Không thông điệp nào bị mất.',
      en: 'See whether the processes “lienthong serve --role worker” run, and their logs; restart them if need be. Nothing is lost meanwhile.',
    },
  }),
  'certificate.ending': ({ subject, figures }) => ({
    summary:
      Number(figures['daysLeft']) < 0
        ? { vi: `Chứng thư của khóa ${subject} đã hết hạn lúc ${time(figures, 'notAfter')}.`, en: `The certificate of key ${subject} ended at ${time(figures, 'notAfter')}.` }
        : { vi: `Chứng thư của khóa ${subject} hết hạn lúc ${time(figures, 'notAfter')} (còn ${of(figures, 'daysLeft')} ngày).`, en: `The certificate of key ${subject} ends at ${time(figures, 'notAfter')} (${of(figures, 'daysLeft')} days left).` },
    nextStep: {
      vi: 'Xin cấp chứng thư mới, đăng ký bằng “lienthong keys add”, rồi ngừng khóa cũ bằng “lienthong keys disable”.',
      en: 'Get another certificate, register it by “lienthong keys add”, then end the old key by “lienthong keys disable”.',
    },
  }),
  'key.stopped': ({ subject, figures }) => ({
    summary: {
      vi: `Thiết bị khóa ${subject} từ chối PIN ${of(figures, 'failures')} lần: không tiến trình nào đăng nhập nữa để thiết bị không tự khóa.`,
      en: `The key device ${subject} refused its PIN ${of(figures, 'failures')} times: no process logs in any more, so that it does not lock itself.`,
    },
    nextStep: {
      vi: 'Kiểm tra PIN trong tệp của khóa, rồi cho thử lại: xem “lienthong keys --help”.',
      en: 'Check the PIN in the key’s file, then let processes try again: see “lienthong keys --help”.',
    },
  }),
  'disk.low': ({ figures }) => ({
    summary: {
      vi: `Ổ đĩa của thư mục dữ liệu chỉ còn trống ${of(figures, 'freePercent')} %.`,
      en: `The disk of the data folder has ${of(figures, 'freePercent')} % free.`,
    },
    nextStep: {
      vi: 'Giải phóng hoặc mở rộng ổ đĩa: khi đầy, gateway từ chối nhận tệp mới (STORAGE_FULL).',
      en: 'Free or enlarge the disk: when it is full the gateway takes no more documents (STORAGE_FULL).',
    },
  }),
  'post.undecided': ({ subject, figures }) => ({
    summary: {
      vi: `${of(figures, 'count')} vận đơn gửi ${subject} cần cán bộ quyết định, lâu nhất từ ${time(figures, 'oldestAt')}.`,
      en: `${of(figures, 'count')} orders to ${subject} need a clerk’s decision, the oldest since ${time(figures, 'oldestAt')}.`,
    },
    nextStep: {
      vi: 'Mở /console/post và quyết định từng vận đơn: bưu điện đã nhận, gửi lại, hoặc hủy.',
      en: 'Open /console/post and decide each one: the carrier has it, send again, or cancel.',
    },
  }),
  'post.unknown-status': ({ subject, figures }) => ({
    summary: {
      vi: `${subject} gửi mã trạng thái chưa biết: ${of(figures, 'codes')} (${of(figures, 'count')} sự kiện trong 7 ngày).`,
      en: `${subject} sent status codes of unknown meaning: ${of(figures, 'codes')} (${of(figures, 'count')} events in 7 days).`,
    },
    nextStep: {
      vi: 'Hỏi bưu điện ý nghĩa của mã. Trạng thái vận đơn được giữ nguyên cho đến khi bản sau biết mã này.',
      en: 'Ask the carrier what they mean. Orders keep their state until a later version knows the code.',
    },
  }),
  'log.forked': ({ subject, figures }) => ({
    summary:
      figures['reason'] === 'rewind'
        ? { vi: `${subject} giữ một điểm kiểm của nhật ký bằng chứng mới hơn nhật ký hiện có (${of(figures, 'ownSize')} mục): dữ liệu đã mất hoặc bị đưa về quá khứ.`, en: `${subject} holds a checkpoint of the evidence log that is newer than the log (${of(figures, 'ownSize')} leaves): records were lost or put back.` }
        : { vi: `${subject} giữ một điểm kiểm mà nhật ký bằng chứng không dẫn tới: dữ liệu đã bị sửa.`, en: `${subject} holds a checkpoint that the evidence log does not lead to: records were changed.` },
    nextStep: {
      vi: 'Không xóa gì. Chạy “lienthong log verify”, so với bản sao lưu và với bên giữ điểm kiểm; sau khi làm rõ mới chạy “lienthong log settle --note …”.',
      en: 'Delete nothing. Run “lienthong log verify”, compare with the backups and with whoever holds the checkpoint; once it is cleared up run “lienthong log settle --note …”.',
    },
  }),
  'evidence.untimed': ({ figures }) => ({
    summary: {
      vi: `Không lấy được dấu thời gian cho nhật ký bằng chứng từ ${time(figures, 'since')}; sau 4 giờ, các bên đặt “strict” không được gửi nữa.`,
      en: `No time-stamp could be had for the evidence log since ${time(figures, 'since')}; after 4 hours nothing is delivered to partners set to “strict”.`,
    },
    nextStep: {
      vi: 'Kiểm tra các dịch vụ dấu thời gian (LIENTHONG_TSA_URLS) và đường mạng tới đó, hoặc cho một bên nhận không cần bằng chứng: “lienthong partners set <id> --evidence degraded”.',
      en: 'See whether the time-stamping authorities (LIENTHONG_TSA_URLS) can be reached, or let a partner go without: “lienthong partners set <id> --evidence degraded”.',
    },
  }),
  'evidence.ageing': ({ subject, figures }) => ({
    summary: {
      vi: `Dấu thời gian mới nhất của nhật ký bằng chứng dùng chứng thư của ${subject}, hết hạn lúc ${time(figures, 'notAfter')}.`,
      en: `The newest time-stamp of the evidence log rests on a certificate of ${subject} that ends at ${time(figures, 'notAfter')}.`,
    },
    nextStep: {
      vi: 'Thêm một dịch vụ dấu thời gian có chứng thư còn hạn dài vào LIENTHONG_TSA_URLS: điểm kiểm kế tiếp sẽ bao trùm các dấu cũ.',
      en: 'Add an authority with a certificate that lasts to LIENTHONG_TSA_URLS: the next checkpoint covers the older time-stamps.',
    },
  }),
};

/** What is, and what to do, in both languages. Times in Vietnam's. */
export function alarmWords({ kind, ...named }: Pick<Alarm, 'kind' | 'subject' | 'figures'>): AlarmWords {
  return WORDS[kind](named);
}

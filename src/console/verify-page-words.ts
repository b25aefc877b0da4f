export type PageLanguage = 'vi' | 'en';

export interface VerifyWords {
  readonly title: string;
  readonly otherLanguage: string;
  readonly lead: string;
  readonly drop: string;
  /** `{mb}` stands for the cap. */
  readonly limit: string;
  readonly check: string;
  readonly detached: string;
  readonly detachedNote: string;
  readonly signature: string;
  readonly signedFile: string;
  readonly password: string;
  readonly passwordNote: string;
  readonly privacy: string;
  readonly report: string;
  readonly save: string;
  readonly again: string;
  readonly uploading: string;
  readonly checking: string;
  readonly tooLarge: string;
  readonly unreachable: string;
  readonly refused: string;
}

export const VERIFY_WORDS: Readonly<Record<PageLanguage, VerifyWords>> = {
  vi: {
    title: 'Kiểm tra chữ ký số',
    otherLanguage: 'English',
    lead: 'Kiểm tra chữ ký số trên văn bản điện tử: ai ký, khi nào, nội dung có còn nguyên vẹn, chứng thư có còn hiệu lực.',
    drop: 'Kéo tệp vào đây hoặc bấm để chọn',
    limit: 'PDF đã ký hoặc chữ ký CMS (.p7s), tối đa {mb} MB',
    check: 'Kiểm tra',
    detached: 'Chữ ký nằm ở tệp riêng (.p7s)',
    detachedNote: 'Chọn tệp chữ ký và tệp đã được ký.',
    signature: 'Tệp chữ ký',
    signedFile: 'Tệp đã được ký',
    password: 'Mật khẩu của PDF',
    passwordNote: 'Chỉ cần khi PDF được đặt mật khẩu mở. Nhập mật khẩu, rồi chọn tệp hoặc bấm “Kiểm tra”.',
    privacy: 'Tệp chỉ dùng cho lần kiểm tra này và không được lưu lại; mật khẩu cũng vậy.',
    report: 'Báo cáo kiểm tra chữ ký số',
    save: 'Lưu báo cáo',
    again: 'Kiểm tra tệp khác',
    uploading: 'Đang gửi tệp',
    checking: 'Đang kiểm tra…',
    tooLarge: 'Tệp quá lớn.',
    unreachable: 'Không kết nối được máy chủ. Hãy thử lại.',
    refused: 'Máy chủ không nhận yêu cầu này.',
  },
  en: {
    title: 'Check a digital signature',
    otherLanguage: 'Tiếng Việt',
    lead: 'Check the digital signatures of an electronic document: who signed, when, whether the content is intact and the certificate good.',
    drop: 'Drop a file here, or click to choose one',
    limit: 'A signed PDF or a CMS signature (.p7s), at most {mb} MB',
    check: 'Check',
    detached: 'The signature is a file of its own (.p7s)',
    detachedNote: 'Choose the signature and the file that was signed.',
    signature: 'Signature',
    signedFile: 'File that was signed',
    password: 'Password of the PDF',
    passwordNote: 'Only for a PDF that opens with a password. Type it, then choose the file or press “Check”.',
    privacy: 'The file is used for this check alone and is not kept; neither is a password.',
    report: 'Report on digital signatures',
    save: 'Save the report',
    again: 'Check another file',
    uploading: 'Sending the file',
    checking: 'Checking…',
    tooLarge: 'The file is too large.',
    unreachable: 'The server cannot be reached. Try again.',
    refused: 'The server did not take this request.',
  },
};

import type { Rendering } from './rendering.ts';

/** Warnings, and why a document cannot be read. */
export const WARNING_PHRASES: readonly Rendering[] = [
  [/^The revocation status of (\d+) certificate\(s\) could not be checked: no usable OCSP response or CRL$/, 'Không kiểm tra được tình trạng thu hồi của $1 chứng thư qua OCSP/CRL'],
  [/^The signing time is only the signer’s claim: no trusted time-stamp proves it$/, 'Thời điểm ký chỉ do người ký tự khai: không có dấu thời gian tin cậy chứng minh'],
  [/^Weak algorithm: (.+)$/, 'Thuật toán yếu: $1'],
  [/^(\d+) certificate\(s\) in the signature cannot be read$/, 'Không đọc được $1 chứng thư trong chữ ký'],
  [/^(\d+) time-stamp\(s\) of the signature are wrong and prove nothing$/, '$1 dấu thời gian của chữ ký bị sai và không chứng minh được gì'],
  [/^the signature names permissions that cannot be read; no change after it counts as permitted$/, 'Không đọc được quyền thay đổi mà chữ ký nêu; không thay đổi nào về sau được coi là cho phép'],

  [/^The document is empty \(0 bytes\)$/, 'Tệp rỗng (0 byte)'],
  [/^The document is neither a PDF nor a CMS signature$/, 'Tệp không phải là PDF, cũng không phải là chữ ký CMS'],
  [/^The file holds no CMS signature$/, 'Tệp không chứa chữ ký CMS'],

  [/^The PDF is damaged: (.+)$/, 'Tệp PDF bị hỏng: ~1'],
  [/^object (\d+) (\d+) is not where the cross-reference table says \(offset (\d+)\)$/, 'đối tượng $1 $2 không nằm ở nơi bảng tham chiếu chéo ghi (vị trí $3)'],
  [/^the page tree forms a loop$/, 'cây trang tạo thành vòng lặp'],
  [/^its last bytes hold no “startxref … %%EOF”; the file may have been cut off$/, 'cuối tệp không có “startxref … %%EOF”; tệp có thể đã bị cắt cụt'],
  [/^no cross-reference section at offset (\d+)$/, 'không có phần tham chiếu chéo ở vị trí $1'],
  [/^The PDF is encrypted and no password that opens it was given$/, 'Tệp PDF bị mã hóa và không có mật khẩu để mở'],
  [/^The PDF is encrypted for certificates, which this software does not open$/, 'Tệp PDF được mã hóa cho chứng thư; phần mềm này không mở được'],
];

import type { Rendering } from './rendering.ts';

/** Warnings, and why a document cannot be read. */
export const WARNING_PHRASES: readonly Rendering[] = [
  [/^The revocation status of (\d+) certificate\(s\) could not be checked: no usable OCSP response or CRL$/, 'Không kiểm tra được tình trạng thu hồi của $1 chứng thư qua OCSP/CRL'],
  [/^The signing time is only the signer’s claim: no trusted time-stamp proves it$/, 'Thời điểm ký chỉ do người ký tự khai: không có dấu thời gian tin cậy chứng minh'],
  [/^Weak algorithm: (.+)$/, 'Thuật toán yếu: $1'],
  [/^(\d+) certificate\(s\) in the signature cannot be read$/, 'Không đọc được $1 chứng thư trong chữ ký'],
  [/^(\d+) time-stamp\(s\) of the signature are wrong and prove nothing$/, '$1 dấu thời gian của chữ ký bị sai và không chứng minh được gì'],
  [/^the signature names permissions that cannot be read; no change after it counts as permitted$/, 'Không đọc được quyền thay đổi mà chữ ký nêu; không thay đổi nào về sau được coi là cho phép'],
  [/^the signed document holds what nothing in it leads to: (.+); a small update could show it$/, 'Tài liệu đã ký chứa phần không được dùng đến: $1; chỉ cần một cập nhật nhỏ là có thể hiển thị phần đó'],
  [/^the form field (“.*”) covers text of page object (\d+); filling the form may show or hide it$/, 'Trường biểu mẫu $1 che lên chữ của trang (đối tượng $2); điền biểu mẫu có thể làm chữ đó hiện ra hoặc bị che'],
  [/^the form field (“.*”) covers the form field (“.*”); filling the form may show or hide it$/, 'Trường biểu mẫu $1 che lên trường $2; điền biểu mẫu có thể làm trường đó hiện ra hoặc bị che'],
  [/^whether the signed document hides content could not be told, since not all of it can be read$/, 'Không xác định được tài liệu đã ký có nội dung ẩn hay không, vì có phần không đọc được'],
  [/^the signer states a time that lies after the proven one$/, 'Thời điểm ký do người ký khai muộn hơn thời điểm đã được chứng minh'],
  [/^the signer states a time that lies after the time of validation$/, 'Thời điểm ký do người ký khai muộn hơn thời điểm kiểm tra'],
  [/^the signer states a time at which the certificate was not valid$/, 'Tại thời điểm ký do người ký khai, chứng thư không có hiệu lực'],
  [/^the signature names a policy of its own, which this software does not process$/, 'Chữ ký nêu một chính sách ký riêng mà phần mềm này không xử lý'],
  [/^the signer does not say which certificate is the right one$/, 'Người ký không nêu rõ chứng thư của mình trong phần được ký'],
  [/^no baseline level is met$/, 'Chữ ký không đạt mức cơ sở nào'],
  [/^the document has later revisions$/, 'Tài liệu có phiên bản sau khi ký'],
  [/^a time-stamp over the content is later than one over the signature$/, 'Dấu thời gian trên nội dung muộn hơn dấu thời gian trên chữ ký'],

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

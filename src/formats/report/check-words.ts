import { shownText } from './shown-text.ts';
import { said, same, type Said } from './words.ts';

/** What each check asks, by its stable name. */
const TITLES: ReadonlyMap<string, Said> = new Map(
  Object.entries({
    'algorithm-protection': said('Thuật toán được bảo vệ bởi chữ ký', 'Algorithms are protected by the signature'),
    algorithms: said('Thuật toán và độ dài khóa được chấp nhận', 'Algorithms and key size are accepted'),
    'attributes-placement': said('Thuộc tính phải ký đều được ký', 'Attributes that must be signed are signed'),
    'attributes-single': said('Mỗi thuộc tính chỉ có một giá trị', 'Each attribute has one value'),
    'changes-after': said('Thay đổi sau khi ký', 'Changes after signing'),
    'content-placement': said('Vị trí của nội dung được ký', 'Place of the signed content'),
    'content-type': said('Kiểu nội dung được ký', 'Type of the signed content'),
    'contents-padding': said('Không có dữ liệu lạ sau chữ ký', 'Nothing hidden behind the signature'),
    coverage: said('Phạm vi được ký', 'What the signature covers'),
    'digest-algorithm': said('Thuật toán băm nhất quán', 'Hash algorithms agree'),
    'document-digest': said('Giá trị băm của tài liệu', 'Hash of the document'),
    'leaf-usage': said('Mục đích sử dụng khóa của người ký', 'Key usage of the signer'),
    'message-digest': said('Giá trị băm của nội dung được ký', 'Hash of the signed content'),
    'message-imprint': said('Dấu thời gian đúng với dữ liệu', 'The time-stamp is for these data'),
    'nothing-after-cms': said('Không có dữ liệu thừa sau chữ ký', 'Nothing follows the signature'),
    'one-signer-info': said('Chỉ có một người ký trong chữ ký', 'Exactly one signer in the signature'),
    'path-accepted': said('Chuỗi chứng thư được chấp nhận', 'The chain of certificates is accepted'),
    'path-algorithms-by-date': said('Thuật toán của chuỗi chứng thư còn an toàn', 'Algorithms of the chain are safe at that time'),
    'path-certificate-policies': said('Chính sách chứng thư', 'Certificate policies'),
    'path-certificate-profile': said('Cấu trúc chứng thư đúng chuẩn', 'Certificates follow their profile'),
    'path-critical-extensions': said('Phần mở rộng bắt buộc đều được hiểu', 'All critical extensions are understood'),
    'path-found': said('Đường dẫn tin cậy tới tổ chức chứng thực gốc', 'Trust path to a root authority'),
    'path-issuers-are-cas': said('Nơi cấp có quyền cấp chứng thư', 'Issuers may issue certificates'),
    'path-length': said('Độ dài chuỗi chứng thư', 'Length of the chain'),
    'path-name-constraints': said('Ràng buộc về tên', 'Name constraints'),
    'path-purpose': said('Phạm vi sử dụng của chứng thư', 'Purpose of the certificate'),
    'path-signature-algorithms': said('Thuật toán ghi trong chứng thư nhất quán', 'Algorithms in the certificates agree'),
    'path-signatures': said('Chữ ký trên từng chứng thư', 'Signatures on the certificates'),
    'path-validity': said('Thời hạn hiệu lực của chuỗi chứng thư', 'Validity period of the chain'),
    'revocation-fetched': said('Tra cứu thông tin thu hồi', 'Looking revocation up'),
    'revocation-status': said('Tình trạng thu hồi (OCSP, CRL)', 'Revocation status (OCSP, CRL)'),
    'signature-dictionary': said('Từ điển chữ ký của PDF', 'Signature dictionary of the PDF'),
    'signature-readable': said('Đọc được chữ ký', 'The signature can be read'),
    'signature-value': said('Giá trị chữ ký khớp khóa công khai', 'The value matches the public key'),
    'signed-attributes-present': said('Có thuộc tính được ký', 'Signed attributes are present'),
    'signer-identifier': said('Xác định được chứng thư của người ký', 'The signer’s certificate is identified'),
    'signing-certificate': said('Chứng thư được gắn chặt với chữ ký', 'The certificate is bound to the signature'),
    'timestamp-authority-name': said('Tên tổ chức cấp dấu thời gian', 'Name of the time-stamping authority'),
    'timestamp-certificate-usage': said('Chứng thư chỉ dùng để cấp dấu thời gian', 'The certificate is for time-stamping only'),
    'timestamp-certificate-validity': said('Chứng thư dấu thời gian còn hiệu lực', 'The time-stamping certificate was in force'),
    'timestamp-not-in-future': said('Dấu thời gian không ở tương lai', 'The time-stamp is not in the future'),
    'timestamp-readable': said('Đọc được dấu thời gian', 'The time-stamp can be read'),
  }),
);

/** A check's title for people; a check without one keeps its name. */
export const checkTitle = (name: string): Said => TITLES.get(name) ?? same(shownText(name));

export const hasCheckTitle = (name: string): boolean => TITLES.has(name);

import type { SubIndication } from '../../domain/validation-report.ts';
import { said, type Said } from './words.ts';

/** What each sub-indication means for a reader who is no engineer. @see ETSI EN 319 102-1 V1.4.1 tables 5 and 6 */
export const SUB_INDICATION_WORDS: Readonly<Record<SubIndication, Said>> = {
  FORMAT_FAILURE: said(
    'Chữ ký hoặc tài liệu không đúng cấu trúc quy định: có phần nằm ngoài nội dung được ký, hoặc tài liệu bị thay đổi trái phép sau khi ký.',
    'The signature or the document is not built as the standard demands: something lies outside what was signed, or was changed afterwards without permission.',
  ),
  HASH_FAILURE: said('Giá trị băm không khớp: nội dung không còn đúng như lúc được ký hoặc đóng dấu thời gian.', 'The hash does not match: the content is not what was signed or time-stamped.'),
  SIG_CRYPTO_FAILURE: said('Giá trị chữ ký không khớp với khóa công khai trong chứng thư của người ký.', 'The signature value does not match the public key in the signer’s certificate.'),
  REVOKED: said('Chứng thư chữ ký số đã bị thu hồi trước thời điểm ký được chứng minh.', 'The certificate was revoked before the proven time of signing.'),
  EXPIRED: said('Chứng thư chữ ký số đã hết hạn trước thời điểm ký được chứng minh.', 'The certificate had expired before the proven time of signing.'),
  NOT_YET_VALID: said('Chứng thư chữ ký số chưa có hiệu lực vào thời điểm ký được chứng minh.', 'The certificate was not yet in force at the proven time of signing.'),
  SIG_CONSTRAINTS_FAILURE: said('Thuộc tính của chữ ký không đáp ứng chính sách kiểm tra.', 'Properties of the signature do not meet the validation policy.'),
  CHAIN_CONSTRAINTS_FAILURE: said('Chuỗi chứng thư không đáp ứng chính sách kiểm tra.', 'The chain of certificates does not meet the validation policy.'),
  CERTIFICATE_CHAIN_GENERAL_FAILURE: said(
    'Chưa kiểm tra được đầy đủ chuỗi chứng thư, chẳng hạn vì thiếu OCSP hoặc CRL.',
    'The chain of certificates could not be checked in full, for instance because OCSP or CRL is missing.',
  ),
  CRYPTO_CONSTRAINTS_FAILURE: said('Thuật toán hoặc độ dài khóa đã không còn an toàn vào thời điểm ký.', 'An algorithm or a key size was no longer considered safe at the time of signing.'),
  CRYPTO_CONSTRAINTS_FAILURE_NO_POE: said(
    'Thuật toán hoặc độ dài khóa không còn an toàn, và không có gì chứng minh chữ ký được tạo khi còn an toàn.',
    'An algorithm or a key size is not considered safe, and nothing proves that the signature was made while it was.',
  ),
  POLICY_PROCESSING_ERROR: said('Một quy tắc không áp dụng được, nên phần liên quan chưa được kiểm tra.', 'A rule could not be applied, so that part has not been checked.'),
  SIGNATURE_POLICY_NOT_AVAILABLE: said('Không có chính sách chữ ký mà người ký viện dẫn.', 'The signature policy that the signer refers to is not at hand.'),
  TIMESTAMP_ORDER_FAILURE: said('Các dấu thời gian mâu thuẫn nhau về thứ tự.', 'The time-stamps contradict one another in their order.'),
  NO_SIGNING_CERTIFICATE_FOUND: said('Không tìm thấy chứng thư của người ký.', 'The signer’s certificate was not found.'),
  NO_CERTIFICATE_CHAIN_FOUND: said(
    'Chứng thư của người ký không dẫn tới tổ chức chứng thực gốc nào được tin cậy trong lần kiểm tra này.',
    'The signer’s certificate leads to no root authority that is trusted in this check.',
  ),
  NO_CERTIFICATE_CHAIN_FOUND_NO_POE: said(
    'Chứng thư dẫn tới tổ chức chứng thực gốc không còn được tin cậy, và không có gì chứng minh chữ ký được tạo khi còn được tin cậy.',
    'The certificate leads to a root authority no longer trusted, and nothing proves that the signature was made while it was.',
  ),
  REVOKED_NO_POE: said(
    'Chứng thư chữ ký số đã bị thu hồi, và không có gì chứng minh chữ ký được tạo trước khi thu hồi.',
    'The certificate has been revoked, and nothing proves that the signature was made before that.',
  ),
  REVOKED_CA_NO_POE: said(
    'Chứng thư của tổ chức chứng thực đã bị thu hồi, và không có gì chứng minh chữ ký được tạo trước khi thu hồi.',
    'An authority’s certificate has been revoked, and nothing proves that the signature was made before that.',
  ),
  OUT_OF_BOUNDS_NOT_REVOKED: said(
    'Chứng thư nằm ngoài thời hạn hiệu lực (không bị thu hồi), và không có gì chứng minh chữ ký được tạo trong thời hạn.',
    'The certificate is outside its validity period (it was not revoked), and nothing proves that the signature was made within it.',
  ),
  OUT_OF_BOUNDS_NO_POE: said(
    'Chứng thư đã hết hạn hoặc chưa có hiệu lực, và không có gì chứng minh chữ ký được tạo trong thời hạn.',
    'The certificate has expired or is not yet in force, and nothing proves that the signature was made within its validity period.',
  ),
  REVOCATION_OUT_OF_BOUNDS_NO_POE: said('Chứng thư của nơi cấp thông tin thu hồi nằm ngoài thời hạn hiệu lực.', 'The certificate behind the revocation information is outside its validity period.'),
  NO_POE: said('Không có gì chứng minh chữ ký đã tồn tại vào thời điểm cần xét.', 'Nothing proves that the signature existed at the time that matters.'),
  TRY_LATER: said('Thông tin thu hồi đang có đã cũ: hãy kiểm tra lại sau.', 'The revocation information at hand is too old: check again later.'),
  SIGNED_DATA_NOT_FOUND: said('Không có dữ liệu được ký để đối chiếu.', 'The signed data are not at hand to compare with.'),
};

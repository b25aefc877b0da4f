/** What lies beside the evidence for whoever opens the container without knowing it. */

export function readmeEn(): string {
  return `This file is evidence of one message between public agencies, kept by a Lien Thong Gateway.
It is an ASiC-E container (ETSI EN 319 162-1) and can be checked without the gateway and without its software.

manifest.json            what was handed in: who, to whom, when, and the SHA-256 of every paper
body.json, parts/        the message and its papers; what was erased later is missing, and a signed
                         statement META-INF/receipt-erased-*.json says under which rule
META-INF/
  ASiCManifest*.xml      what each signature covers
  signature*.p7s         the signatures (CAdES, CMS) of the gateway's exchange key
  receipt-*.json         delivered: the recipient's system has it; taken-in, refused: a clerk decided
  own-signature-*.json   what the recipient signed with a key of its own
  proof*.json, log/      place of each signature in the append-only log, checkpoint, RFC 3161 time-stamps
  certificates/, revocation/   needed to judge the signatures

By hand:
  unzip -tq FILE                                  every byte is as it was written
  sha256sum manifest.json body.json parts/*       compare with META-INF/ASiCManifest.xml
  openssl cms -verify -binary -inform DER -in META-INF/signature.p7s -content META-INF/ASiCManifest.xml \\
      -CAfile ANCHORS.pem -purpose any -out /dev/null
  openssl ts -verify -token_in -in META-INF/log/SIZE-1.tst -data META-INF/log/SIZE.txt -CAfile TSA.pem
The anchors are those of the authority that certified the gateway, not what lies in this file.
`;
}

export function readmeVi(): string {
  return `Tệp này là bằng chứng về một thông điệp trao đổi giữa các cơ quan nhà nước, do Cổng Liên Thông lưu giữ.
Đây là gói ASiC-E (ETSI EN 319 162-1); kiểm tra được mà không cần Cổng và không cần phần mềm của Cổng.

manifest.json            nội dung đã nộp: ai gửi, gửi ai, lúc nào, SHA-256 của từng giấy tờ
body.json, parts/        thông điệp và giấy tờ; phần đã xóa về sau không còn, văn bản đã ký
                         META-INF/receipt-erased-*.json nêu căn cứ xóa
META-INF/
  ASiCManifest*.xml      mỗi chữ ký bao trùm những gì
  signature*.p7s         chữ ký (CAdES, CMS) bằng khóa trao đổi của Cổng
  receipt-*.json         delivered: hệ thống bên nhận đã có; taken-in, refused: cán bộ đã tiếp nhận hoặc từ chối
  own-signature-*.json   chữ ký bằng khóa riêng của bên nhận
  proof*.json, log/      vị trí của từng chữ ký trong nhật ký chỉ ghi thêm, điểm chốt, dấu thời gian RFC 3161
  certificates/, revocation/   cần để đánh giá chữ ký

Kiểm tra bằng tay:
  unzip -tq TEP                                   mọi byte còn nguyên
  sha256sum manifest.json body.json parts/*       so với META-INF/ASiCManifest.xml
  openssl cms -verify -binary -inform DER -in META-INF/signature.p7s -content META-INF/ASiCManifest.xml \\
      -CAfile NEO_TIN_CAY.pem -purpose any -out /dev/null
  openssl ts -verify -token_in -in META-INF/log/SO-1.tst -data META-INF/log/SO.txt -CAfile TSA.pem
Neo tin cậy là của tổ chức đã cấp chứng thư cho Cổng, không phải những gì nằm trong tệp này.
`;
}

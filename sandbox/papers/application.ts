import { openPaper, type Paper, type PaperFonts } from '../../src/formats/pdf-drawing/paper.ts';
import type { ParagraphStyle } from '../../src/formats/pdf-drawing/page.ts';
import { drawCitizenHeading } from './heading.ts';
import { areaOf, dayOf, decimal, FOOTER, type Person, type SampleCase } from './sample-case.ts';

const FIELD = { size: 13, dotted: true, before: 2, after: 3, leading: 1.4 } as const satisfies ParagraphStyle;
const TEXT = { size: 13, align: 'justify', before: 2, after: 4, leading: 1.35 } as const satisfies ParagraphStyle;

/** The applicant's form: an application to register a change, several pages, filled in. */
export async function drawApplication(facts: SampleCase, fonts: PaperFonts): Promise<Uint8Array> {
  const paper = await openPaper({ title: `Đơn đăng ký biến động đất đai, hồ sơ ${facts.dossierCode} (mẫu)`, author: facts.applicant.name, createdAt: facts.receivedOn, fonts, footer: FOOTER });
  drawCitizenHeading(paper);
  paper.paragraph('ĐƠN ĐĂNG KÝ BIẾN ĐỘNG', { align: 'centre', face: 'bold', size: 15 });
  paper.paragraph('ĐẤT ĐAI, TÀI SẢN GẮN LIỀN VỚI ĐẤT', { align: 'centre', face: 'bold', size: 15, after: 8 });
  paper.paragraph('Kính gửi: Văn phòng Đăng ký đất đai (mẫu)', { align: 'centre', face: 'boldItalic', size: 13.5, after: 12 });
  drawReceptionBox(paper, facts);
  drawPerson(paper, 'I. NGƯỜI SỬ DỤNG ĐẤT, CHỦ SỞ HỮU TÀI SẢN', facts.applicant);
  drawPerson(paper, 'II. NGƯỜI NHẬN TẶNG CHO QUYỀN SỬ DỤNG ĐẤT', facts.receiver);
  drawParcel(paper, facts);
  drawChange(paper, facts);
  drawAttachments(paper);
  drawDelivery(paper, facts);
  drawPledge(paper, facts);
  return paper.finish();
}

function drawReceptionBox(paper: Paper, { dossierCode, receivedOn }: SampleCase): void {
  const { day, month, year } = dayOf(receivedOn);
  paper.table(
    [1],
    [
      [
        {
          content: [
            { text: 'PHẦN GHI CỦA NGƯỜI NHẬN HỒ SƠ  ', face: 'bold' },
            { text: `Đã kiểm tra nội dung đơn, đủ thành phần hồ sơ. Mã hồ sơ: ` },
            { text: dossierCode, face: 'bold' },
            { text: `. Tiếp nhận ngày ${day} tháng ${month} năm ${year}.` },
          ],
          style: { leading: 1.3 },
        },
      ],
    ],
    { heading: false },
  );
  paper.space(8);
}

function drawPerson(paper: Paper, heading: string, person: Person): void {
  drawSection(paper, heading);
  field(paper, '1. Họ và tên', `${person.name.toUpperCase()}, sinh năm ${person.born}`);
  field(paper, '2. Số định danh cá nhân', person.identityNumber);
  field(paper, '3. Địa chỉ thường trú', person.address);
  field(paper, '4. Điện thoại', person.phone);
  field(paper, '5. Thư điện tử', person.email);
}

function drawParcel(paper: Paper, { parcel }: SampleCase): void {
  drawSection(paper, 'III. THỬA ĐẤT ĐĂNG KÝ BIẾN ĐỘNG');
  paper.table(
    [0.12, 0.14, 0.2, 0.34, 0.2],
    [
      ['Thửa', 'Tờ bản đồ', 'Diện tích (m²)', 'Mục đích sử dụng', 'Số phát hành GCN'],
      [String(parcel.number), String(parcel.mapSheet), decimal(areaOf(parcel), 1), parcel.use, parcel.certificateNumber],
    ],
    { text: { align: 'centre' } },
  );
  paper.space(4);
  field(paper, 'Địa chỉ thửa đất', parcel.place);
  field(paper, 'Nguồn gốc sử dụng đất', 'Nhà nước công nhận quyền sử dụng đất');
  paper.need(90);
  paper.paragraph('Tài sản gắn liền với đất:', { size: 13, before: 4, after: 4 });
  paper.table(
    [0.28, 0.2, 0.2, 0.14, 0.18],
    [
      ['Loại tài sản', 'Diện tích xây dựng (m²)', 'Diện tích sàn (m²)', 'Số tầng', 'Thời hạn sở hữu'],
      ['Nhà ở riêng lẻ', '78,4', '142,0', '2', 'Lâu dài'],
    ],
    { text: { align: 'centre' } },
  );
}

function drawChange(paper: Paper, { applicant, receiver }: SampleCase): void {
  drawSection(paper, 'IV. NỘI DUNG BIẾN ĐỘNG');
  paper.table(
    [0.5, 0.5],
    [
      ['Trước khi biến động', 'Sau khi biến động'],
      [`Người sử dụng đất: ông ${applicant.name}, sinh năm ${applicant.born}.`, `Người sử dụng đất: bà ${receiver.name}, sinh năm ${receiver.born}.`],
      ['Hình thức sử dụng: sử dụng riêng.', 'Hình thức sử dụng: sử dụng riêng.'],
    ],
  );
  paper.space(4);
  field(paper, 'Lý do biến động', 'Tặng cho quyền sử dụng đất giữa cha và con');
  field(paper, 'Tình hình thực hiện nghĩa vụ tài chính', 'Đã hoàn thành; thuộc trường hợp miễn thuế thu nhập cá nhân, miễn lệ phí trước bạ');
}

function drawAttachments(paper: Paper): void {
  drawSection(paper, 'V. GIẤY TỜ NỘP KÈM THEO');
  paper.table(
    [0.09, 0.55, 0.2, 0.16],
    [
      ['STT', 'Tên giấy tờ', 'Loại bản', 'Số lượng'],
      ...[
        ['1', 'Giấy chứng nhận quyền sử dụng đất đã cấp', 'Bản gốc', '01'],
        ['2', 'Hợp đồng tặng cho quyền sử dụng đất đã công chứng', 'Bản chính', '01'],
        ['3', 'Mảnh trích đo bản đồ địa chính thửa đất', 'Bản điện tử', '01'],
        ['4', 'Giấy tờ chứng minh quan hệ cha con', 'Khai thác CSDL', '01'],
      ].map(([index = '', name = '', kind = '', count = '']) => [centred(index), name, centred(kind), centred(count)]),
    ],
  );
  paper.space(4);
}

function drawDelivery(paper: Paper, { receiver }: SampleCase): void {
  drawSection(paper, 'VI. ĐĂNG KÝ NHẬN KẾT QUẢ');
  paper.paragraph([{ text: '[x]  ', face: 'bold' }, { text: 'Bản điện tử qua Cổng Dịch vụ công và địa chỉ thư điện tử nêu trên.' }], TEXT);
  paper.paragraph([{ text: '[x]  ', face: 'bold' }, { text: `Bản giấy qua dịch vụ bưu chính công ích, giao tận tay bà ${receiver.name} tại địa chỉ thường trú.` }], TEXT);
  paper.paragraph([{ text: '[  ]  ', face: 'bold' }, { text: 'Bản giấy tại Bộ phận Một cửa.' }], TEXT);
}

function drawPledge(paper: Paper, { applicant, receivedOn }: SampleCase): void {
  const { day, month, year } = dayOf(receivedOn);
  paper.paragraph('Tôi xin cam đoan nội dung kê khai trên đơn này là đúng với thực tế và chịu trách nhiệm trước pháp luật nếu kê khai sai; đồng ý cho các cơ quan tham gia giải quyết thủ tục sử dụng thông tin trong đơn đúng mục đích giải quyết hồ sơ này.', { ...TEXT, firstIndent: 28, before: 8 });
  paper.columns([
    { share: 0.48, paragraphs: [] },
    {
      share: 0.52,
      paragraphs: [
        [`Huế, ngày ${day} tháng ${month} năm ${year}`, { align: 'centre', face: 'italic', size: 13, before: 10 }],
        ['NGƯỜI VIẾT ĐƠN', { align: 'centre', face: 'bold', size: 13 }],
        ['(Đã xác thực bằng định danh điện tử)', { align: 'centre', face: 'italic', size: 11, after: 24 }],
        [applicant.name, { align: 'centre', face: 'bold', size: 13 }],
      ],
    },
  ]);
}

function drawSection(paper: Paper, heading: string): void {
  paper.need(80);
  paper.paragraph(heading, { face: 'bold', size: 13, before: 8, after: 4 });
}

function field(paper: Paper, label: string, value: string): void {
  paper.paragraph([{ text: `${label}: ` }, { text: value, face: 'italic' }], FIELD);
}

const centred = (content: string): { readonly content: string; readonly style: ParagraphStyle } => ({ content, style: { align: 'centre' } });

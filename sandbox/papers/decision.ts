import { openPaper, type Paper, type PaperFonts, type Place } from '../../src/formats/pdf-drawing/paper.ts';
import type { Span } from '../../src/formats/pdf-drawing/text-layout.ts';
import { sealRectangle } from '../../src/formats/pades/appearance/stamp-image.ts';
import { HANDWRITING_SIZE_MM } from './handwriting.ts';
import { BODY, drawOfficialHeading } from './heading.ts';
import { AGENCY, areaOf, decimal, FOOTER, PROCEDURE, shortDate, type SampleCase } from './sample-case.ts';
import { SEAL_SIZE_MM } from './seal.ts';

export interface DecisionPaper {
  readonly pdf: Uint8Array;
  /** Notation as written, such as `1234/QĐ-VPĐKĐĐ`. */
  readonly number: string;
  /** Between title and name, where the officer's blue signature goes (Decree 30/2020 Annex I, II.7d). */
  readonly officer: Place;
  /** Over about a third of it, on its left, in its real size (II.8a). */
  readonly seal: Place;
}

const POINTS_PER_MM = 72 / 25.4;

/** The result of the sample procedure: an individual decision laid out by Decree 30/2020/NĐ-CP Annex I, unsigned. */
export async function drawDecision(facts: SampleCase, fonts: PaperFonts): Promise<DecisionPaper> {
  const number = `${facts.decisionNumber}/${AGENCY.notation}`;
  const title = `Quyết định số ${number} về việc xác nhận đăng ký biến động quyền sử dụng đất (mẫu)`;
  const paper = await openPaper({ title, author: `Văn phòng Đăng ký đất đai ${AGENCY.marked}`, createdAt: facts.decidedOn, fonts, footer: FOOTER });
  drawOfficialHeading(paper, number, facts.decidedOn);
  drawTitle(paper);
  drawGrounds(paper, facts);
  drawArticles(paper, facts);
  const officer = drawSignatureBlock(paper);
  drawAnnex(paper, facts, number);
  return { pdf: await paper.finish(), number, officer, seal: { page: officer.page, rect: sealRectangle(officer.rect, SEAL_SIZE_MM) } };
}

function drawTitle(paper: Paper): void {
  paper.space(14);
  paper.paragraph('QUYẾT ĐỊNH', { align: 'centre', face: 'bold', size: 14 });
  paper.paragraph('Về việc xác nhận đăng ký biến động quyền sử dụng đất', { align: 'centre', face: 'bold', size: 14, ruleBelow: 140, after: 9 });
  paper.paragraph(`GIÁM ĐỐC ${AGENCY.name} ${AGENCY.marked.toUpperCase()}`, { align: 'centre', face: 'bold', size: 14, after: 6 });
}

/** Annex I, II.6b: legal grounds in italics, each on a line of its own that ends with ";", the last with ".". */
function drawGrounds(paper: Paper, facts: SampleCase): void {
  const grounds = [
    'Căn cứ Luật Đất đai ngày 18 tháng 01 năm 2024;',
    'Căn cứ Nghị định số 101/2024/NĐ-CP ngày 29 tháng 7 năm 2024 của Chính phủ quy định về điều tra cơ bản đất đai; đăng ký, cấp Giấy chứng nhận quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất và Hệ thống thông tin đất đai;',
    'Căn cứ Nghị định số 118/2025/NĐ-CP ngày 09 tháng 6 năm 2025 của Chính phủ về thực hiện thủ tục hành chính theo cơ chế một cửa, một cửa liên thông tại Bộ phận Một cửa và Cổng Dịch vụ công quốc gia;',
    `Xét hồ sơ số ${facts.dossierCode} tiếp nhận ngày ${shortDate(facts.receivedOn)} và đề nghị của Trưởng phòng Đăng ký và Cấp giấy chứng nhận.`,
  ];
  for (const ground of grounds) paper.paragraph(ground, { ...BODY, face: 'italic' });
  paper.paragraph('QUYẾT ĐỊNH:', { align: 'centre', face: 'bold', size: 14, before: 8, after: 6 });
}

const article = (number: number, text: string): Span[] => [{ text: `Điều\u00a0${number}. `, face: 'bold' }, { text }];

function drawArticles(paper: Paper, facts: SampleCase): void {
  const { applicant, receiver, parcel } = facts;
  const area = decimal(areaOf(parcel), 1);
  const put = (content: string | readonly Span[]): void => paper.paragraph(content, BODY);
  put(article(1, `Xác nhận đăng ký biến động quyền sử dụng đất theo thủ tục “${PROCEDURE.name}” (mã thủ tục ${PROCEDURE.code}) đối với thửa đất sau đây:`));
  paper.space(4);
  paper.table(
    [0.34, 0.66],
    [
      ['Nội dung', 'Thông tin đăng ký'],
      ['Thửa đất số, tờ bản đồ số', `Thửa ${parcel.number}, tờ bản đồ ${parcel.mapSheet}`],
      ['Địa chỉ thửa đất', parcel.place],
      ['Diện tích', `${area} m² (bằng hình thức sử dụng riêng)`],
      ['Mục đích, thời hạn sử dụng', `${parcel.use}; lâu dài`],
      ['Giấy chứng nhận đã cấp', `Số phát hành ${parcel.certificateNumber}`],
      ['Bên tặng cho', `Ông ${applicant.name}, sinh năm ${applicant.born}, thường trú tại ${applicant.address}`],
      ['Bên nhận tặng cho', `Bà ${receiver.name}, sinh năm ${receiver.born}, thường trú tại ${receiver.address}`],
    ],
    { text: { size: 12.5, leading: 1.18 } },
  );
  paper.space(6);
  put(article(2, `Bà ${receiver.name} có quyền và nghĩa vụ của người sử dụng đất đối với thửa đất nêu tại Điều 1 kể từ thời điểm nội dung biến động được ghi vào sổ địa chính. Ranh giới, kích thước các cạnh và tọa độ các đỉnh của thửa đất thể hiện tại Phụ lục kèm theo Quyết định này.`));
  put(article(3, 'Giao các bộ phận trực thuộc thực hiện các công việc sau đây:'));
  put('1. Phòng Đăng ký và Cấp giấy chứng nhận chỉnh lý hồ sơ địa chính, cập nhật cơ sở dữ liệu đất đai trong ngày ký Quyết định này; chuyển thông tin địa chính sang cơ quan thuế để xác định nghĩa vụ tài chính (nếu có).');
  put('2. Bộ phận Một cửa gửi kết quả giải quyết đến hệ thống thông tin giải quyết thủ tục hành chính; trả kết quả bản điện tử cho người nộp hồ sơ và, khi người nộp hồ sơ yêu cầu, trả bản giấy qua dịch vụ bưu chính công ích theo Quyết định số 45/2016/QĐ-TTg ngày 19 tháng 10 năm 2016 của Thủ tướng Chính phủ.');
  put('3. Phòng Công nghệ thông tin và Lưu trữ lưu trữ hồ sơ điện tử, bảo đảm chữ ký số của người có thẩm quyền và của cơ quan kiểm tra được trong suốt thời hạn lưu trữ.');
  put(article(4, 'Quyết định này có hiệu lực kể từ ngày ký. Trường hợp không đồng ý với nội dung Quyết định, người sử dụng đất có quyền khiếu nại hoặc khởi kiện theo quy định của pháp luật.'));
  put(article(5, `Trưởng các phòng trực thuộc, Bộ phận Một cửa và bà ${receiver.name} chịu trách nhiệm thi hành Quyết định này./.`));
}

/** Cells 7a–7c, 8 and 9: authority and title, room for signature and seal, name; recipients at the left. */
function drawSignatureBlock(paper: Paper): Place {
  const width = HANDWRITING_SIZE_MM.width * POINTS_PER_MM;
  const height = HANDWRITING_SIZE_MM.height * POINTS_PER_MM;
  const gap = 12;
  const titleHeight = 14 * 1.15;
  paper.space(12);
  const small = { size: 11 } as const;
  const [, right] = paper.columns([
    {
      share: 0.46,
      paragraphs: [
        ['Nơi nhận:', { face: 'boldItalic', size: 12 }],
        ['- Như Điều 5;', small],
        ['- Trung tâm Phục vụ hành chính công;', small],
        ['- Cơ quan thuế quản lý địa bàn;', small],
        ['- Lưu: VT, ĐKCGCN.', small],
      ],
    },
    {
      share: 0.54,
      paragraphs: [
        [AGENCY.officerTitle, { align: 'centre', face: 'bold', size: 14, after: height + 2 * gap }],
        [AGENCY.officerName, { align: 'centre', face: 'bold', size: 14 }],
      ],
    },
  ]);
  if (right === undefined) throw new Error('The signature block has two columns');
  const top = right.rect.y + right.rect.height - titleHeight - gap;
  return { page: right.page, rect: { x: right.rect.x + (right.rect.width - width) / 2, y: top - height, width, height } };
}

function drawAnnex(paper: Paper, { parcel, decidedOn }: SampleCase, number: string): void {
  paper.newPage();
  paper.paragraph('Phụ lục', { align: 'centre', face: 'bold', size: 14 });
  paper.paragraph('TỌA ĐỘ VÀ KÍCH THƯỚC CÁC CẠNH CỦA THỬA ĐẤT', { align: 'centre', face: 'bold', size: 14 });
  paper.paragraph(`(Kèm theo Quyết định số ${number} ngày ${shortDate(decidedOn)} của Giám đốc Văn phòng Đăng ký đất đai – văn bản mẫu)`, { align: 'centre', face: 'italic', size: 13.5, ruleBelow: 120, after: 12 });
  paper.table([0.14, 0.29, 0.29, 0.28], [['Đỉnh', 'X (m)', 'Y (m)', 'Cạnh đến đỉnh kế tiếp (m)'], ...cornerRows(parcel)], { text: { align: 'centre' } });
  paper.paragraph(`Diện tích tính theo tọa độ: ${decimal(areaOf(parcel), 1)} m². Hệ tọa độ giả định, chỉ dùng cho hồ sơ mẫu.`, { ...BODY, before: 8 });
}

function cornerRows({ corners }: SampleCase['parcel']): string[][] {
  return corners.map(([east, north], i) => {
    const [nextEast, nextNorth] = corners[(i + 1) % corners.length] ?? [east, north];
    return [String(i + 1), decimal(1_800_000 + north, 2), decimal(500_000 + east, 2), decimal(Math.hypot(nextEast - east, nextNorth - north), 2)];
  });
}

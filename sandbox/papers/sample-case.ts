/** The facts of one dossier, all invented: nobody of this name, no such parcel, no such map sheet. */
export interface SampleCase {
  readonly dossierCode: string;
  /** Reception and signing. */
  readonly receivedOn: Date;
  readonly decidedOn: Date;
  readonly decisionNumber: number;
  readonly applicant: Person;
  readonly receiver: Person;
  readonly parcel: Parcel;
}

export interface Person {
  readonly name: string;
  readonly born: number;
  readonly identityNumber: string;
  readonly phone: string;
  readonly email: string;
  readonly address: string;
}

export interface Parcel {
  readonly number: number;
  readonly mapSheet: number;
  readonly place: string;
  readonly use: string;
  /** Corners in metres, in order. */
  readonly corners: readonly (readonly [east: number, north: number])[];
  readonly certificateNumber: string;
}

export const AGENCY = {
  superior: 'SỞ NÔNG NGHIỆP VÀ MÔI\u00a0TRƯỜNG THÀNH\u00a0PHỐ\u00a0HUẾ',
  name: 'VĂN PHÒNG ĐĂNG KÝ ĐẤT ĐAI',
  marked: '(mẫu)',
  notation: 'QĐ-VPĐKĐĐ',
  place: 'Huế',
  officerTitle: 'GIÁM ĐỐC',
  officerName: 'Nguyễn Thị Hoài Mẫu',
} as const;

export const FOOTER = 'Giấy tờ mẫu của Liên Thông Gateway: người, thửa đất và số liệu đều hư cấu; không có giá trị pháp lý.';

export const PROCEDURE = { code: '1.012756.H57', name: 'Đăng ký biến động quyền sử dụng đất do tặng cho quyền sử dụng đất' } as const;

/** @param now time at which the dossier is filed and decided; only its day counts */
export function sampleCase(dossierCode: string, now: Date): SampleCase {
  return {
    dossierCode,
    receivedOn: now,
    decidedOn: now,
    decisionNumber: 1234,
    applicant: {
      name: 'Trần Văn Thử',
      born: 1961,
      identityNumber: '000061000001',
      phone: '0900 000 001',
      email: 'tran.van.thu@example.org',
      address: 'Số 1 đường Không Tên, tổ dân phố Mẫu, phường Thuận Hóa, thành phố Huế',
    },
    receiver: {
      name: 'Trần Thị Nghiệm',
      born: 1990,
      identityNumber: '000090000002',
      phone: '0900 000 002',
      email: 'tran.thi.nghiem@example.org',
      address: 'Số 2 đường Không Tên, tổ dân phố Mẫu, phường Thuận Hóa, thành phố Huế',
    },
    parcel: {
      number: 9999,
      mapSheet: 99,
      place: 'tổ dân phố Mẫu, phường Thuận Hóa, thành phố Huế',
      use: 'Đất ở tại đô thị (ODT)',
      corners: [
        [0, 0],
        [9.2, 0.9],
        [10.1, 19.4],
        [4.6, 20.3],
        [-0.6, 18.8],
      ],
      certificateNumber: 'ZZ 000000',
    },
  };
}

/** Square metres, one decimal (the shoelace formula). */
export function areaOf({ corners }: Parcel): number {
  const doubled = corners.reduce((sum, [x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
  return Math.round(Math.abs(doubled) * 5) / 10;
}

/** Metres from one corner to the next, two decimals. */
export function sidesOf({ corners }: Parcel): number[] {
  return corners.map(([x, y], i) => {
    const [nextX, nextY] = corners[(i + 1) % corners.length] ?? [x, y];
    return Math.round(Math.hypot(nextX - x, nextY - y) * 100) / 100;
  });
}

/** As Vietnamese writes it: comma before the decimals. */
export function decimal(value: number, digits: number): string {
  return value.toFixed(digits).replace('.', ',');
}

/** Day, month, year in Vietnam (UTC+7). */
export function dayOf(time: Date): { readonly day: string; readonly month: string; readonly year: string } {
  const [year = '', month = '', day = ''] = new Date(time.getTime() + 7 * 3_600_000).toISOString().slice(0, 10).split('-');
  // Decree 30/2020 Annex I, II.4b: a zero before days below 10 and before months 1 and 2.
  return { day, month: Number(month) > 2 ? String(Number(month)) : month, year };
}

/** The same day for machines. */
export function isoDay(time: Date): string {
  const { day, month, year } = dayOf(time);
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
}

export function shortDate(time: Date): string {
  const { day, month, year } = dayOf(time);
  return `${day}/${month.padStart(2, '0')}/${year}`;
}

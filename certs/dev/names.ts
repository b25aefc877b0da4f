import type { NameInput } from '../../src/formats/x509/build-name.ts';

/** Names of the throw-away PKI. People and offices are invented; every name says that it is a sample (mẫu). */

const country = ['C', 'VN'] as const;
const AGENCY = 'Văn phòng Đăng ký đất đai thành phố Huế (mẫu)';

export const ROOT_NAME: NameInput = [country, ['O', 'Liên Thông Gateway'], ['CN', 'CA gốc thử nghiệm (không có giá trị pháp lý)']];
export const ISSUING_NAME: NameInput = [country, ['O', 'Liên Thông Gateway'], ['CN', 'CA cấp phát thử nghiệm (không có giá trị pháp lý)']];
export const TSA_NAME: NameInput = [country, ['O', 'Liên Thông Gateway'], ['CN', 'Dấu thời gian thử nghiệm']];
export const OCSP_NAME: NameInput = [country, ['O', 'Liên Thông Gateway'], ['CN', 'OCSP thử nghiệm']];
export const OFFICER_NAME: NameInput = [country, ['L', 'Thành phố Huế'], ['O', AGENCY], ['title', 'Giám đốc'], ['CN', 'Nguyễn Thị Hoài Mẫu']];
export const SEAL_NAME: NameInput = [country, ['L', 'Thành phố Huế'], ['O', AGENCY], ['CN', AGENCY]];

/** Policies under the arc that is reserved for examples (ITU-T X.660: {joint-iso-itu-t example(999)}). */
export const SIGNER_POLICY = '2.999.33.1';
export const TSA_POLICY = '2.999.33.2';

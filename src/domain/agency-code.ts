import { GatewayError } from './errors.ts';

/**
 * Codes of agencies (mã định danh). Two forms live side by side: QCVN 102:2016 writes the province last (`000.00.12.H57`),
 * Decision 20/2020/QĐ-TTg writes it first (`H57.12.03`). Both are kept as given; neither is converted into the other.
 */
declare const brand: unique symbol;
export type AgencyCode = string & { readonly [brand]: 'AgencyCode' };

const MAX_LENGTH = 35; // Decision 20/2020/QĐ-TTg Art. 4
const FORMS = [
  /^\d{3}\.\d{2}\.\d{2}\.[A-Y]\d{2}$/, // QCVN 102:2016, full
  /^(?:\d{2}\.){1,2}[A-Y]\d{2}$/, // QCVN 102:2016, short
  /^[A-Y]\d{2}(?:\.[0-9A-Z]+)*$/, // Decision 20/2020
  /^Z(?:0[1-9]|[1-9]\d)[0-9A-Z.]{1,32}$/, // Decision 20/2020, other organisations
] as const;

export function isAgencyCode(text: string): text is AgencyCode {
  return text.length <= MAX_LENGTH && FORMS.some((form) => form.test(text));
}

/** @throws AGENCY_CODE_INVALID */
export function parseAgencyCode(text: string): AgencyCode {
  if (isAgencyCode(text)) return text;
  throw new GatewayError('AGENCY_CODE_INVALID', 'Not an agency code: use the form H57.12.03 (Decision 20/2020/QĐ-TTg) or 000.00.12.H57 (QCVN 102:2016)');
}

/** Whether a route for `route` serves `code`: the same code, or one below it in the form that writes the province first. */
export function routeCovers(route: AgencyCode, code: AgencyCode): boolean {
  return code === route || (/^[A-Y]/.test(route) && code.startsWith(`${route}.`));
}

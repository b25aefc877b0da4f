/** What a number in the form of UPU S10 says. A wrong check digit is told, and never a reason to refuse what a carrier gave. */
export interface S10Number {
  /** Such as RR for registered items, EA … EZ for EMS. */
  readonly service: string;
  /** Eight digits. */
  readonly serial: string;
  /** ISO 3166 code of the issuing post. */
  readonly country: string;
  readonly isCheckDigitRight: boolean;
  /** Its first letter is kept for later use by the UPU: no post gives out such a number. */
  readonly isReserved: boolean;
}

const FORM = /^([A-Z]{2})(\d{8})(\d)([A-Z]{2})$/;
const WEIGHTS = [8, 6, 4, 2, 3, 5, 9, 7] as const;

/** Reads a tracking number, spaces and small letters allowed as people type them; null: it has another form, as carriers' own numbers do. @see UPU S10-12 */
export function readS10(text: string): S10Number | null {
  const [, service, serial, digit, country] = FORM.exec(text.replace(/\s/g, '').toUpperCase()) ?? [];
  if (service === undefined || serial === undefined || country === undefined) return null;
  return { service, serial, country, isCheckDigitRight: Number(digit) === s10CheckDigit(serial), isReserved: /^[JKSTW]/.test(service) };
}

/**
 * Of eight digits. Sums of remainder 0 and 6 share the digit 5, so about one wrong digit in sixty goes unseen: a number that is typed or
 * scanned must be looked up among our own orders all the same.
 */
export function s10CheckDigit(serial: string): number {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(serial[index]), 0);
  const rest = 11 - (sum % 11);
  return rest === 10 ? 0 : rest === 11 ? 5 : rest;
}

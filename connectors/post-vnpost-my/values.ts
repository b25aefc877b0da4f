/** One line that a database takes: neither NUL nor half a surrogate pair. */
export function storable(text: string, maxLength: number): string {
  return text.replace(/[\p{Cc}\p{Cs}]/gu, ' ').trim().slice(0, maxLength);
}

const VIETNAM_MS = 7 * 3_600_000;
const FORM = /^(\d{2})\/(\d{2})\/(\d{4}) (\d{2}):(\d{2}):(\d{2})$/;

/** `dd/MM/yyyy HH:mm:ss` in Vietnam's time (+07:00, no summer time); null for anything else, and for days that do not exist. */
export function readVietnamTime(text: string): Date | null {
  const match = FORM.exec(text.trim());
  if (match === null) return null;
  const [day = 0, month = 0, year = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const exact = at.getUTCDate() === day && at.getUTCMonth() === month - 1 && hour < 24 && minute < 60 && second < 60;
  return exact && year >= 2010 && year < 2200 ? new Date(at.getTime() - VIETNAM_MS) : null;
}

/** The day in Vietnam as `dd-MM-yyyy`. */
export function dayInVietnam(at: Date): string {
  const [year, month, day] = new Date(at.getTime() + VIETNAM_MS).toISOString().slice(0, 10).split('-');
  return `${day}-${month}-${year}`;
}

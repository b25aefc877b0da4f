/** Longest text of a document's own making that a report repeats. */
const MAX_SHOWN = 600;

/** Controls, invisible marks and marks that turn the direction of writing: with them a name can read as another. */
const DECEPTIVE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/** Text as a reader may see it: composed (NFC), nothing invisible, not endless. */
export function shownText(text: string): string {
  const visible = text.normalize('NFC').replace(/[\t\r\n]+/g, ' ').replace(DECEPTIVE, '\ufffd');
  if (visible.length <= MAX_SHOWN) return visible;
  const kept = Array.from(visible.slice(0, 2 * MAX_SHOWN)).slice(0, MAX_SHOWN).join('');
  return kept.length === visible.length ? visible : `${kept}…`;
}

const VIETNAM_OFFSET_MINUTES = 420;

/** `2026-11-24 09:30:15 +07:00`, the order of ISO 8601 and Vietnam's zone as Decree 30/2020/NĐ-CP Annex I asks; text that is no instant stays. */
export function shownTime(instant: string): string {
  const time = Date.parse(instant);
  if (Number.isNaN(time)) return shownText(instant);
  return `${new Date(time + VIETNAM_OFFSET_MINUTES * 60_000).toISOString().slice(0, 19).replace('T', ' ')} +07:00`;
}

/** Hexadecimal in groups of eight, to be compared by eye. */
export const shownHex = (hex: string): string => shownText(hex).replace(/(.{8})(?=.)/g, '$1 ');

/** A distinguished name with room between its parts, so that it can be broken into lines there. */
export const shownName = (name: string): string => shownText(name.replace(/(?<!\\),(?=\S)/g, ', '));

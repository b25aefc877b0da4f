import type { ReportLanguage, Said } from './words.ts';

/** HTML that is safe to put into a page; made only by `markup` and `raw`. */
export interface Markup {
  readonly html: string;
}

export const raw = (html: string): Markup => ({ html });

type Part = string | number | Markup | readonly Markup[] | null;

/** A template whose strings are HTML and whose values are text: every value that is not markup itself is escaped. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return raw(strings.reduce((html, literal, index) => html + htmlOf(parts[index - 1] ?? null) + literal));
}

function htmlOf(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  return 'html' in part ? part.html : part.map(({ html }) => html).join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);

/** Something said, in the language asked for; in both, the English stands after the Vietnamese, set apart by its class. */
export function spoken(said: Said, language: ReportLanguage): Markup {
  if (language !== 'both') return raw(escapeHtml(said[language]));
  if (said.vi === said.en) return raw(escapeHtml(said.vi));
  return markup`${said.vi} <span class="en" lang="en">${said.en}</span>`;
}

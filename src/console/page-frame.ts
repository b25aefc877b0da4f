import { createHash } from 'node:crypto';
import { PAGE_STYLE } from './page-style.ts';

/** What the pages of people have in common: the head, the bar with the other language, a policy under which nothing runs and nothing is fetched. */
export interface FramedPage {
  readonly language: 'vi' | 'en';
  readonly title: string;
  /** Below the title. */
  readonly lead: string;
  /** HTML at the right of the bar, before the link to the other language is its own. */
  readonly side: string;
  /** HTML of the page itself. */
  readonly body: string;
  /** Query of the same page in the other language, without `lang`; empty or beginning with `&`. */
  readonly query?: string;
  /** Rules of this page beside those of all. */
  readonly style?: string;
}

export interface RenderedPage {
  readonly html: string;
  /** To be sent with the page instead of any other policy. */
  readonly contentSecurityPolicy: string;
}

const OTHER = { vi: { language: 'en', name: 'English' }, en: { language: 'vi', name: 'Tiếng Việt' } } as const;

export function framedPage({ language, title, lead, side, body, query = '', style = '' }: FramedPage): RenderedPage {
  const css = `${PAGE_STYLE}${style}`;
  const other = OTHER[language];
  const html = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${css}</style>
</head>
<body>
<main>
<div class="brand"><span>Liên Thông Gateway</span><span class="side"><a href="?lang=${other.language}${escapeHtml(query)}" lang="${other.language}" hreflang="${other.language}">${other.name}</a>${side}</span></div>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead)}</p>
${body}
</main>
</body>
</html>
`;
  const hash = createHash('sha256').update(css).digest('base64');
  return { html, contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'` };
}

/** `dd/MM/yyyy HH:mm`, +07:00. */
export function vietnamTime(instant: string): string {
  const [date = '', time = ''] = new Date(Date.parse(instant) + 7 * 3_600_000).toISOString().split('T');
  return `<span class="time">${date.split('-').reverse().join('/')} ${time.slice(0, 5)}</span>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

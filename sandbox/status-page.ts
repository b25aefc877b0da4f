import type { Answer } from './router.ts';

export interface StatusTable {
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Said instead of an empty table. */
  readonly empty: string;
}

const STYLE = `
  :root { color-scheme: light dark; --ink: #1b2733; --soft: #617080; --line: #d8dfe6; --paper: #ffffff; --ground: #f3f5f7; --accent: #0b5ca8 }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #93a2b1; --line: #303b46; --paper: #1a2128; --ground: #12171c; --accent: #6db3f2 } }
  body { margin: 0; font: 15px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: var(--ink); background: var(--ground) }
  main { max-width: 66rem; margin: 2rem auto; padding: 0 1.25rem }
  h1 { font-size: 1.45rem; margin: 0; letter-spacing: -.01em } h2 { font-size: 1rem; margin: 2rem 0 .5rem }
  p { color: var(--soft); margin: .25rem 0 0 }
  .sheet { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 8px }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .55rem .9rem; vertical-align: top; border-top: 1px solid var(--line) }
  thead th { border-top: 0; font-weight: 600; color: var(--soft); font-size: .82rem } td:first-child { font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--accent); font-weight: 600 }
  .none { padding: .9rem; color: var(--soft) }`;

/** A plain page without scripts: what a system of the sandbox holds at this moment. */
export function statusPage(title: string, about: string, tables: readonly StatusTable[]): Answer {
  const body = `<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(about)}</p>${tables.map((table) => section(table)).join('')}</main></body></html>\n`;
  return { mediaType: 'text/html; charset=utf-8', body };
}

/** An ISO 8601 instant as people in Vietnam write it: `24/11/2026 09:30:15`. */
export function localTime(instant: string): string {
  const [date = '', time = ''] = new Date(Date.parse(instant) + 7 * 3_600_000).toISOString().slice(0, 19).split('T');
  return `${date.split('-').reverse().join('/')} ${time}`;
}

function section({ heading, columns, rows, empty }: StatusTable): string {
  const cells = (tag: 'th' | 'td', texts: readonly string[]): string => texts.map((text) => `<${tag}>${escapeHtml(text)}</${tag}>`).join('');
  const table = `<table><thead><tr>${cells('th', columns)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table>`;
  return `\n<h2>${escapeHtml(heading)}</h2><div class="sheet">${rows.length === 0 ? `<div class="none">${escapeHtml(empty)}</div>` : table}</div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

import type { CheckOutline } from './outline-check.ts';
import type { Field, Warning } from './outline-parts.ts';
import { notPassed, type LinkOutline, type SignatureOutline } from './outline-signature.ts';
import type { TimestampOutline } from './outline-timestamp.ts';
import type { BriefOutline, ReportOutline } from './outline.ts';
import { markup, raw, spoken, type Markup } from './markup.ts';
import type { RegionPicture, SignaturePictures } from './pictures.ts';
import { comparison, countWords, FURTHER_SIGNATURES, furtherTimestamps } from './section-words.ts';
import { said, type ReportLanguage, type Said } from './words.ts';

export function fieldTable(fields: readonly Field[], language: ReportLanguage, caption: Said): Markup {
  const rows = fields.map(({ label, value, note, code }) => {
    const text = spoken(value, language);
    return markup`<tr><th scope="row">${spoken(label, language)}</th><td>${code === true ? markup`<span class="mono">${text}</span>` : text}${note === undefined ? null : markup`<span class="note">${spoken(note, language)}</span>`}</td></tr>\n`;
  });
  return markup`<table class="fields" aria-label="${language === 'en' ? caption.en : caption.vi}"><tbody>\n${rows}</tbody></table>`;
}

export function sectionOfSignature(signature: SignatureOutline, language: ReportLanguage): Markup {
  const { number, tone, heading, verdict, code, explanation, warning, fields, technical, chain, checks } = signature;
  const open = notPassed(checks);
  return markup`<section aria-labelledby="s${number}">
<h2 id="s${number}">${spoken(heading, language)}</h2>
<p class="standing ${tone}">${spoken(capital(verdict), language)} <span class="code">${code}</span></p>
${explanation === null ? null : markup`<p class="said">${spoken(explanation, language)}</p>`}
${warning === null ? null : warningBox(warning, language)}
${fieldTable(fields, language, heading)}
${changes(signature, language)}
${pictures(signature, language)}
${open.length === 0 ? null : markup`<h3>${spoken(said('Những kiểm tra chưa đạt', 'Checks that did not pass'), language)}</h3>${checkTable(open, language)}`}
<details><summary>${spoken(said(`Toàn bộ ${checks.length} kiểm tra`, `All ${checks.length} checks`), language)}: ${spoken(countWords(checks), language)}</summary>${checkTable(checks, language)}</details>
${chain.length === 0 ? null : markup`<details><summary>${spoken(said('Chuỗi chứng thư và tình trạng thu hồi', 'Chain of certificates and revocation'), language)}</summary>${chainTable(chain, language)}</details>`}
<details><summary>${spoken(said('Thông tin kỹ thuật', 'Technical data'), language)}</summary>${fieldTable(technical, language, said('Thông tin kỹ thuật', 'Technical data'))}</details>
</section>\n`;
}

const capital = ({ vi, en }: Said): Said => said(vi.charAt(0).toUpperCase() + vi.slice(1), en.charAt(0).toUpperCase() + en.slice(1));

export function warningBox({ title, lines }: Warning, language: ReportLanguage): Markup {
  const [only] = lines;
  const body = lines.length === 1 && only !== undefined ? markup`<p class="said">${spoken(only, language)}</p>` : markup`<ul>${lines.map((line) => markup`<li>${spoken(line, language)}</li>`)}</ul>`;
  return markup`<div class="warning" role="note"><strong>${spoken(title, language)}</strong>${body}</div>\n`;
}

function changes({ changes: { tone, summary, items } }: SignatureOutline, language: ReportLanguage): Markup {
  const list = items.length === 0 ? null : markup`<ul class="changes">${items.map((item) => markup`<li>${spoken(item, language)}</li>\n`)}</ul>`;
  return markup`<h3>${spoken(said('Thay đổi sau khi ký', 'Changes after signing'), language)}</h3>
<p class="said changes-${tone}">${spoken(summary, language)}</p>${list}`;
}

function pictures({ pictures: found, picturesOmitted }: SignatureOutline, language: ReportLanguage): Markup | null {
  if (found === null) return picturesOmitted === null ? null : markup`<p class="note">${spoken(picturesOmitted, language)}</p>`;
  return markup`<h3>${spoken(said(`Hình vùng chữ ký, trang ${found.page}`, `The signature’s place, page ${found.page}`), language)}</h3>
<div class="pictures">${figure(found.signed, said('Khi ký', 'When signed'), language)}${currentFigure(found, language)}</div>
<p class="${found.identical ? 'note' : 'changes-open'}">${spoken(comparison(found), language)}</p>`;
}

function currentFigure({ current }: SignaturePictures, language: ReportLanguage): Markup | null {
  return current === null ? null : figure(current, said('Trong tệp hiện tại', 'In the file as it is'), language);
}

function figure({ png, widthPx, heightPx }: RegionPicture, caption: Said, language: ReportLanguage): Markup {
  return markup`<figure><img src="data:image/png;base64,${raw(Buffer.from(png).toString('base64'))}" width="${widthPx}" height="${heightPx}" alt="${language === 'en' ? caption.en : caption.vi}"><figcaption>${spoken(caption, language)}</figcaption></figure>`;
}

function checkTable(checks: readonly CheckOutline[], language: ReportLanguage): Markup {
  const rows = checks.map(
    ({ title, status, statusWord, detail, clause }) =>
      markup`<tr><td>${spoken(title, language)}</td><td><span class="status ${status}">${spoken(statusWord, language)}</span></td><td>${detailOf(detail, language)}<div class="clause">${clause}</div></td></tr>\n`,
  );
  const headings = [said('Kiểm tra', 'Check'), said('Kết quả', 'Result'), said('Chi tiết và căn cứ', 'Detail and clause')];
  return markup`<table class="checks"><thead><tr>${headings.map((heading) => markup`<th scope="col">${spoken(heading, language)}</th>`)}</tr></thead><tbody>\n${rows}</tbody></table>`;
}

/** A detail that is known in English only says so to readers of the page aloud. */
function detailOf(detail: Said, language: ReportLanguage): Markup {
  return language !== 'en' && detail.vi === detail.en && detail.en !== '' ? markup`<span lang="en">${detail.en}</span>` : spoken(detail, language);
}

function chainTable(chain: readonly LinkOutline[], language: ReportLanguage): Markup {
  const rows = chain.map(
    ({ subject, sha256, anchor, revocation, unchecked }) =>
      markup`<tr><td>${subject}<div class="mono note">SHA-256 ${sha256}</div></td><td>${anchor ? spoken(said('tổ chức chứng thực gốc được tin cậy', 'trusted root authority'), language) : revocation === null ? markup`—` : markup`<span${raw(unchecked ? ' class="unchecked"' : '')}>${spoken(revocation, language)}</span>`}</td></tr>\n`,
  );
  return markup`<table><thead><tr><th scope="col">${spoken(said('Chứng thư', 'Certificate'), language)}</th><th scope="col">${spoken(said('Tình trạng thu hồi', 'Revocation'), language)}</th></tr></thead><tbody>\n${rows}</tbody></table>`;
}

/** One row each, for what is not told in full. */
export function sectionOfFurther(further: readonly BriefOutline[], language: ReportLanguage): Markup | null {
  if (further.length === 0) return null;
  const rows = further.map(({ heading, verdict, code, tone }) => markup`<tr><th scope="row">${spoken(heading, language)}</th><td><span class="standing ${tone}">${spoken(verdict, language)}</span> <span class="code">${code}</span></td></tr>\n`);
  return markup`<section class="plain" aria-labelledby="further"><h2 id="further">${spoken(FURTHER_SIGNATURES, language)}</h2><table class="fields"><tbody>\n${rows}</tbody></table></section>\n`;
}

export function sectionOfTimestamps({ timestamps, furtherTimestamps: further }: Pick<ReportOutline, 'timestamps' | 'furtherTimestamps'>, language: ReportLanguage): Markup | null {
  if (timestamps.length === 0) return null;
  return markup`<section class="plain" aria-labelledby="timestamps">
<h2 id="timestamps">${spoken(said('Dấu thời gian', 'Time-stamps'), language)}</h2>
${timestamps.map((timestamp) => timestampPart(timestamp, language))}${further === 0 ? null : markup`<p class="said">${spoken(furtherTimestamps(further), language)}</p>`}</section>\n`;
}

function timestampPart({ type, time, authority, covers, verdict, tone, code, explanation, checks }: TimestampOutline, language: ReportLanguage): Markup {
  const open = notPassed(checks);
  return markup`<h3>${time ?? '—'}: ${spoken(type, language)} “${covers}”</h3>
<p class="standing ${tone}">${spoken(capital(verdict), language)} <span class="code">${code}</span></p>
<p>${spoken(said('Tổ chức cấp dấu thời gian', 'Time-stamping authority'), language)}: ${authority ?? '—'}</p>
${explanation === null ? null : markup`<p class="said">${spoken(explanation, language)}</p>`}
${open.length === 0 ? null : checkTable(open, language)}
<details><summary>${spoken(said(`Toàn bộ ${checks.length} kiểm tra`, `All ${checks.length} checks`), language)}: ${spoken(countWords(checks), language)}</summary>${checkTable(checks, language)}</details>\n`;
}

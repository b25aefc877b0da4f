import { createHash } from 'node:crypto';
import { VERIFY_SCRIPT } from './verify-page-script.ts';
import { VERIFY_STYLE } from './verify-page-style.ts';
import { VERIFY_WORDS, type PageLanguage, type VerifyWords } from './verify-page-words.ts';

export interface VerifyPageOptions {
  readonly language: PageLanguage;
  /** Path that takes `multipart/form-data` with `document` and perhaps `detached`, and answers with the report as a page; `?lang=` is added. */
  readonly action: string;
  /** The cap of the server, told before anything is sent. */
  readonly maxBytes: number;
  /** Hashes of the style sheets a report may have, as `Content-Security-Policy` writes them: the report is shown within this page. */
  readonly reportStyleHashes: readonly string[];
}

export interface VerifyPage {
  readonly html: string;
  /** To be sent with the page instead of any other policy. */
  readonly contentSecurityPolicy: string;
}

/** The public page on which anybody has a file checked. Works as a plain form where scripts do not run; keeps nothing, fetches nothing from elsewhere. */
export function verifyPage({ language, action, maxBytes, reportStyleHashes }: VerifyPageOptions): VerifyPage {
  const say = VERIFY_WORDS[language];
  const other: PageLanguage = language === 'vi' ? 'en' : 'vi';
  const target = escapeHtml(`${action}?lang=${language}`);
  const limit = say.limit.replace('{mb}', String(Math.floor(maxBytes / (1024 * 1024))));
  const html = `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${say.title}</title>
<style>${VERIFY_STYLE}</style>
</head>
<body>
<main>
<p class="brand"><span>Liên Thông Gateway</span><a href="?lang=${other}" lang="${other}" hreflang="${other}">${say.otherLanguage}</a></p>
<h1>${say.title}</h1>
<p class="lead">${say.lead}</p>
<form class="check" method="post" action="${target}" enctype="multipart/form-data" data-max-bytes="${maxBytes}">
<label class="drop" for="document"><span class="drop-title">${say.drop}</span><span class="drop-note">${limit}</span>
<input id="document" name="document" type="file" accept=".pdf,.p7s,.p7m,application/pdf,application/pkcs7-signature" required></label>
<p class="password"><label for="password">${say.password}</label><input id="password" name="password" type="password" maxlength="512" autocomplete="off" aria-describedby="password-note"><span id="password-note">${say.passwordNote}</span></p>
<button type="submit">${say.check}</button>
</form>
<details><summary>${say.detached}</summary>
<p>${say.detachedNote}</p>
<form class="check" method="post" action="${target}" enctype="multipart/form-data" data-max-bytes="${maxBytes}">
<p><label for="signature">${say.signature}</label><input id="signature" name="document" type="file" accept=".p7s,.p7m,application/pkcs7-signature" required></p>
<p><label for="detached">${say.signedFile}</label><input id="detached" name="detached" type="file" required></p>
<button type="submit">${say.check}</button>
</form></details>
<div id="state" role="status" aria-live="polite" hidden><p id="state-text"></p><progress id="progress" max="100" aria-label="${say.uploading}"></progress></div>
<div id="fault" class="fault" role="alert" hidden></div>
<p class="privacy">${say.privacy}</p>
</main>
<div id="result" hidden><p class="result-bar"><a id="save" download>${say.save}</a><button type="button" id="again">${say.again}</button></p>
<iframe id="report" title="${say.report}" sandbox="allow-same-origin"></iframe></div>
<script type="application/json" id="words">${jsonForScript(scriptWords(say))}</script>
<script>${VERIFY_SCRIPT}</script>
</body>
</html>
`;
  return { html, contentSecurityPolicy: policyOf(reportStyleHashes) };
}

/** What the script says by itself. */
function scriptWords({ uploading, checking, tooLarge, unreachable, refused }: VerifyWords): Record<string, string> {
  return { uploading, checking, tooLarge, unreachable, refused };
}

function policyOf(reportStyleHashes: readonly string[]): string {
  const styles = [hashOf(VERIFY_STYLE), ...reportStyleHashes].map((hash) => `'${hash}'`).join(' ');
  return `default-src 'none'; style-src ${styles}; script-src '${hashOf(VERIFY_SCRIPT)}'; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** JSON that cannot end the element it stands in. */
const jsonForScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);

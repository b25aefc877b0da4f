import type { ApiDescription, ApiOperation, ApiParameter, ApiSchema } from './api-description.ts';
import { curlExample } from './api-example.ts';
import { DOCS_STYLE } from './docs-page-style.ts';
import { DOCS_WORDS } from './docs-page-words.ts';
import { escapeHtml, framedPage, type RenderedPage } from './page-frame.ts';

type Language = 'vi' | 'en';
type Words = (typeof DOCS_WORDS)[Language];

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: ApiOperation;
}

/** The API description as a page to read, print and copy from. Made by the gateway: no script runs, nothing is fetched from elsewhere. */
export function docsPage(description: ApiDescription, language: Language): RenderedPage {
  const say = DOCS_WORDS[language];
  const entries = Object.entries(description.paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]): Entry => ({ method, path, operation })));
  const tags = [...new Set(entries.map(({ operation }) => operation.tags[0] ?? ''))];
  const tagged = tags.map((tag) => [tag, entries.filter(({ operation }) => operation.tags[0] === tag)] as const);
  const pushed = Object.values(description.webhooks).flatMap((operations) => Object.values(operations));
  const body = `<section class="intro">${say.intro.map((sentence) => `<p>${sentence}</p>`).join('')}</section>
<nav aria-label="${say.contents}">${tagged.map(([tag, its]) => contentsOf(say, tag, its)).join('')}</nav>
${tagged.map(([tag, its]) => `<section><h2>${escapeHtml(say.tags[tag] ?? tag)}</h2>${its.map((entry) => operationPart(description, say, entry)).join('')}</section>`).join('\n')}
<section><h2>${say.pushed}</h2><p class="note">${say.pushedNote}</p>${pushed.map((operation) => details(say, operation)).join('')}</section>
<section><h2>${say.schemas}</h2>${Object.entries(description.components.schemas).map(([name, schema]) => schemaPart(say, name, schema)).join('\n')}</section>`;
  return framedPage({ language, title: say.title, lead: say.lead, side: '', body, style: DOCS_STYLE });
}

function contentsOf(say: Words, tag: string, entries: readonly Entry[]): string {
  const links = entries.map(({ method, path, operation }) => `<li><a href="#${operation.operationId}"><span class="method ${method}">${method}</span> ${breakable(path)}</a></li>`);
  return `<div><h3>${escapeHtml(say.tags[tag] ?? tag)}</h3><ul>${links.join('')}</ul></div>`;
}

function operationPart(description: ApiDescription, say: Words, { method, path, operation }: Entry): string {
  const scopes = (operation.security ?? []).flatMap((scheme) => Object.values(scheme).flat());
  const access = scopes.length === 0 ? say.open : `${say.needs} <code>${scopes.map(escapeHtml).join('</code> <code>')}</code>`;
  const once = operation.parameters.some(({ name }) => name === 'Idempotency-Key') ? ` · ${say.once}` : '';
  return `<article id="${operation.operationId}"><h3><span class="method ${method}">${method}</span> <code>${breakable(path)}</code></h3>
<p>${escapeHtml(operation.summary)}</p><p class="note">${access}${once}</p>
${details(say, operation)}
<h4>${say.example}</h4><pre tabindex="0">${escapeHtml(curlExample(description, method, path, operation))}</pre></article>`;
}

/** Headers that every operation takes are told once, in the introduction. */
const EVERYWHERE = new Set(['Idempotency-Key', 'traceparent', 'Accept-Language']);

function details(say: Words, { parameters, requestBody, responses }: ApiOperation): string {
  const own = parameters.filter(({ name }) => !EVERYWHERE.has(name));
  const sent = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => `<p><code>${escapeHtml(type)}</code> ${typeOf(schema)}</p>${schema.$ref === undefined ? propertiesTable(say, schema) : ''}`);
  const answers = Object.entries(responses).map(([status, { description: words, content = {} }]) => {
    const forms = Object.entries(content).map(([type, { schema }]) => `<code>${escapeHtml(type)}</code> ${typeOf(schema)}`);
    return `<tr><th scope="row"><code>${escapeHtml(status)}</code></th><td>${escapeHtml(words)}<span class="note">${forms.join(', ')}</span></td></tr>`;
  });
  return `${own.length === 0 ? '' : `<h4>${say.parameters}</h4><table><tbody>${own.map((parameter) => parameterRow(say, parameter)).join('')}</tbody></table>`}
${requestBody === undefined ? '' : `<h4>${say.body}</h4>${requestBody.description === undefined ? '' : `<p>${escapeHtml(requestBody.description)}</p>`}${sent.join('')}`}
<details><summary>${say.answers}: ${Object.keys(responses).map(escapeHtml).join(', ')}</summary><table><tbody>${answers.join('')}</tbody></table></details>`;
}

function parameterRow(say: Words, { name, in: place, required, description, schema }: ApiParameter): string {
  return row(say, name, `${typeOf(schema)} <span class="code">${escapeHtml(place)}${required ? ` · ${say.required}` : ''}</span>`, description ?? schema.description, schema);
}

function schemaPart(say: Words, name: string, schema: ApiSchema): string {
  const table = propertiesTable(say, schema) || insideTables(say, schema);
  const forms = schema.properties === undefined || schema.oneOf === undefined ? '' : `<p>${say.oneOf} ${schema.oneOf.map(typeOf).join(' | ')}</p>`;
  return `<article class="schema" id="schema-${escapeHtml(name)}"><h3>${escapeHtml(name)}</h3><p>${escapeHtml(schema.description ?? '')} ${table === '' ? `${typeOf(schema)} ${limitsOf(schema)}` : ''}</p>${table}${forms}</article>`;
}

function propertiesTable(say: Words, { properties, required = [] }: ApiSchema): string {
  if (properties === undefined) return '';
  const rows = Object.entries(properties).map(([name, schema]) => row(say, name, `${typeOf(schema)}${required.includes(name) ? ` <span class="code">${say.required}</span>` : ''}`, schema.description, schema));
  return `<table><tbody>${rows.join('')}</tbody></table>`;
}

/** Tables of objects that have no name of their own: of the schema's items, or of each of its forms. */
function insideTables(say: Words, { items, anyOf = [], oneOf = [] }: ApiSchema): string {
  return [items, ...anyOf, ...oneOf].map((inner) => (inner === undefined || inner.$ref !== undefined ? '' : propertiesTable(say, inner))).join('');
}

function row(say: Words, name: string, type: string, description: string | undefined, schema: ApiSchema): string {
  return `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td>${type}${description === undefined ? '' : `<span class="words">${escapeHtml(description)}</span>`}<span class="note">${limitsOf(schema)}</span>${propertiesTable(say, schema)}${insideTables(say, schema)}</td></tr>`;
}

function typeOf(schema: ApiSchema): string {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (choices !== undefined) return choices.map(typeOf).join(' | ');
  if (schema.const !== undefined) return `<code>${escapeHtml(JSON.stringify(schema.const))}</code>`;
  if (schema.enum !== undefined) return schema.enum.map((value) => `<code>${escapeHtml(JSON.stringify(value))}</code>`).join(' | ');
  if (schema.items !== undefined) return `${typeOf(schema.items)}[]`;
  return escapeHtml([schema.type ?? 'any'].flat().join(' | ') + (schema.format === undefined ? '' : ` (${schema.format})`));
}

const LIMITS = ['default', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'minItems', 'maxItems'] as const;

/** What a format says already is not said again by its pattern. */
function limitsOf(schema: ApiSchema): string {
  return LIMITS.flatMap((name) => (schema[name] === undefined || (name === 'pattern' && schema.format !== undefined) || Math.abs(Number(schema[name])) === Number.MAX_SAFE_INTEGER ? [] : [`${name} ${escapeHtml(typeof schema[name] === 'string' ? schema[name] : JSON.stringify(schema[name]))}`])).join(' · ');
}

function breakable(path: string): string {
  return escapeHtml(path).replaceAll('/', '<wbr>/');
}

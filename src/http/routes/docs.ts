import { z } from 'zod';
import type { ApiDescription } from '../../console/api-description.ts';
import { docsPage } from '../../console/docs-page.ts';
import type { ContentReply } from '../reply.ts';
import { defineRoute, type Route } from '../route.ts';

/** Each language is made once: the table does not change while the process runs. */
export function docsRoute(describe: () => Readonly<Record<string, unknown>>): Route {
  const pages = new Map<string, ContentReply>();
  return defineRoute({
    method: 'GET',
    path: '/docs',
    operationId: 'showDocs',
    summary: 'This API as a page to read, with calls to copy; Vietnamese or English',
    tag: 'Operation',
    scope: null,
    idempotent: false,
    pathParameters: null,
    query: z.strictObject({ lang: z.enum(['vi', 'en']).default('vi') }),
    body: null,
    answer: { kind: 'content', status: 200, description: 'The page', forms: { 'text/html': null } },
    problems: [],
    run: (_dependencies, { query: { lang } }) => {
      const known = pages.get(lang);
      if (known !== undefined) return Promise.resolve(known);
      const { html, contentSecurityPolicy } = docsPage(describe() as unknown as ApiDescription, lang);
      const page = { contentType: 'text/html; charset=utf-8', body: Buffer.from(html), contentSecurityPolicy };
      pages.set(lang, page);
      return Promise.resolve(page);
    },
  });
}

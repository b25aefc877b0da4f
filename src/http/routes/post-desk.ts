import { postPage, type PostDesk } from '../../console/post-page.ts';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { Caller } from '../../domain/partner.ts';
import { postDeskForm, postDeskQuery, type PostDeskForm } from '../../formats/api/post-desk.ts';
import type { PostalPaper } from '../../formats/postal-papers/print.ts';
import { checkOwnPage, closedSession, openSession, readForm, redirect, sentenceOf, sessionOf } from '../console-session.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { PROBLEMS } from '../problem.ts';
import type { ContentReply } from '../reply.ts';
import { defineRoute, parse, type Exchange } from '../route.ts';
import { requestSignal } from '../upload.ts';
import { printed } from './postal-papers.ts';

const PAGE = '/console/post';
const PRINT_LIMIT_MS = 60_000;
/** A new address is asked of the carrier. */
const WORK_LIMIT_MS = 60_000;
type Query = { readonly lang: 'vi' | 'en'; readonly number?: string | undefined; readonly done?: PostDesk['done'] | undefined };

export const postDeskRoute = defineRoute({
  method: 'GET',
  path: PAGE,
  operationId: 'showPostDesk',
  summary: 'The page of the post desk: scan, count, confirm. Its session is opened with an API key of scope admin',
  tag: 'Post',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: postDeskQuery,
  body: null,
  answer: { kind: 'content', status: 200, description: 'The page, Vietnamese or English', forms: { 'text/html': null } },
  problems: [],
  run: async (dependencies, { query }, { request }) => show(dependencies, await sessionOf(dependencies, request), query, null),
});

export const postDeskFormRoute = defineRoute({
  method: 'POST',
  path: PAGE,
  operationId: 'workAtPostDesk',
  summary: 'The forms of the post desk',
  tag: 'Post',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: postDeskQuery,
  body: { kind: 'bytes', description: 'application/x-www-form-urlencoded, as the page sends it.' },
  answer: { kind: 'content', status: 200, description: 'The page; 303 to it when the form was taken; papers where it asks for some', forms: { 'text/html': null, 'application/pdf': null, 'text/plain': null } },
  problems: ['UNAUTHENTICATED', 'REQUEST_MALFORMED'],
  run: async (dependencies, { query }, exchange) => {
    const { request } = exchange;
    checkOwnPage(request);
    const sent = await readForm(request);
    const caller = await sessionOf(dependencies, request);
    try {
      return await take(dependencies, exchange, caller, query, parse(postDeskForm, sent, '') as PostDeskForm);
    } catch (error) {
      if (!isGatewayError(error) || PROBLEMS[error.code].status >= 500) throw error;
      const page = await show(dependencies, caller, { ...query, number: sent['number'] }, sentenceOf(error, query.lang));
      return { ...page, status: PROBLEMS[error.code].status };
    }
  },
});

async function take(dependencies: HttpDependencies, { request, response }: Exchange, caller: Caller | null, { lang }: Query, form: PostDeskForm): Promise<ContentReply> {
  if (form.action === 'login') return redirect(`${PAGE}?lang=${lang}`, await openSession(dependencies, request, form.key));
  if (form.action === 'logout') return redirect(`${PAGE}?lang=${lang}`, closedSession(request));
  if (caller === null) throw new GatewayError('UNAUTHENTICATED', 'The session is over: sign in again');
  if (form.action === 'print') {
    const paper = deskPaperOf(form.paper);
    return printed(paper, await dependencies.printAtDesk(caller, form.numbers, paper, requestSignal(response, PRINT_LIMIT_MS)));
  }
  const done = await dependencies.workPostDesk(caller, form, requestSignal(response, WORK_LIMIT_MS));
  return redirect(`${PAGE}?${new URLSearchParams({ lang, ...('number' in form ? { number: form.number } : {}), done }).toString()}`, null);
}

async function show(dependencies: HttpDependencies, caller: Caller | null, { lang, number = null, done = null }: { readonly lang: 'vi' | 'en'; readonly number?: string | null | undefined; readonly done?: PostDesk['done'] | undefined }, fault: string | null): Promise<ContentReply> {
  const desk = caller === null ? null : { tasks: await dependencies.listDeskTasks(), differences: await dependencies.listDeskDifferences(), number, order: number === null ? null : await dependencies.findAtDesk(caller, number), done, now: dependencies.timeInVietnam() };
  const { html, contentSecurityPolicy } = postPage({ language: lang, desk, fault });
  return { contentType: 'text/html; charset=utf-8', body: Buffer.from(html), contentSecurityPolicy };
}

function deskPaperOf(paper: Extract<PostDeskForm, { action: 'print' }>['paper']): PostalPaper {
  switch (paper) {
    case 'label-pdf':
      return { kind: 'label', format: 'pdf' };
    case 'label-zpl-203':
      return { kind: 'label', format: 'zpl', dpi: 203 };
    case 'label-zpl-300':
      return { kind: 'label', format: 'zpl', dpi: 300 };
    case 'slip':
      return { kind: 'slip' };
    default:
      return { kind: 'minutes', handover: paper, minutesNumber: null };
  }
}

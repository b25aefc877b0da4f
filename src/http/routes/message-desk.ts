import { messagePage } from '../../console/message-page.ts';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import type { Caller } from '../../domain/partner.ts';
import { messageDeskForm, messageDeskQuery, type MessageDeskForm, type MessageDeskQuery } from '../../formats/api/message-desk.ts';
import { checkOwnPage, closedSession, openSession, readForm, redirect, sentenceOf, sessionOf } from '../console-session.ts';
import type { HttpDependencies } from '../dependencies.ts';
import { PROBLEMS } from '../problem.ts';
import type { ContentReply } from '../reply.ts';
import { defineRoute, parse, type Exchange } from '../route.ts';

const PAGE = '/console/messages';

export const messageDeskRoute = defineRoute({
  method: 'GET',
  path: PAGE,
  operationId: 'showMessageDesk',
  summary: 'The page of the message desk: what stands still and why, one timeline a dossier. Its session is opened with an API key of scope admin',
  tag: 'Messages',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: messageDeskQuery,
  body: null,
  answer: { kind: 'content', status: 200, description: 'The page, Vietnamese or English', forms: { 'text/html': null } },
  problems: [],
  run: async (dependencies, { query }, { request }) => show(dependencies, await sessionOf(dependencies, request), query, null),
});

export const messageDeskFormRoute = defineRoute({
  method: 'POST',
  path: PAGE,
  operationId: 'workAtMessageDesk',
  summary: 'The forms of the message desk',
  tag: 'Messages',
  scope: null,
  idempotent: false,
  pathParameters: null,
  query: messageDeskQuery,
  body: { kind: 'bytes', description: 'application/x-www-form-urlencoded, as the page sends it.' },
  answer: { kind: 'content', status: 200, description: 'The page; 303 to it when the form was taken', forms: { 'text/html': null } },
  problems: ['UNAUTHENTICATED', 'REQUEST_MALFORMED', 'MESSAGE_NOT_FOUND', 'STATE_CONFLICT'],
  run: async (dependencies, { query }, exchange) => {
    checkOwnPage(exchange.request);
    const sent = await readForm(exchange.request);
    const caller = await sessionOf(dependencies, exchange.request);
    try {
      return await take(dependencies, exchange, caller, query, parse(messageDeskForm, sent, '') as MessageDeskForm);
    } catch (error) {
      if (!isGatewayError(error) || PROBLEMS[error.code].status >= 500) throw error;
      return { ...(await show(dependencies, caller, query, sentenceOf(error, query.lang))), status: PROBLEMS[error.code].status };
    }
  },
});

async function take(dependencies: HttpDependencies, { request }: Exchange, caller: Caller | null, query: MessageDeskQuery, form: MessageDeskForm): Promise<ContentReply> {
  if (form.action === 'login') return redirect(addressOf(query), await openSession(dependencies, request, form.key));
  if (form.action === 'logout') return redirect(addressOf({ lang: query.lang }), closedSession(request));
  if (caller === null) throw new GatewayError('UNAUTHENTICATED', 'The session is over: sign in again');
  await dependencies.workMessageDesk(caller, form);
  return redirect(addressOf({ ...query, done: form.decision }), null);
}

function addressOf(query: MessageDeskQuery): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return `${PAGE}?${new URLSearchParams(given).toString()}`;
}

async function show(dependencies: HttpDependencies, caller: Caller | null, query: MessageDeskQuery, fault: string | null): Promise<ContentReply> {
  const view = caller === null ? null : await dependencies.viewMessageDesk(caller, query);
  const { html, contentSecurityPolicy } = messagePage({ query, view, fault });
  return { contentType: 'text/html; charset=utf-8', body: Buffer.from(html), contentSecurityPolicy };
}

import type { Request } from 'express';
import { GatewayError } from '../domain/errors.ts';
import type { Caller } from '../domain/partner.ts';
import type { HttpDependencies } from './dependencies.ts';
import { PROBLEMS } from './problem.ts';
import type { ContentReply } from './reply.ts';
import { wholeBody } from './request-body.ts';

/** What the desks of the console share: one session for all of them, and forms that only their own pages can send. */

const COOKIE = 'lienthong-console';
const PATH = '/console';
const SESSION_SECONDS = 15 * 60;
const FORM_PACE = { maxBytes: 16 * 1024, minBytesPerSecond: 256, graceMs: 10_000 };

export async function sessionOf({ readDeskSession }: HttpDependencies, request: Request): Promise<Caller | null> {
  const session = new RegExp(`(?:^|;\\s*)${COOKIE}=([\\w-]{1,2000})(?:;|$)`).exec(request.headers.cookie ?? '')?.[1];
  return session === undefined ? null : readDeskSession(session);
}

/** Opens a session with an API key of scope `admin`. @returns the cookie to set. @throws UNAUTHENTICATED, SCOPE_MISSING */
export async function openSession({ openPostDesk }: HttpDependencies, request: Request, apiKey: string): Promise<string> {
  return cookieOf(request, await openPostDesk(apiKey), SESSION_SECONDS);
}

export function closedSession(request: Request): string {
  return cookieOf(request, '', 0);
}

/** Not readable by scripts, never sent along from another site, and over TLS only where the page came that way. */
function cookieOf(request: Request, value: string, maxAgeSeconds: number): string {
  return `${COOKIE}=${value}; Path=${PATH}; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${isOverTls(request) ? '; Secure' : ''}`;
}

/** Behind a proxy we speak plain HTTP, and it says what the browser speaks. Whoever makes that up harms his own session at most. */
function isOverTls({ secure, headers }: Request): boolean {
  const forwarded = headers['x-forwarded-proto'];
  return secure || (typeof forwarded === 'string' && forwarded.split(',')[0]?.trim().toLowerCase() === 'https');
}

/** Beside the strict cookie: a form that another site sends is refused, whatever its cookies. @throws UNAUTHENTICATED */
export function checkOwnPage(request: Request): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  const isOwn = (site === undefined || site === 'same-origin') && (origin === undefined || origin === 'null' || (URL.canParse(origin) && new URL(origin).host === host));
  if (!isOwn) throw new GatewayError('UNAUTHENTICATED', 'This form was not sent by a page of the console');
}

/** @throws MEDIA_TYPE_UNSUPPORTED; as `wholeBody` */
export async function readForm(request: Request): Promise<Readonly<Record<string, string>>> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) throw new GatewayError('MEDIA_TYPE_UNSUPPORTED', 'Send the form as application/x-www-form-urlencoded');
  return Object.fromEntries(new URLSearchParams((await wholeBody(request, FORM_PACE)).toString('utf8')));
}

export function redirect(location: string, cookie: string | null): ContentReply {
  return { status: 303, contentType: 'text/plain', body: new Uint8Array(), contentSecurityPolicy: null, headers: { location, ...(cookie === null ? {} : { 'set-cookie': cookie }) } };
}

/** What went wrong, for a person who fills in a form. */
export function sentenceOf({ code, message, faults }: GatewayError, language: 'vi' | 'en'): string {
  return [PROBLEMS[code].title[language], message, ...faults.map(({ pointer, detail }) => `${pointer} ${detail}`)].join(' · ');
}

import { GatewayError } from '../../src/domain/errors.ts';
import { readRevocationUrl, type RevocationKind } from './request.ts';

export interface AnswerHead {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly location: string | undefined;
}

/** How often a CRL or an issuer's certificate may have moved; OCSP responders do not move (a redirect would carry the request elsewhere). */
export const MAX_REDIRECTS: Readonly<Record<RevocationKind, number>> = { ocsp: 0, crl: 3, issuers: 3 };

const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * Judges the head of an answer before its body is read: null when the body is the answer, or where it has moved to.
 * @throws REVOCATION_UNAVAILABLE, URL_FORBIDDEN
 */
export function readAnswerHead(kind: RevocationKind, from: URL, head: AnswerHead): URL | null {
  const { status, contentType, contentEncoding, location } = head;
  if (REDIRECTS.includes(status) && MAX_REDIRECTS[kind] > 0 && location !== undefined) return movedTo(from, location);
  if (status >= 300 && status < 400) throw unavailable(`redirects (HTTP ${status}), which is not followed`);
  if (status !== 200) throw unavailable(`answered with HTTP ${status}`);
  if (contentEncoding !== undefined && contentEncoding !== 'identity') throw unavailable('answered with compressed bytes that were not asked for');
  checkMediaType(kind, contentType);
  return null;
}

function movedTo(from: URL, location: string): URL {
  if (!URL.canParse(location, from.href)) throw unavailable('redirects to what is no address');
  return readRevocationUrl(new URL(location, from).href);
}

/**
 * RFC 6960 appendix A.2 names one type for OCSP. CRLs and certificates are served under many, so there the bytes decide and only web
 * pages are refused by name.
 */
function checkMediaType(kind: RevocationKind, contentType: string | undefined): void {
  const mediaType = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  const said = /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) ? mediaType : 'no media type';
  if (kind === 'ocsp' && mediaType !== 'application/ocsp-response') throw unavailable(`answered with ${said} instead of application/ocsp-response`);
  if (mediaType === 'text/html' || mediaType === 'application/xhtml+xml' || mediaType === 'application/json') throw unavailable(`answered with ${said}`);
}

const PEM_WINDOW_BYTES = 4_096;

/** A DER SEQUENCE, or PEM. @throws REVOCATION_UNAVAILABLE */
export function checkAnswerBody(kind: RevocationKind, body: Uint8Array): void {
  if (body.length === 0) throw unavailable('answered with nothing');
  const isPem = kind !== 'ocsp' && Buffer.from(body.subarray(0, PEM_WINDOW_BYTES)).includes('-----BEGIN ');
  if (body[0] !== 0x30 && !isPem) throw unavailable('answered with what is neither DER nor PEM');
}

/** `why` goes on from “The server”. */
export function unavailable(why: string, cause?: unknown): GatewayError {
  return new GatewayError('REVOCATION_UNAVAILABLE', `The server ${why}`, { cause });
}

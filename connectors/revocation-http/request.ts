import { GatewayError } from '../../src/domain/errors.ts';

export type RevocationKind = 'ocsp' | 'crl' | 'issuers';

export interface RevocationRequest {
  readonly kind: RevocationKind;
  readonly method: 'POST' | 'GET';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

const ACCEPT: Readonly<Record<RevocationKind, string>> = {
  ocsp: 'application/ocsp-response',
  crl: 'application/pkix-crl, */*;q=0.5',
  issuers: 'application/pkix-cert, application/pkcs7-mime, */*;q=0.5',
};

/** OCSP is always asked by POST: a GET would write the request into other people's logs and caches (RFC 6960 appendix A.1). */
export function buildRevocationRequest(kind: RevocationKind, url: URL, body: Uint8Array | null): RevocationRequest {
  // Compressed answers would have to be inflated before they can be counted.
  const headers = { accept: ACCEPT[kind], 'accept-encoding': 'identity', 'user-agent': 'lienthong' };
  if (body === null) return { kind, method: 'GET', url, headers, body };
  return { kind, method: 'POST', url, headers: { ...headers, 'content-type': 'application/ocsp-request' }, body };
}

const MAX_URL_LENGTH = 2_048;

/**
 * What the text of an address can already say; the address that its host stands for is judged when the connection is opened.
 * @throws URL_FORBIDDEN
 */
export function readRevocationUrl(text: string): URL {
  if (text.length > MAX_URL_LENGTH || !URL.canParse(text)) throw new GatewayError('URL_FORBIDDEN', 'It is not a usable address');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new GatewayError('URL_FORBIDDEN', `Addresses beginning with ${url.protocol} are not called, only http: and https:`);
  if (url.username !== '' || url.password !== '') throw new GatewayError('URL_FORBIDDEN', 'An address with a user name or password is not called');
  url.hash = '';
  return url;
}

import { GatewayError } from '../../src/domain/errors.ts';

/**
 * Judges the head of an answer before its body is read: 200 and `application/timestamp-reply` (RFC 3161 §3.4). A redirect is
 * an answer from somebody else, and is not followed.
 * @throws TSA_UNAVAILABLE for HTTP errors, TSA_ANSWER_INVALID for anything that cannot hold a time-stamp
 */
export function checkTsaResponseHead(name: string, status: number, contentType: string | undefined): void {
  if (status >= 300 && status < 400) throw new GatewayError('TSA_ANSWER_INVALID', `The time-stamping authority ${name} redirects (HTTP ${status}); enter its final address`);
  if (status !== 200) throw new GatewayError('TSA_UNAVAILABLE', `The time-stamping authority ${name} answered with HTTP ${status}`);
  const mediaType = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (mediaType !== 'application/timestamp-reply') {
    const got = /^[\w.+-]+\/[\w.+-]+$/.test(mediaType) ? mediaType : 'no media type';
    throw new GatewayError('TSA_ANSWER_INVALID', `The time-stamping authority ${name} answered with ${got} instead of application/timestamp-reply; check its address`);
  }
}

export function tooLarge(name: string, maxBytes: number): GatewayError {
  return new GatewayError('TSA_ANSWER_INVALID', `The time-stamping authority ${name} answered with more than ${maxBytes} bytes`);
}

import { GatewayError } from '../../src/domain/errors.ts';

/** @throws CONFIG_INVALID */
export function readUrl(text: string | null): URL {
  const url = text !== null && URL.canParse(text) ? new URL(text) : null;
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new GatewayError('CONFIG_INVALID', 'The URL that is pushed to is http or https, without user name and password');
  }
  return url;
}

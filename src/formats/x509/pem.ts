import { GatewayError } from '../../domain/errors.ts';

export interface PemBlock {
  readonly label: string;
  readonly der: Uint8Array;
}

const MAX_BLOCKS = 10_000;

/** Whether the bytes look like PEM text rather than DER. */
export function isPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes('-----BEGIN ');
}

/**
 * Every block of a PEM text in order; text between blocks is ignored.
 * @throws CERTIFICATE_MALFORMED for a block that is cut off or holds other than base64.
 * @see RFC 7468 §2, §3
 */
export function readPem(bytes: Uint8Array): PemBlock[] {
  const text = Buffer.from(bytes).toString('latin1');
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]{1,64})-----/g;
  for (let match = begin.exec(text); match !== null; match = begin.exec(text)) {
    const [{ length }, label = ''] = match;
    const end = text.indexOf(`-----END ${label}-----`, match.index + length);
    if (end < 0) throw broken('a PEM block without its end');
    blocks.push({ label, der: base64(text.slice(match.index + length, end)) });
    if (blocks.length > MAX_BLOCKS) throw broken(`more than ${MAX_BLOCKS} PEM blocks`);
    begin.lastIndex = end;
  }
  return blocks;
}

export function pemOf(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

function base64(text: string): Uint8Array {
  const compact = text.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(compact) || compact.length % 4 !== 0) throw broken('a PEM block that is not base64');
  return Buffer.from(compact, 'base64');
}

function broken(what: string): GatewayError {
  return new GatewayError('CERTIFICATE_MALFORMED', `The file holds ${what}`);
}

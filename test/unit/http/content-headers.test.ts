import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/domain/errors.ts';
import { expectedDigest, fileNameOf, mediaTypeOf } from '../../../src/http/content-headers.ts';

const HEX = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'; // SHA-256 of "test"
const BASE64 = Buffer.from(HEX, 'hex').toString('base64');
const digest = (headers: Readonly<Record<string, string>>): string | null => expectedDigest({ headers } as unknown as IncomingMessage);
const codeOf = (work: () => unknown): string => {
  try {
    return `gave ${String(work())}`;
  } catch (error) {
    return isGatewayError(error) ? error.code : String(error);
  }
};

describe('expectedDigest (RFC 9530)', () => {
  it.each([
    ['Content-Digest', { 'content-digest': `sha-256=:${BASE64}:` }, HEX],
    ['Repr-Digest', { 'repr-digest': `sha-256=:${BASE64}:` }, HEX],
    ['one of several', { 'content-digest': `sha-512=:AAAA:, sha-256=:${BASE64}:` }, HEX],
    ['both, agreeing', { 'content-digest': `sha-256=:${BASE64}:`, 'repr-digest': `sha-256=:${BASE64}:` }, HEX],
    ['another algorithm, passed over', { 'content-digest': 'sha-512=:AAAA:' }, null],
    ['none', {}, null],
  ])('reads %s', (_, headers, expected) => {
    expect(digest(headers)).toBe(expected);
  });

  it.each([
    ['hexadecimal', { 'content-digest': `sha-256=${HEX}` }],
    ['too few bytes', { 'content-digest': 'sha-256=:AAAA:' }],
    ['no dictionary', { 'content-digest': 'what' }],
    ['two that differ', { 'content-digest': `sha-256=:${BASE64}:`, 'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:` }],
  ])('refuses %s', (_, headers) => {
    expect(codeOf(() => digest(headers))).toBe('REQUEST_INVALID');
  });
});

describe('fileNameOf (RFC 6266 §4.3)', () => {
  it.each([
    ['attachment; filename="a.pdf"', 'a.pdf'],
    ['attachment; filename=a.pdf', 'a.pdf'],
    [`attachment; filename="x.pdf"; filename*=UTF-8''Gi%E1%BA%A5y.pdf`, 'Giấy.pdf'],
    ['attachment; filename="say \\"no\\".pdf"', 'say "no".pdf'],
    [`attachment; filename="${Buffer.from('Giấy.pdf', 'utf8').toString('latin1')}"`, 'Giấy.pdf'],
    ['attachment', null],
    [undefined, null],
  ])('%s', (header, name) => {
    expect(fileNameOf(header)).toBe(name);
  });

  it.each([['a path', 'attachment; filename="../etc/passwd"'], ['a Windows path', `attachment; filename*=UTF-8''C%5Ca.pdf`], ['bytes that are no text', `attachment; filename*=UTF-8''%FF%FE`], ['a reversed extension', `attachment; filename*=UTF-8''a%E2%80%AEfdp.exe`], ['a line break', `attachment; filename*=UTF-8''a%0Ab.pdf`], ['nothing', 'attachment; filename=""'], ['201 characters', `attachment; filename="${'a'.repeat(201)}"`]])('refuses %s', (_, header) => {
    expect(codeOf(() => fileNameOf(header))).toBe('REQUEST_INVALID');
  });
});

describe('mediaTypeOf', () => {
  it.each([
    ['application/PDF; charset=x', 'application/pdf'],
    [undefined, 'application/octet-stream'],
  ])('%s', (header, type) => {
    expect(mediaTypeOf(header)).toBe(type);
  });
  it('refuses what is none', () => {
    expect(codeOf(() => mediaTypeOf('pdf'))).toBe('REQUEST_INVALID');
  });
});

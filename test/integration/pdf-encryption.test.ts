import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { readPdfSignatures } from '../../src/formats/pades/signatures.ts';
import { openPdf } from '../../src/formats/pdf/document.ts';
import { isArray, isStream } from '../../src/formats/pdf/objects.ts';
import { findPage } from '../../src/formats/pdf/pages.ts';
import { readTextString } from '../../src/formats/pdf/text.ts';
import { qpdfRewrite, samplePdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';
import { requireVectors, vectorPath } from '../support/vectors.ts';

const KINDS: readonly (readonly [string, readonly string[]])[] = [
  ['RC4 of 40 bits (revision 2)', ['40']],
  ['RC4 of 128 bits (revision 3)', ['128', '--use-aes=n']],
  ['AES of 128 bits (revision 4)', ['128', '--use-aes=y']],
  ['AES of 128 bits with plain metadata (revision 4)', ['128', '--use-aes=y', '--cleartext-metadata']],
  ['AES of 256 bits (revision 5)', ['256', '--force-R5']],
  ['AES of 256 bits (revision 6)', ['256']],
];

describe.skipIf(!requireTool('qpdf'))('documents that qpdf encrypted (ISO 32000-2 §7.6.4)', () => {
  const encrypt = async (user: string, owner: string, [bits = '', ...options]: readonly string[]): Promise<Buffer> =>
    qpdfRewrite(await samplePdf(), '--allow-weak-crypto', '--static-id', '--password-mode=bytes', '--encrypt', user, owner, bits, ...options, '--');

  const contentOf = (bytes: Uint8Array, password: string): string => {
    const { latest } = openPdf(bytesSource(bytes), { passwords: [password] });
    const contents = latest.get(findPage(latest, 1).dict, 'Contents');
    const streams = (isArray(contents) ? contents.map((item) => latest.resolve(item)) : [contents]).filter((item) => isStream(item));
    return streams.map((item) => Buffer.from(latest.decode(item)).toString('latin1')).join('\n');
  };

  it.each(KINDS)('opens %s with either password, and with none that is wrong', async (_, options) => {
    const bytes = await encrypt('nguoi dung', 'chu', options);
    // pdf-lib writes "Page 1" as a hexadecimal string.
    expect(contentOf(bytes, 'nguoi dung')).toContain('506167652031');
    expect(contentOf(bytes, 'chu')).toContain('506167652031');
    expect(() => contentOf(bytes, 'khac')).toThrow(expect.objectContaining({ code: 'PDF_ENCRYPTED' }));
  });

  it.each(KINDS)('opens %s without password when the user has none', async (_, options) => {
    const bytes = await encrypt('', 'chu', options);
    expect(readPdfSignatures(bytesSource(bytes)).signatures).toEqual([]);
    const { latest } = openPdf(bytesSource(bytes), { passwords: [''] });
    const info = latest.dict(latest.trailer.entries.get('Info'));
    expect(readTextString(latest.resolve(info?.entries.get('Producer')))).toContain('pdf-lib');
  });

  it('opens a password with Vietnamese letters (revision 6, UTF-8)', async () => {
    expect(contentOf(await encrypt('mật khẩu', 'chu', ['256']), 'mật khẩu')).toContain('506167652031');
  });

  it.each(KINDS)('opens %s with Vietnamese letters that the writer took as UTF-8, however they are composed', async (_, options) => {
    const composed = 'mật khẩu';
    for (const written of [composed.normalize('NFC'), composed.normalize('NFD')]) {
      const bytes = await encrypt(written, 'chủ', [...options]);
      for (const typed of [composed.normalize('NFC'), composed.normalize('NFD'), 'chủ']) expect(contentOf(bytes, typed)).toContain('506167652031');
      expect(() => contentOf(bytes, 'mat khau')).toThrow(expect.objectContaining({ code: 'PDF_ENCRYPTED' }));
    }
  });

  it.each(KINDS)('opens %s with a password of Latin letters beyond ASCII, as PDFDocEncoding or UTF-8', async (_, options) => {
    expect(contentOf(await encrypt('clé', 'chu', options), 'clé')).toContain('506167652031');
  });
});

describe.skipIf(!requireVectors('pyhanko'))("pyHanko's damaged and foreign encryption", () => {
  const open = (file: string, passwords: readonly string[]) => () => openPdf(bytesSource(readFileSync(vectorPath('pyhanko', 'pdf', file))), { passwords }).latest.catalog;

  it('opens a string of no bytes', () => {
    expect(open('minimal-aes256-empty-encrypted-string.pdf', ['usersecret', 'ownersecret', 'secret', ''])).not.toThrow();
  });

  it.each(['minimal-aes256-malformed-oe.pdf', 'minimal-aes256-malformed-perms.pdf', 'malformed-encrypt-dict2.pdf'])('says of %s that it is damaged or closed', (file) => {
    expect(open(file, ['ownersecret', 'usersecret'])).toThrow(expect.objectContaining({ code: expect.stringMatching(/^PDF_(BROKEN|ENCRYPTED)$/) as string }));
  });

  it.each(['minimal-pubkey-aes256.pdf', 'minimal-pubkey-rc4.pdf'])('says of %s that it is encrypted for certificates', (file) => {
    expect(open(file, [''])).toThrow(/certificates/);
  });
});

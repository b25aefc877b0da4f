import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PDFDocument } from '@cantoo/pdf-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesSource } from '../../src/formats/byte-source.ts';
import { readPdfSignatures } from '../../src/formats/pades/signatures.ts';
import { integrityOf, isSoundPlacement } from '../conformance/pdf-verdict.ts';
import { testIdentity } from '../support/certificates.ts';
import { samplePdf, signPdf } from '../support/pdf.ts';
import { requireTool } from '../support/tools.ts';

const identity = testIdentity();

/** Everything intact, soundly placed and without a word of warning. */
function expectAllSound(bytes: Uint8Array, ids: readonly string[]): void {
  const source = bytesSource(bytes);
  const { signatures, disagreements } = readPdfSignatures(source);
  expect(disagreements).toEqual([]);
  expect(signatures.map(({ id }) => id)).toEqual(ids);
  for (const signature of signatures) {
    expect(signature).toSatisfy(isSoundPlacement);
    expect(integrityOf(source, signature)).toBe('intact');
    expect(signature.warnings).toEqual([]);
  }
}

describe('what other makers do after our signature (PDF-GOOD)', () => {
  it.each([false, true])('pdf-lib fills text, check box, radio group and list (object streams: %s)', async (useObjectStreams) => {
    const made = await PDFDocument.create();
    const page = made.addPage();
    const form = made.getForm();
    form.createTextField('So').addToPage(page, { x: 50, y: 500, width: 200, height: 20 });
    form.createCheckBox('Chon').addToPage(page, { x: 50, y: 450, width: 20, height: 20 });
    const group = form.createRadioGroup('Nhom');
    for (const [i, option] of ['a', 'b'].entries()) group.addOptionToPage(option, page, { x: 50 + 30 * i, y: 400, width: 20, height: 20 });
    const list = form.createDropdown('Ds');
    list.setOptions(['x', 'y']);
    list.addToPage(page, { x: 50, y: 350, width: 100, height: 20 });
    const signed = await signPdf(Buffer.from(await made.save({ useObjectStreams })), identity);

    const opened = await PDFDocument.load(signed, { forIncrementalUpdate: true, updateMetadata: false });
    const filling = opened.getForm();
    filling.getTextField('So').setText('hai');
    filling.getCheckBox('Chon').check();
    filling.getRadioGroup('Nhom').select('b');
    filling.getDropdown('Ds').select('y');
    const filled = Buffer.from(await opened.save({ useObjectStreams }));
    expect(filled.subarray(0, signed.length).equals(signed)).toBe(true);
    expectAllSound(filled, ['Signature1']);
  });

  describe.skipIf(!(requireTool('pdfsig') && requireTool('certutil') && requireTool('pk12util') && requireTool('openssl')))('poppler signs', () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'lienthong-nss-'));
      const run = (program: string, ...args: readonly string[]): void => { execFileSync(program, args, { cwd: folder, stdio: 'ignore' }); };
      run('openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '30', '-subj', '/O=Mau/CN=Thu');
      run('openssl', 'pkcs12', '-export', '-inkey', 'key.pem', '-in', 'cert.pem', '-name', 'thu', '-passout', 'pass:', '-out', 'key.p12');
      run('certutil', '-N', '-d', 'sql:.', '--empty-password');
      run('pk12util', '-i', 'key.p12', '-d', 'sql:.', '-W', '');
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    const sign = (bytes: Uint8Array, ...args: readonly string[]): Buffer => {
      writeFileSync(join(folder, 'in.pdf'), bytes);
      const { stderr } = spawnSync('pdfsig', ['-nssdir', 'sql:.', '-nick', 'thu', ...args, 'in.pdf', 'out.pdf'], { cwd: folder, encoding: 'utf8' });
      try {
        return readFileSync(join(folder, 'out.pdf'));
      } catch (cause) {
        throw new Error(`pdfsig wrote nothing: ${stderr}`, { cause });
      }
    };

    it.each([false, true])('in a field we placed, and in one of its own (object streams: %s)', async (objectStreams) => {
      const ours = await signPdf(await samplePdf({ objectStreams }), identity, { emptyFields: [{ name: 'Dau', page: 1, rect: { x: 50, y: 50, width: 100, height: 50 } }] });
      const filled = sign(ours, '-sign', 'Dau', '-etsi', '-reason', 'mau');
      expectAllSound(filled, ['Signature1', 'Dau']);
      expectAllSound(sign(filled, '-add-signature', '-new-signature-field-name', 'Ba'), ['Signature1', 'Dau', 'Ba']);
      expectAllSound(await signPdf(filled, identity), ['Signature1', 'Dau', 'Signature2']);
    });
  });
});

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { degrees, PDFDocument } from '@cantoo/pdf-lib';
import { appendedSource, bytesSource } from '../../src/formats/byte-source.ts';
import { embedContents, signedBytes } from '../../src/formats/pades/embed.ts';
import { openPdf } from '../../src/formats/pdf/document.ts';
import { IncrementalUpdate } from '../../src/formats/pdf/increment.ts';
import { preparePades, type PreparePadesOptions } from '../../src/formats/pades/prepare.ts';
import type { TestIdentity } from './certificates.ts';
import { signForTest } from './cms.ts';

/** A hand-written PDF with a classic table: bodies by object number, 1 being the catalog. */
export function classicPdf(bodies: Readonly<Record<number, string>>, trailerExtra = ''): Buffer {
  let text = '%PDF-1.7\n';
  const offsets = new Map<number, number>();
  for (const [num, body] of Object.entries(bodies)) {
    offsets.set(Number(num), text.length);
    text += `${num} 0 obj\n${body}\nendobj\n`;
  }
  const size = [...offsets.keys()].reduce((largest, num) => Math.max(largest, num), 0) + 1;
  const entries = Array.from({ length: size }, (_, num) => {
    const offset = offsets.get(num);
    return offset === undefined ? '0000000000 65535 f \n' : `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const xrefAt = text.length;
  text += `xref\n0 ${size}\n${entries.join('')}trailer\n<</Size ${size}/Root 1 0 R${trailerExtra}>>\nstartxref\n${xrefAt}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

/** The smallest document with one empty page of A4. */
export const onePagePdf = (): Buffer =>
  classicPdf({ 1: '<</Type/Catalog/Pages 2 0 R>>', 2: '<</Type/Pages/Kids[3 0 R]/Count 1>>', 3: '<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>' });

export interface SampleOptions {
  readonly pages?: number;
  readonly objectStreams?: boolean;
  readonly rotation?: 0 | 90 | 180 | 270;
  /** x, y, width, height. */
  readonly cropBox?: readonly [number, number, number, number];
}

/** A document as pdf-lib writes it, with some text on every page. */
export async function samplePdf({ pages = 1, objectStreams = false, rotation = 0, cropBox }: SampleOptions = {}): Promise<Buffer> {
  const document = await PDFDocument.create();
  for (let i = 1; i <= pages; i++) {
    const page = document.addPage([595, 842]);
    page.setRotation(degrees(rotation));
    if (cropBox !== undefined) page.setCropBox(...cropBox);
    page.drawText(`Page ${i}`, { x: 72, y: 720, size: 14 });
  }
  return Buffer.from(await document.save({ useObjectStreams: objectStreams }));
}

export const SIGNING_TIME = new Date('2026-11-24T02:30:15Z');

/** Signs with our own preparation and CMS builder; returns the whole new document. */
export async function signPdf(bytes: Uint8Array, identity: TestIdentity, options: Partial<PreparePadesOptions> = {}): Promise<Buffer> {
  const source = bytesSource(bytes);
  const prepared = await preparePades(source, {
    subFilter: 'ETSI.CAdES.detached',
    contentsBytes: 4096,
    revisionId: Buffer.alloc(16, 7),
    signingTime: SIGNING_TIME,
    utcOffsetMinutes: 420,
    ...options,
  });
  const content = Buffer.concat([...signedBytes(appendedSource(source, prepared.increment), prepared.byteRange)]);
  return Buffer.concat([bytes, embedContents(prepared, signForTest({ content, identity }))]);
}

/** Writes the bytes to a temporary file for another program, and removes it afterwards. */
export function withFile<T>(bytes: Uint8Array, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-pdf-'));
  try {
    const path = join(folder, 'document.pdf');
    writeFileSync(path, bytes);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Words of `qpdf --check`; empty when it has nothing to complain of. */
export function qpdfComplaints(bytes: Uint8Array): string {
  return withFile(bytes, (path) => {
    const { status, stdout, stderr } = spawnSync('qpdf', ['--check', path], { encoding: 'utf8' });
    return status === 0 ? stderr : stdout + stderr;
  });
}

/** The document as qpdf rewrites it with the given options. */
export function qpdfRewrite(bytes: Uint8Array, ...options: readonly string[]): Buffer {
  return withFile(bytes, (path) => {
    const out = `${path}.out`;
    const { status, stderr } = spawnSync('qpdf', [...options, path, out], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`qpdf: ${stderr}`);
    return readFileSync(out);
  });
}

/** What `pdfsig` says of each signature: validity and whether it covers the whole file. */
export function pdfsigVerdicts(bytes: Uint8Array): { readonly valid: boolean; readonly wholeDocument: boolean }[] {
  const said = withFile(bytes, (path) => spawnSync('pdfsig', ['-nocert', path], { encoding: 'utf8' }).stdout);
  return said
    .split(/^Signature #\d+:$/m)
    .slice(1)
    .filter((part) => !part.includes('The signature form field is not signed'))
    .map((part) => ({ valid: part.includes('Signature Validation: Signature is Valid.'), wholeDocument: part.includes('Total document signed') }));
}

/** The document with one more incremental update, lawful or not. */
export function appendUpdate(bytes: Uint8Array, change: (update: IncrementalUpdate) => void): Buffer {
  const update = new IncrementalUpdate(openPdf(bytesSource(bytes)));
  change(update);
  return Buffer.concat([bytes, update.build(Buffer.alloc(16, 3)).bytes]);
}

/** Same length, other text: for damage that leaves every offset as it was. */
export function patch(bytes: Uint8Array, from: string, to: string): Buffer {
  const out = Buffer.from(bytes);
  const at = out.indexOf(Buffer.from(from, 'latin1'));
  if (at === -1) throw new Error('the text to replace is not there');
  if (to.length > from.length) throw new Error('the replacement is longer');
  out.write(to.padEnd(from.length, ' '), at, 'latin1');
  return out;
}

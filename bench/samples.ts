import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

type Write = (bytes: Buffer) => void;

/**
 * A PDF of about a size, as a scanner makes it: one page with a line of text, and pictures in streams of half a megabyte. `write` gets it
 * piece by piece, so that a file of any size can be written without holding it.
 */
export function writeSample(sizeBytes: number, write: Write): void {
  const { object, stream, close } = beginPdf(write);
  const pictures = Math.max(1, Math.ceil((sizeBytes - 1_000) / PICTURE_BYTES));
  object('<</Type/Catalog/Pages 2 0 R>>');
  object('<</Type/Pages/Kids[3 0 R]/Count 1>>');
  object(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>/XObject<<${Array.from({ length: pictures }, (_, i) => `/Im${i} ${6 + i} 0 R`).join('')}>>>>>>`);
  object(FONT);
  stream('', LINE);
  for (let i = 0, left = sizeBytes - 1_000; i < pictures; i++, left -= PICTURE_BYTES) {
    const data = noise(Math.max(1, Math.min(left, PICTURE_BYTES)), i);
    stream(`/Type/XObject/Subtype/Image/Width ${data.length}/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray`, data);
  }
  close();
}

/** A form of many pages, a line of text and as many filled text fields with their appearance on each. */
export function formPdfOf(pages: number, fieldsPerPage: number): Buffer {
  const parts: Buffer[] = [];
  const { object, stream, close } = beginPdf((bytes) => parts.push(bytes));
  const numbers = Array.from({ length: pages }, (_, page) => 5 + page * (2 + 2 * fieldsPerPage));
  const fieldsOf = (page: number): number[] => Array.from({ length: fieldsPerPage }, (_, i) => page + 2 + 2 * i);
  const list = (refs: readonly number[]): string => refs.map((num) => `${num} 0 R`).join(' ');
  object('<</Type/Catalog/Pages 2 0 R/AcroForm 3 0 R>>');
  object(`<</Type/Pages/Kids[${list(numbers)}]/Count ${pages}/MediaBox[0 0 595 842]>>`);
  object(`<</Fields[${list(numbers.flatMap(fieldsOf))}]/DR<</Font<</F1 4 0 R>>>>/DA(/F1 10 Tf 0 g)>>`);
  object(FONT);
  for (const page of numbers) {
    object(`<</Type/Page/Parent 2 0 R/Contents ${page + 1} 0 R/Resources<</Font<</F1 4 0 R>>>>/Annots[${list(fieldsOf(page))}]>>`);
    stream('', LINE);
    for (const [i, field] of fieldsOf(page).entries()) {
      const bottom = 680 - 30 * i;
      object(`<</Type/Annot/Subtype/Widget/FT/Tx/T(f${field})/V(Gia tri ${field})/F 4/P ${page} 0 R/Rect[72 ${bottom} 300 ${bottom + 20}]/DA(/F1 10 Tf 0 g)/AP<</N ${field + 1} 0 R>>>>`);
      stream('/Type/XObject/Subtype/Form/BBox[0 0 228 20]/Resources<</Font<</F1 4 0 R>>>>', Buffer.from(`/Tx BMC q BT /F1 10 Tf 2 6 Td (Gia tri ${field}) Tj ET Q EMC`));
    }
  }
  close();
  return Buffer.concat(parts);
}

const FONT = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>';
const LINE = Buffer.from('BT /F1 14 Tf 72 720 Td (Quyet dinh) Tj ET');

/** Objects numbered from 1 in the order in which they come; the first is the catalog. */
function beginPdf(write: Write) {
  let at = 0;
  const offsets: number[] = [];
  const put = (...parts: readonly (string | Buffer)[]): void => {
    for (const part of parts) {
      const bytes = typeof part === 'string' ? Buffer.from(part, 'latin1') : part;
      write(bytes);
      at += bytes.length;
    }
  };
  const object = (...body: readonly (string | Buffer)[]): void => {
    offsets.push(at);
    put(`${offsets.length} 0 obj\n`, ...body, '\nendobj\n');
  };
  put('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n');
  return {
    object,
    stream: (entries: string, data: Buffer): void => object(`<<${entries}/Length ${data.length}>>\nstream\n`, data, '\nendstream'),
    close: (): void => {
      const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
      put(`xref\n0 ${offsets.length + 1}\n0000000000 65535 f \n${entries}trailer\n<</Size ${offsets.length + 1}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`);
    },
  };
}

const PICTURE_BYTES = 512 * 1024;

/** Bytes that no compression would shrink, the same each time. */
function noise(length: number, seed: number): Buffer {
  return createHash('shake256', { outputLength: length }).update(String(seed)).digest();
}

export function samplePdfOf(sizeBytes: number): Buffer {
  const parts: Buffer[] = [];
  writeSample(sizeBytes, (bytes) => parts.push(bytes));
  return Buffer.concat(parts);
}

export function writeSampleFile(path: string, sizeBytes: number): void {
  const file = openSync(path, 'w');
  try {
    writeSample(sizeBytes, (bytes) => writeSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

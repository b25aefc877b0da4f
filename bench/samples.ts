import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * A PDF of about a size, as a scanner makes it: one page with a line of text, and pictures in streams of half a megabyte. `write` gets it
 * piece by piece, so that a file of any size can be written without holding it.
 */
export function writeSample(sizeBytes: number, write: (bytes: Buffer) => void): void {
  let at = 0;
  const offsets: number[] = [];
  const put = (bytes: Buffer): void => {
    write(bytes);
    at += bytes.length;
  };
  const object = (body: string | readonly [string, Buffer]): void => {
    const [head, data] = typeof body === 'string' ? [body, null] : body;
    offsets.push(at);
    put(Buffer.from(`${offsets.length} 0 obj\n${head}${data === null ? '' : '\nstream\n'}`, 'latin1'));
    if (data !== null) put(data);
    put(Buffer.from(`${data === null ? '' : '\nendstream'}\nendobj\n`));
  };
  put(Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'));
  const pictures = Math.max(1, Math.ceil((sizeBytes - 1_000) / PICTURE_BYTES));
  const text = Buffer.from('BT /F1 14 Tf 72 720 Td (Quyet dinh) Tj ET');
  object('<</Type/Catalog/Pages 2 0 R>>');
  object('<</Type/Pages/Kids[3 0 R]/Count 1>>');
  object(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 5 0 R/Resources<</Font<</F1 4 0 R>>/XObject<<${Array.from({ length: pictures }, (_, i) => `/Im${i} ${6 + i} 0 R`).join('')}>>>>>>`);
  object('<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>');
  object([`<</Length ${text.length}>>`, text]);
  for (let i = 0, left = sizeBytes - 1_000; i < pictures; i++, left -= PICTURE_BYTES) {
    const data = noise(Math.max(1, Math.min(left, PICTURE_BYTES)), i);
    object([`<</Type/XObject/Subtype/Image/Width ${data.length}/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray/Length ${data.length}>>`, data]);
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  put(Buffer.from(`xref\n0 ${offsets.length + 1}\n0000000000 65535 f \n${entries}trailer\n<</Size ${offsets.length + 1}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`));
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

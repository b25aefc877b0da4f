import type { PDFiumDocument } from '@hyzyla/pdfium';
import type { Pixels } from './png.ts';
import type { Region } from './signature-regions.ts';

/** Widest picture, in pixels: sharp on paper at half the text width. */
const MAX_WIDTH = 900;
const MAX_HEIGHT = 900;
/** Pixels of the page, which is painted whole and then cut. */
const MAX_PAGE_PIXELS = 12_000_000;
const MAX_SCALE = 3;

/** Paints the part of a page, form fields included, over white. @throws Error of PDFium when it cannot load or paint the page */
export async function paintRegion(document: PDFiumDocument, pageNumber: number, region: Region): Promise<Pixels> {
  const page = document.getPage(pageNumber - 1);
  const { originalWidth, originalHeight } = page.getOriginalSize();
  const scale = Math.min(
    MAX_SCALE,
    MAX_WIDTH / (region.width * originalWidth),
    MAX_HEIGHT / (region.height * originalHeight),
    Math.sqrt(MAX_PAGE_PIXELS / (originalWidth * originalHeight)),
  );
  const { width, height, data } = await page.render({ scale, render: 'bitmap', renderFormFields: true });
  return cut(data, width, height, region);
}

/** RGBA of the whole page to RGB of its part. */
function cut(rgba: Uint8Array, pageWidth: number, pageHeight: number, region: Region): Pixels {
  const left = clamp(Math.floor(region.left * pageWidth), 0, pageWidth - 1);
  const top = clamp(Math.floor(region.top * pageHeight), 0, pageHeight - 1);
  const width = clamp(Math.ceil(region.width * pageWidth), 1, pageWidth - left);
  const height = clamp(Math.ceil(region.height * pageHeight), 1, pageHeight - top);
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = ((top + y) * pageWidth + left + x) * 4;
      rgb.set(rgba.subarray(from, from + 3), (y * width + x) * 3);
    }
  }
  return { width, height, rgb };
}

const clamp = (value: number, least: number, most: number): number => Math.min(Math.max(value, least), most);

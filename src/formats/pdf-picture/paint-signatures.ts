import { PDFiumLibrary } from '@hyzyla/pdfium';
import { isGatewayError } from '../../domain/errors.ts';
import { bytesSource } from '../byte-source.ts';
import { MAX_PAINTED_BYTES, NO_PICTURES, type RegionPicture, type ReportPictures, type SignaturePictures } from '../report/pictures.ts';
import { paintRegion } from './paint-region.ts';
import { writePng, type Pixels } from './png.ts';
import { signatureRegions, type SignatureRegion } from './signature-regions.ts';

/** Visible signatures painted; further ones have no picture. */
const MAX_SIGNATURES = 24;

/**
 * Pictures of the place of every visible signature of a PDF, as it was signed and as it is now. For people to compare: PDFium decides what is
 * painted and may be wrong, no verdict rests on it. Runs WebAssembly over untrusted bytes, which nothing inside the process can stop: call it
 * through `Isolation` (`pdf.paint-signatures`). A document that cannot be painted is answered with the reason, not thrown.
 * @param pdf the whole file, at most 50 MiB
 * @param password of an encrypted document, user's or owner's; the empty one is always tried
 */
export async function paintSignatures(pdf: Uint8Array, password?: string): Promise<ReportPictures> {
  if (pdf.length > MAX_PAINTED_BYTES) return { ...NO_PICTURES, omitted: 'too-large' };
  const regions = regionsOrNull(pdf, password);
  if (regions === null) return { ...NO_PICTURES, omitted: 'not-painted' };
  if (regions.length === 0) return NO_PICTURES;
  const library = await PDFiumLibrary.init();
  try {
    return await paintAll((bytes) => library.loadDocument(bytes, password), pdf, regions.slice(0, MAX_SIGNATURES));
  } finally {
    library.destroy();
  }
}

function regionsOrNull(pdf: Uint8Array, password: string | undefined): SignatureRegion[] | null {
  try {
    return signatureRegions(bytesSource(pdf), password);
  } catch (error) {
    if (isGatewayError(error) && error.origin === 'caller') return null;
    throw error;
  }
}

type OpenDocument = (bytes: Uint8Array) => ReturnType<PDFiumLibrary['loadDocument']>;

async function paintAll(open: OpenDocument, pdf: Uint8Array, regions: readonly SignatureRegion[]): Promise<ReportPictures> {
  const bySignature = new Map<string, SignaturePictures>();
  let omitted: ReportPictures['omitted'] = null;
  for (const region of regions) {
    const pictures = await paintOne(open, pdf, region);
    if (pictures === null) omitted = 'not-painted';
    else bySignature.set(region.id, pictures);
  }
  return { bySignature, omitted };
}

async function paintOne(open: OpenDocument, pdf: Uint8Array, { signedBytes, page, currentPage, region }: SignatureRegion): Promise<SignaturePictures | null> {
  const signed = await paintFrom(open, pdf.subarray(0, signedBytes), page, region);
  if (signed === null) return null;
  const isNewest = signedBytes >= pdf.length;
  const current = isNewest ? signed : currentPage === null ? null : await paintFrom(open, pdf, currentPage, region);
  return { page, signed: pictureOf(signed), current: current === null ? null : pictureOf(current), identical: current !== null && samePixels(signed, current) };
}

/** null when PDFium refuses the document or the page: it reads more strictly than some writers write. */
async function paintFrom(open: OpenDocument, pdf: Uint8Array, page: number, region: SignatureRegion['region']): Promise<Pixels | null> {
  try {
    const document = await open(pdf);
    try {
      return await paintRegion(document, page, region);
    } finally {
      document.destroy();
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name === 'RuntimeError') throw error; // WebAssembly trapped, its memory may be broken: give this process up
    return null;
  }
}

const pictureOf = (pixels: Pixels): RegionPicture => ({ png: writePng(pixels), widthPx: pixels.width, heightPx: pixels.height });

const samePixels = (a: Pixels, b: Pixels): boolean => a.width === b.width && a.height === b.height && Buffer.compare(a.rgb, b.rgb) === 0;

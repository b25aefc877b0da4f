import { GatewayError } from '../domain/errors.ts';
import type { Anchor } from '../formats/api/appearance.ts';
import type { TextPlace, TextQuery } from '../formats/pdf-picture/find-text.ts';
import type { PresentationRequest } from './signature-presentation.ts';

/** Looks for a text in the document that is to be signed. @throws as `findText` */
export type TextFinder = (query: TextQuery) => Promise<readonly TextPlace[]>;

/**
 * The place that an anchor names: which of several texts is meant is not for us to guess.
 * @throws PDF_TEXT_NOT_FOUND, PDF_TEXT_AMBIGUOUS with the pages; what `find` throws
 */
export async function placeByText(find: TextFinder, { text, page, width, height, dx, dy = -height }: Anchor): Promise<NonNullable<PresentationRequest['placement']>> {
  const [place, ...others] = await find({ text, page });
  if (place === undefined) throw new GatewayError('PDF_TEXT_NOT_FOUND', `The text of the anchor does not stand ${page === undefined ? 'in the document' : `on page ${page}`}, or only as a picture: place the signature by page and rectangle`);
  if (others.length > 0) {
    const pages = [...new Set([place, ...others].map((one) => one.page))].join(', ');
    throw new GatewayError('PDF_TEXT_AMBIGUOUS', `The text of the anchor stands in ${others.length + 1} places (page ${pages}): give a longer text, or its page`);
  }
  return { page: place.page, rect: { x: place.rect.x + dx, y: place.rect.y + dy, width, height } };
}

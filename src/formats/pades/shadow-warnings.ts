import { isGatewayError } from '../../domain/errors.ts';
import type { PdfRevision } from '../pdf/document.ts';
import { dormantObjects } from '../pdf/dormant-objects.ts';
import { overlays } from '../pdf/overlays.ts';
import type { ScannedObject } from '../pdf/scan.ts';

/**
 * What in a signed revision looks prepared to show something else after a small update: hidden objects and fields over content. Such
 * things also come about in good faith, so that they are warnings and never a verdict.
 * @param signed the document as it was signed
 * @param unlisted objects of the file that no cross-reference section leads to
 * @see Mainka et al., "Shadow Attacks: Hiding and Replacing Content in Signed PDFs", NDSS 2021
 */
export function shadowWarnings(signed: PdfRevision, unlisted: readonly ScannedObject[]): readonly string[] {
  try {
    return [...hidden(signed, unlisted), ...overlays(signed).map(({ fieldName, covers }) => `the form field “${fieldName}” covers ${covers}; filling the form may show or hide it`)];
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT')) return ['whether the signed document hides content could not be told, since not all of it can be read'];
    throw error;
  }
}

function hidden(signed: PdfRevision, unlisted: readonly ScannedObject[]): string[] {
  const dormant = dormantObjects(signed).map(({ num, what }) => `object ${num} (${what})`);
  const end = signed.document.revisions[signed.index]?.end ?? signed.document.source.sizeBytes;
  const doubles = unlisted.filter(({ offset, num }) => offset < end && signed.entry(num).type !== 'free').map(({ num }) => `another object ${num}`);
  const found = [...new Set([...dormant, ...doubles])];
  if (found.length === 0) return [];
  return [`the signed document holds what nothing in it leads to: ${found.slice(0, 10).join(', ')}; a small update could show it`];
}

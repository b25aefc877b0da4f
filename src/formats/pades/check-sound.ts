import { disagreements } from '../pdf/disagreements.ts';
import { endsClean, type PdfDocument } from '../pdf/document.ts';
import { broken } from '../pdf/limits.ts';
import { latin1 } from '../pdf/parser.ts';
import { scanDocument } from '../pdf/scan.ts';
import { structureFaults } from '../pdf/structure-faults.ts';

/**
 * Whoever appends to a document appends to exactly what readers see: a file whose structure readers must guess is refused.
 * @param compareReadings look at its whole structure and read it from front to back too, and refuse it where that differs from its
 * cross-reference; costs a pass over its syntax
 * @throws PDF_BROKEN
 */
export function checkSound(document: PdfDocument, compareReadings: boolean): void {
  const { source, revisions } = document;
  if (!latin1(source.read(0, Math.min(5, source.sizeBytes))).startsWith('%PDF-')) throw broken('bytes stand before its %PDF- header');
  if (revisions.at(-1)?.end === undefined || !endsClean(document)) throw broken('bytes stand after its last cross-reference section');
  if (!compareReadings) return;
  // First, because the objects it reads need not be read again for the other looks.
  const scan = scanDocument(document);
  const [fault] = structureFaults(document);
  if (fault !== undefined) throw broken(fault);
  const [difference] = disagreements(document, scan);
  if (difference !== undefined) throw broken(`read from front to back it is another document: ${difference}`);
}

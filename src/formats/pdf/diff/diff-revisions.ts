import type { PdfRevision } from '../document.ts';
import { checkCatalog, checkEncryption, checkInfo, checkMetadata } from './catalog-rules.ts';
import type { Change } from './change.ts';
import { checkDss } from './dss-rule.ts';
import { checkFields } from './field-rules.ts';
import { checkForm } from './form-rules.ts';
import { checkPages } from './page-rules.ts';
import { Step } from './step.ts';
import { checkStructure } from './structure-rule.ts';

/**
 * What a revision changed of the one before it, object by object; whether that was allowed is for `judgeChanges`. An empty list
 * means that nothing a reader could see was touched. @throws PDF_BROKEN, PDF_LIMIT when one of the two cannot be read as a whole
 * @see ISO 32000-2 §12.8.2.2, ETSI EN 319 142-1 §5.6
 */
export function diffRevisions(before: PdfRevision, after: PdfRevision): readonly Change[] {
  const step = new Step(before, after);
  checkEncryption(step);
  checkInfo(step);
  const catalogs = checkCatalog(step);
  if (catalogs !== undefined) {
    checkMetadata(step, catalogs);
    checkDss(step, catalogs);
    const newWidgets = checkFields(step, checkForm(step, catalogs));
    checkPages(step, newWidgets);
    checkStructure(step, catalogs, newWidgets);
  }
  step.finish();
  return step.changes;
}

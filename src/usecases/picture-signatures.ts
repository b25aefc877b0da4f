import { isGatewayError } from '../domain/errors.ts';
import type { ValidationReport } from '../domain/validation-report.ts';
import type { ByteSource } from '../formats/byte-source.ts';
import { MAX_PAINTED_BYTES, NO_PICTURES, type ReportPictures } from '../formats/report/pictures.ts';
import type { Budget, Isolation } from '../ports/isolation.ts';

/** What the work is called by; `isolation/tasks.ts` holds it. */
export type PaintTasks = { readonly 'pdf.paint-signatures': (input: { readonly pdf: Uint8Array; readonly password: string | null }) => Promise<ReportPictures> };

export interface PictureRequest {
  /** Says whether there is anything to paint. */
  readonly report: ValidationReport;
  /** The file that was verified. */
  readonly source: ByteSource;
  /** Of an encrypted PDF, as it was verified with; null: none was given. */
  readonly password: string | null;
  readonly signal?: AbortSignal;
}

const BUDGET: Budget = { deadlineMs: 20_000, maxMemoryMb: 768 };

/**
 * Pictures for a report, where it is about a signed PDF. A picture is a courtesy: where painting takes too long or breaks down the report says so,
 * and stands without.
 * @throws CANCELLED, SHUTTING_DOWN, OVERLOADED
 */
export async function pictureSignatures(isolation: Isolation<PaintTasks>, { report, source, password, signal }: PictureRequest): Promise<ReportPictures> {
  if (report.mediaType !== 'application/pdf' || report.signatures.length === 0) return NO_PICTURES;
  if (source.sizeBytes > MAX_PAINTED_BYTES) return { ...NO_PICTURES, omitted: 'too-large' };
  try {
    return await isolation.run('pdf.paint-signatures', { pdf: source.read(0, source.sizeBytes), password }, { ...BUDGET, ...(signal !== undefined && { signal }) });
  } catch (error) {
    if (isGatewayError(error, 'BUDGET_EXCEEDED', 'INTERNAL')) return { ...NO_PICTURES, omitted: 'not-painted' };
    throw error;
  }
}

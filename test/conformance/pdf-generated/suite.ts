import { readFileSync } from 'node:fs';
import { GatewayError } from '../../../src/domain/errors.ts';
import { bytesSource } from '../../../src/formats/byte-source.ts';
import { readPdfSignatures, type PdfSignature } from '../../../src/formats/pades/signatures.ts';
import { vectorPath } from '../../support/vectors.ts';
import { describePlacement, integrityOf, isSoundPlacement } from '../pdf-verdict.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** Every signature that pyHanko's own tests make, judged per file and field as pyHanko judges it. */
export const suite: Suite = { name: 'pdf-generated', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('pdf-generated'));
}

interface Row {
  readonly path: string;
  readonly test: string;
  readonly field: string;
  readonly intact: string;
  readonly valid: string;
  readonly coverage: string;
  readonly modification: string;
  readonly password: string;
}

const EXTENTS: Readonly<Record<string, string>> = {
  ENTIRE_FILE: 'file',
  ENTIRE_REVISION: 'revision',
  CONTIGUOUS_BLOCK_FROM_START: 'partial',
  UNCLEAR: 'unclear',
};

/** Rows that say something else than what pyHanko says by default of that file. */
const NOT_APPLICABLE: readonly (readonly [RegExp, string])[] = [
  [/^Sig1 test_pades_double_sign_delete_(?:dss|vri|entry_in_vri)$/, "contradicts Sig2's row on the same file, where the same later revision is refused for removing validation data"],
  [/test_orphan\[False\]/, 'judged by a policy other than the default, which contradicts test_orphan[True] on an equal file'],
  [/test_sign_reject_freed\[False\]/, 'judged by a policy other than the default, which contradicts test_sign_reject_freed[True] on an equal file'],
];

export function outcomes(): CaseOutcome[] {
  return readRows().map(judge);
}

export function readRows(): Row[] {
  const [head = '', ...lines] = readFileSync(vectorPath('pyhanko-generated', 'expected.tsv'), 'utf8').split('\n');
  const columns = head.split('\t');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split('\t');
      const cell = (name: string): string => (cells[columns.indexOf(name)] ?? '').trim();
      return {
        path: cell('path'),
        test: cell('source_test').split('#')[1] ?? '',
        field: cell('field'),
        intact: cell('intact'),
        valid: cell('valid'),
        coverage: cell('coverage'),
        modification: cell('modification'),
        password: cell('password'),
      };
    });
}

function judge(row: Row): CaseOutcome {
  const expected = { integrity: row.intact === 'True' && row.valid === 'True', placement: isSoundRow(row) };
  const outcome = { id: `${row.path} ${row.field} ${row.test}`, shouldPass: expected.integrity && expected.placement };
  const source = bytesSource(readFileSync(vectorPath('pyhanko-generated', row.path)));
  const skipped = skipReason(row, source.read(0, source.sizeBytes));
  if (skipped !== undefined) return { ...outcome, passed: false, detail: '', skipped };
  let signature: PdfSignature | undefined;
  try {
    const read = readPdfSignatures(source, row.password === '' ? {} : { password: row.password });
    signature = read.signatures.find((candidate) => candidate.fieldName === row.field);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return { ...outcome, passed: false, detail: `${error.code}: ${error.message}` };
  }
  if (signature === undefined) return { ...outcome, passed: false, detail: 'no signature in the field' };
  const integrity = integrityOf(source, signature);
  const placed = isSoundPlacement(signature);
  return {
    ...outcome,
    passed: integrity === 'intact' && placed,
    agrees: (integrity === 'intact') === expected.integrity && EXTENTS[row.coverage] === signature.coverage.extent && placed === expected.placement,
    detail: `${row.coverage} ${row.modification}; ${integrity}; ${describePlacement(signature)}`,
  };
}

const isSoundRow = (row: Row): boolean => row.modification !== 'OTHER' && (row.coverage === 'ENTIRE_FILE' || row.coverage === 'ENTIRE_REVISION');

/** What the columns cannot judge: rows where pyHanko stopped with an error, encryption for certificates, other policies. */
function skipReason(row: Row, bytes: Uint8Array): string | undefined {
  const other = NOT_APPLICABLE.find(([pattern]) => pattern.test(`${row.field} ${row.test}`));
  if (other !== undefined) return other[1];
  if (row.coverage === '' || row.modification === '') return 'pyHanko gave no verdict on this row';
  return Buffer.from(bytes).includes('/Adobe.PubSec') ? 'encrypted for certificates (/Adobe.PubSec)' : undefined;
}

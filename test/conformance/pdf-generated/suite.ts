import { readFileSync } from 'node:fs';
import { loadPolicy } from '../../../certs/policy/load-policy.ts';
import { isGatewayError } from '../../../src/domain/errors.ts';
import { NO_MATERIAL, type ValidationContext } from '../../../src/formats/ades/context.ts';
import { documentJudge, type JudgedDocument } from '../../../src/formats/ades/judge-document.ts';
import { validationPolicy } from '../../../src/formats/ades/policy.ts';
import { bytesSource, type ByteSource } from '../../../src/formats/byte-source.ts';
import { readPdfSignatures, type PdfSignature } from '../../../src/formats/pades/signatures.ts';
import { readCertificate } from '../../../src/formats/x509/certificate.ts';
import { readPem } from '../../../src/formats/x509/pem.ts';
import { vectorPath } from '../../support/vectors.ts';
import { describePlacement, integrityOf, isSoundPlacement } from '../pdf-verdict.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite, type SuiteResult } from '../suite.ts';

/** Every signature that pyHanko's own tests make, judged per file and field as pyHanko judges it: with its test CA, at its frozen time. */
export const suite: Suite = { name: 'pdf-generated', run: () => Promise.resolve(run()) };

export function run(): SuiteResult {
  return sumUp(outcomes(), readDeviations('pdf-generated'));
}

interface Row {
  readonly path: string;
  readonly test: string;
  readonly field: string;
  readonly frozenTime: string;
  readonly intact: string;
  readonly valid: string;
  readonly coverage: string;
  readonly modification: string;
  readonly message: string;
  readonly password: string;
}

const EXTENTS: Readonly<Record<string, string>> = {
  ENTIRE_FILE: 'file',
  ENTIRE_REVISION: 'revision',
  CONTIGUOUS_BLOCK_FROM_START: 'partial',
  UNCLEAR: 'unclear',
};

/** Rows that say nothing of what a verifier should answer to that file. */
const NOT_APPLICABLE: readonly (readonly [RegExp, string])[] = [
  [/test_orphan\[False\]/, 'judged by a policy other than the default, which contradicts test_orphan[True] on an equal file'],
  [/test_sign_reject_freed\[False\]/, 'judged by a policy other than the default, which contradicts test_sign_reject_freed[True] on an equal file'],
  [/test_sv_flag_unsupported/, 'pyHanko stopped at a demand on the signer that it does not implement, and judged nothing'],
  [/test_timestamp_wrong_type/, 'pyHanko was asked to take an ordinary signature for a time-stamp; nothing is wrong with the file'],
  [/test_allow_hybrid_sign_validate_fail/, 'pyHanko was told to refuse hybrid-reference files, which are allowed (ISO 32000-2 §7.5.8.4), and judged nothing'],
];

export function outcomes(): CaseOutcome[] {
  const judge = judgeRow(anchors());
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
        frozenTime: cell('frozen_time'),
        intact: cell('intact'),
        valid: cell('valid'),
        coverage: cell('coverage'),
        modification: cell('modification'),
        message: cell('diff_message_or_exception'),
        password: cell('password'),
      };
    });
}

function anchors(): ValidationContext['anchors'] {
  const root = readPem(readFileSync(vectorPath('pyhanko', 'crypto/testing-ca/root/root.cert.pem'))).map(({ der }) => ({ certificate: readCertificate(der), set: 'pyhanko' }));
  return { signature: root, timestamp: root };
}

interface Expectation {
  readonly integrity: boolean;
  /** Undefined where the row has no such column. */
  readonly extent: string | undefined;
  readonly placement: boolean | undefined;
  /** pyHanko ended with an error that refuses the signature. */
  readonly refused: boolean;
}

function expectationOf(row: Row): Expectation {
  return {
    integrity: row.intact === 'True' && row.valid === 'True',
    extent: row.coverage === '' ? undefined : EXTENTS[row.coverage],
    placement: row.modification === '' ? undefined : row.modification !== 'OTHER' && (row.coverage === 'ENTIRE_FILE' || row.coverage === 'ENTIRE_REVISION'),
    refused: row.intact === '',
  };
}

const judgeRow = (trusted: ValidationContext['anchors']) => (row: Row): CaseOutcome => {
  const expected = expectationOf(row);
  const outcome = { id: `${row.path} ${row.field} ${row.test}`, shouldPass: expected.integrity && expected.placement !== false };
  const source = bytesSource(readFileSync(vectorPath('pyhanko-generated', row.path)));
  const skipped = skipReason(row, source.read(0, source.sizeBytes));
  if (skipped !== undefined) return { ...outcome, passed: false, detail: '', skipped };
  const signature = signatureOf(row, source);
  if (typeof signature === 'string') return { ...outcome, passed: false, detail: signature };
  const context: ValidationContext = { policy: validationPolicy(loadPolicy('default')), at: new Date(`${row.frozenTime.replace(' ', 'T')}Z`), anchors: trusted, certificates: [], revocation: NO_MATERIAL };
  const judged = documentJudge(source, undefined, row.password === '' ? undefined : row.password)(context);
  const { integrity, refused } = verdictOf(judged, signature, source);
  const placed = isSoundPlacement(signature);
  const agrees = expected.refused
    ? refused
    : (integrity === 'intact') === expected.integrity && expected.extent === signature.coverage.extent && (expected.placement === undefined || placed === expected.placement);
  return {
    ...outcome,
    passed: integrity === 'intact' && (expected.refused ? !refused : placed || expected.placement === undefined),
    agrees,
    detail: `${row.coverage} ${row.modification} ${row.message}; ${integrity}${refused ? ', refused' : ''}; ${describePlacement(signature)}`,
  };
};

function signatureOf(row: Row, source: ByteSource): PdfSignature | string {
  try {
    const { signatures } = readPdfSignatures(source, row.password === '' ? {} : { password: row.password });
    return signatures.find(({ fieldName }) => fieldName === row.field) ?? 'no signature in the field';
  } catch (error) {
    if (isGatewayError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** What the report says of it; reports of time-stamps have no integrity of their own, so the token is looked at. */
function verdictOf({ signatures, timestamps }: JudgedDocument, signature: PdfSignature, source: ByteSource): { readonly integrity: string; readonly refused: boolean } {
  const unanalysed = signature.changes.after === 'unknown';
  if (signature.kind === 'document-timestamp') {
    const report = timestamps.find(({ type, covers }) => type === 'document' && covers === signature.id);
    return { integrity: integrityOf(source, signature), refused: unanalysed || report === undefined || report.indication === 'FAILED' };
  }
  const report = signatures.find(({ id }) => id === signature.id);
  return { integrity: report?.integrity ?? 'unknown', refused: unanalysed || report === undefined || report.indication === 'TOTAL-FAILED' };
}

/** What the columns cannot judge: encryption for certificates, other policies. */
function skipReason(row: Row, bytes: Uint8Array): string | undefined {
  const other = NOT_APPLICABLE.find(([pattern]) => pattern.test(`${row.field} ${row.test}`));
  if (other !== undefined) return other[1];
  return Buffer.from(bytes).includes('/Adobe.PubSec') ? 'encrypted for certificates (/Adobe.PubSec)' : undefined;
}

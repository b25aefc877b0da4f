import type { SignatureReport, ValidationReport } from '../../../src/domain/validation-report.ts';
import { isGatewayError } from '../../../src/domain/errors.ts';
import type { CaseOutcome } from '../suite.ts';
import type { Notary } from './notary.ts';

/**
 * What the verifier must say of the document:
 * - `sound`: every signature passes, and there is nothing to warn of;
 * - `warned`: it may pass, and is told apart by a warning;
 * - `modified`: the signed revision is intact, sound by itself, and not what is shown now;
 * - `refused`: no signature of it passes, or it cannot be read.
 */
export type Expected = { readonly is: 'sound' } | { readonly is: 'warned'; readonly words: RegExp } | { readonly is: 'modified'; readonly words: RegExp } | { readonly is: 'refused'; readonly words?: RegExp };

export interface Mutant {
  /** Class of the attack and number: `PDF-USF-1`. */
  readonly id: string;
  readonly rule: string;
  readonly make: (notary: Notary) => Promise<Uint8Array>;
  readonly expected: Expected;
}

export async function judge(notary: Notary, { id, rule, make, expected }: Mutant): Promise<CaseOutcome> {
  const document = await make(notary);
  const report = await verifyOrThrown(notary, document);
  const shouldPass = expected.is === 'sound';
  if (typeof report === 'string') return { id: `${id} ${rule}`, shouldPass, passed: false, agrees: false, detail: report };
  const agrees = await meets(notary, document, report, expected);
  return { id: `${id} ${rule}`, shouldPass, passed: looksUnchanged(report), agrees, detail: describe(report) };
}

async function verifyOrThrown(notary: Notary, document: Uint8Array): Promise<ValidationReport | string> {
  try {
    return await notary.verify(document);
  } catch (error) {
    return `verification must answer and threw ${isGatewayError(error) ? error.code : String(error)}`;
  }
}

/** What every B-B signature is told: no time-stamp stands behind the time its signer claims. */
const ALWAYS = /only the signer’s claim/;
const warningsOf = ({ warnings }: SignatureReport): string[] => warnings.filter((warning) => !ALWAYS.test(warning));

/** Valid as a whole, and nothing said that would make a reader look twice. */
function looksUnchanged({ result, signatures }: ValidationReport): boolean {
  return result === 'TOTAL-PASSED' && signatures.every((signature) => warningsOf(signature).length === 0);
}

async function meets(notary: Notary, document: Uint8Array, report: ValidationReport, expected: Expected): Promise<boolean> {
  const { signatures } = report;
  switch (expected.is) {
    case 'sound':
      return looksUnchanged(report);
    case 'warned':
      return signatures.some((signature) => warningsOf(signature).some((warning) => expected.words.test(warning)));
    case 'modified':
      return report.result === 'TOTAL-FAILED' && signatures.some((signature) => tellsChange(signature, expected.words)) && (await hasSoundRevision(notary, document, signatures));
    case 'refused':
      return signatures.every(({ indication }) => indication !== 'TOTAL-PASSED') && (expected.words === undefined || expected.words.test(describe(report)));
  }
}

function tellsChange({ integrity, coverage }: SignatureReport, words: RegExp): boolean {
  return integrity === 'intact' && coverage.changesAfter === 'forbidden' && words.test(coverage.changes.join('\n'));
}

/** The revision that was signed, cut out at its end, is what the signer saw. */
async function hasSoundRevision(notary: Notary, document: Uint8Array, [first]: readonly SignatureReport[]): Promise<boolean> {
  const ends = [...Buffer.from(document).toString('latin1').matchAll(/%%EOF\n/g)].map(({ index }) => index + 6);
  const end = ends[(first?.coverage.revision ?? 0) - 1];
  return end !== undefined && (await notary.verify(document.subarray(0, end))).result === 'TOTAL-PASSED';
}

function describe({ result, error, signatures }: ValidationReport): string {
  const each = signatures.map(({ id, indication, subIndication, integrity, coverage, checks, warnings }) => {
    const failed = checks.filter(({ status }) => status === 'failed').map(({ name, detail }) => `${name}: ${detail}`);
    return `${id} ${indication} ${subIndication ?? ''} ${integrity} ${coverage.extent} ${coverage.changesAfter} [${[...failed, ...warnings.filter((warning) => !ALWAYS.test(warning))].join('; ')}]`;
  });
  return [result, error === null ? '' : error.detail, ...each].filter((part) => part !== '').join(' | ');
}

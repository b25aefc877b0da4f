import { readdirSync, readFileSync } from 'node:fs';
import { isGatewayError } from '../../../src/domain/errors.ts';
import { pdfsigVerdicts, qpdfComplaints } from '../../support/pdf.ts';
import { hasTool } from '../../support/tools.ts';
import { vectorPath } from '../../support/vectors.ts';
import { createNotary, type Notary } from '../mutants/notary.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite } from '../suite.ts';

/**
 * Every PDF of pyHanko's folder: those with sound structure are signed twice, and both signatures are valid in pdfsig and in our verifier, with
 * nothing before them changed and nothing for qpdf to complain of; the others are refused with a reason.
 */
export const suite: Suite = { name: 'sign-pdfs', run: async () => sumUp(await outcomes(), readDeviations('sign-pdfs')) };

export async function outcomes(): Promise<CaseOutcome[]> {
  const sound = new Set(readFileSync(vectorPath('pyhanko', 'signable.txt'), 'utf8').trim().split('\n'));
  const files = readdirSync(vectorPath('pyhanko', 'pdf'), { recursive: true }).map(String).filter((name) => name.endsWith('.pdf')).map((name) => `pdf/${name}`);
  const notary = await createNotary();
  const judged: CaseOutcome[] = [];
  for (const id of files.sort()) judged.push(await judge(notary, id, sound.has(id)));
  return judged;
}

/** Sound but for the earlier signature, which is their point. */
const ANOMALIES = 'pdf/coverage-anomalies/';

async function judge(notary: Notary, id: string, shouldPass: boolean): Promise<CaseOutcome> {
  const outcome = { id, shouldPass };
  if (id.startsWith(ANOMALIES)) return { ...outcome, passed: false, detail: '', skipped: 'their earlier signatures are judged in pdf-pyhanko' };
  if (!hasTool('pdfsig') || !hasTool('qpdf')) return { ...outcome, passed: false, detail: '', skipped: 'needs pdfsig and qpdf' };
  const base = readFileSync(vectorPath('pyhanko', id));
  const signed = await signTwice(notary, base);
  if (typeof signed === 'string') return { ...outcome, passed: false, detail: `refused: ${signed}` };
  const faults = await faultsOf(notary, base, signed);
  return { ...outcome, passed: true, agrees: shouldPass && faults.length === 0, detail: faults.length === 0 ? 'signed twice, both valid' : faults.join('; ') };
}

interface SignedTwice {
  readonly once: Buffer;
  readonly twice: Buffer;
}

async function signTwice(notary: Notary, base: Uint8Array): Promise<SignedTwice | string> {
  try {
    const once = await notary.sign(base);
    return { once, twice: await notary.sign(once) };
  } catch (error) {
    if (isGatewayError(error) && error.origin === 'caller') return error.message;
    throw error;
  }
}

async function faultsOf(notary: Notary, base: Buffer, { once, twice }: SignedTwice): Promise<string[]> {
  const faults: string[] = [];
  if (!once.subarray(0, base.length).equals(base) || !twice.subarray(0, once.length).equals(once)) faults.push('bytes before the signature changed');
  const complaints = qpdfComplaints(base) === '' ? qpdfComplaints(twice) : '';
  if (complaints !== '') faults.push(`qpdf: ${complaints.trim()}`);
  const before = pdfsigVerdicts(base).filter(({ valid }) => valid).length;
  const verdicts = pdfsigVerdicts(twice).filter(({ valid }) => valid);
  if (verdicts.length !== before + 2 || verdicts.filter(({ wholeDocument }) => wholeDocument).length !== 1) faults.push(`pdfsig finds ${verdicts.length - before} of the two signatures valid`);
  const { signatures } = await notary.verify(twice);
  const ours = signatures.slice(-2);
  for (const { id, indication, level, coverage, checks } of ours) {
    if (indication === 'TOTAL-PASSED' && level === 'B-B' && (coverage.changesAfter === 'none' || coverage.changesAfter === 'permitted')) continue;
    faults.push(`our verifier finds ${id} ${indication}: ${checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail).join(', ')}`);
  }
  return faults;
}

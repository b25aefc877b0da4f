import { isGatewayError } from '../../../src/domain/errors.ts';
import { SIGNATURE_FIELD } from '../mutants/documents.ts';
import { createNotary, type Notary } from '../mutants/notary.ts';
import { readDeviations, sumUp, type CaseOutcome, type Suite } from '../suite.ts';
import { CASES, type Case } from './cases.ts';

/** Documents that another reader may read as other documents: the signer refuses them, and a signature on one does not pass. */
export const suite: Suite = { name: 'xref-disagreement', run: async () => sumUp(await outcomes(), readDeviations('xref-disagreement')) };

export async function outcomes(): Promise<CaseOutcome[]> {
  const notary = await createNotary();
  const judged: CaseOutcome[] = [];
  for (const each of CASES) judged.push(await judge(notary, each));
  return judged;
}

async function judge(notary: Notary, { id, rule, document, agree = false }: Case): Promise<CaseOutcome> {
  const strict = await attempt(notary, document, {});
  const loose = await attempt(notary, document, { compareReadings: false });
  const verdict = typeof loose === 'string' ? `signing refused: ${loose}` : await verdictOn(notary, loose);
  const signer = typeof strict === 'string' ? `refused: ${strict}` : 'signed';
  const passes = verdict.startsWith('TOTAL-PASSED');
  const agrees = agree ? signer === 'signed' && passes : signer !== 'signed' && !passes;
  return { id: `${id} ${rule}`, shouldPass: agree, passed: agree ? agrees : signer === 'signed' || passes, agrees, detail: `signer ${signer}; verifier ${verdict}` };
}

/** The signed document, or why it was not signed. */
async function attempt(notary: Notary, document: Uint8Array, options: { readonly compareReadings?: boolean }): Promise<Uint8Array | string> {
  try {
    return await notary.sign(document, { fieldName: SIGNATURE_FIELD, ...options });
  } catch (error) {
    if (isGatewayError(error, 'PDF_BROKEN', 'PDF_LIMIT', 'PDF_NOT_PDF', 'PDF_FIELD_NOT_FOUND')) return error.message;
    throw error;
  }
}

async function verdictOn(notary: Notary, signed: Uint8Array): Promise<string> {
  const { result, error, signatures } = await notary.verify(signed);
  return [result, error?.detail, ...signatures.flatMap(({ checks, warnings }) => [...checks.filter(({ status }) => status === 'failed').map(({ detail }) => detail), ...warnings])].join(' | ');
}

import { readDeviations, sumUp, type CaseOutcome, type Suite } from '../suite.ts';
import { CERTIFICATION } from './certification.ts';
import { CRAFTED_ORIGINALS, DICTIONARY } from './dictionary.ts';
import { INCREMENTAL_SAVING } from './incremental-saving.ts';
import { judge, type Mutant } from './mutant.ts';
import { createNotary } from './notary.ts';
import { ORIGINALS } from './originals.ts';
import { SHADOW } from './shadow.ts';
import { UNIVERSAL_FORGERY } from './universal-forgery.ts';
import { WRAPPING } from './wrapping.ts';

/** Documents signed by our own signer, attacked in every published way, and the same documents left alone. */
export const MUTANTS: readonly Mutant[] = [...ORIGINALS, ...CRAFTED_ORIGINALS, ...UNIVERSAL_FORGERY, ...WRAPPING, ...INCREMENTAL_SAVING, ...SHADOW, ...CERTIFICATION, ...DICTIONARY];

export const suite: Suite = { name: 'mutants', run: async () => sumUp(await outcomes(), readDeviations('mutants')) };

export async function outcomes(): Promise<CaseOutcome[]> {
  const notary = await createNotary();
  const judged: CaseOutcome[] = [];
  for (const mutant of MUTANTS) judged.push(await judge(notary, mutant));
  return judged;
}

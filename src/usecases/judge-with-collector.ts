import type { ValidationContext, CertificateQuestion } from '../formats/ades/context.ts';
import { joinMaterial } from '../formats/ades/context.ts';
import type { Collected, RevocationCollector } from './collect-revocation.ts';

/** Proofs of existence found in one round may ask for other times and other issuers in the next. */
const MAX_ROUNDS = 3;

/**
 * Judges, has what was missing fetched, and judges again, until nothing new comes. `judge` decides alone, and the same for the same context; without a
 * collector it is run once.
 * @throws what `judge` throws; CANCELLED
 */
export async function judgeWithCollector<T>(collector: RevocationCollector | undefined, context: ValidationContext, judge: (context: ValidationContext) => T | Promise<T>, signal?: AbortSignal): Promise<T> {
  if (collector === undefined) return judge(context);
  let known = context;
  for (let round = 1; ; round++) {
    const questions: CertificateQuestion[] = [];
    const judged = await judge({ ...known, onQuestion: (question) => questions.push(question) });
    if (round > MAX_ROUNDS || questions.length === 0) return judged;
    const { at: now, certificates, revocation } = known;
    const found = await collector.collect({ questions, now, rules: known.policy.revocation, certificates, revocation, forKeeping: known.onReliance !== undefined, signal });
    if (!isNews(found, known)) return judged;
    known = {
      ...known,
      certificates: [...certificates, ...found.certificates],
      revocation: joinMaterial(revocation, found.revocation),
      unfetched: new Map([...(known.unfetched ?? []), ...found.unfetched]),
    };
  }
}

function isNews({ certificates, revocation, unfetched }: Collected, known: ValidationContext): boolean {
  const added = certificates.length + revocation.crls.length + revocation.ocsps.length;
  return added > 0 || [...unfetched.keys()].some((sha256Hex) => known.unfetched?.has(sha256Hex) !== true);
}

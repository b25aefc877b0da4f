import { createHash } from 'node:crypto';
import { isGatewayError } from '../../src/domain/errors.ts';
import { random, type Random } from '../simulation/random.ts';
import type { Target } from './targets.ts';

/** One second of CPU time for one input of at most some hundred kilobytes. */
export const LIMIT_MS = 1_000;

export interface Tried {
  readonly input: Buffer;
  readonly outcome: 'read' | 'refused';
  /** What is wrong with us, in words; null when nothing is. */
  readonly fault: string | null;
  readonly cpuMs: number;
}

/** The input of a case: seed, target and number decide it, together with the seeds of the target. */
export function inputOf(target: Target, seed: number, number: number): Buffer {
  const dice = random(createHash('sha256').update(`${seed}/${target.name}/${number}`).digest().readUInt32BE());
  let input = seedOf(target, dice);
  for (let left = dice.chance(0.7) ? 1 : dice.between(2, 5); left > 0; left--) input = dice.pick(target.mutators)(input, dice, seedOf(target, dice));
  return input;
}

function seedOf({ seeds }: Target, dice: Random): Buffer {
  return seeds[dice.between(0, seeds.length - 1)] ?? Buffer.alloc(0);
}

/** Runs one input. A slow one is tried again, since the machine may have been busy. */
export async function tryInput(target: Target, input: Buffer): Promise<Tried> {
  const first = await once(target, input);
  if (first.fault !== null || first.cpuMs <= LIMIT_MS) return first;
  const second = await once(target, input);
  const cpuMs = Math.min(first.cpuMs, second.cpuMs);
  return { ...second, cpuMs, fault: second.fault ?? (cpuMs > LIMIT_MS ? `took ${Math.round(cpuMs)} ms of CPU time` : null) };
}

async function once(target: Target, input: Buffer): Promise<Tried> {
  const before = process.cpuUsage();
  let outcome: Tried['outcome'] = 'read';
  let fault: string | null = null;
  try {
    await target.run(input);
  } catch (error) {
    outcome = 'refused';
    if (!isGatewayError(error)) fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.cpuUsage(before);
  return { input, outcome, fault, cpuMs: (user + system) / 1_000 };
}

import { GatewayError, isGatewayError, type ErrorCode, type InputFault } from '../domain/errors.ts';
import type { TaskRegistry } from './task.ts';

/** What a runner sends back: errors lose their class between threads and processes, so they travel as data. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string; readonly faults: readonly InputFault[]; readonly retryAfterMs: number | null }
  | { readonly kind: 'bug'; readonly name: string; readonly message: string; readonly stack: string };

export interface TaskCall {
  readonly task: string;
  readonly input: unknown;
}

/** What a child says before it begins, so that a deadline that passed while it was loading is not blamed on the document. */
export const STARTED = 'started';

/** Runs a task here. Never rejects. */
export async function execute(tasks: TaskRegistry, { task, input }: TaskCall): Promise<Outcome> {
  try {
    const found = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
    if (found === undefined) throw new Error(`There is no isolated task ${task}`);
    return { kind: 'value', value: await found.run(input as never) };
  } catch (error) {
    return asOutcome(error);
  }
}

export function asOutcome(error: unknown): Outcome {
  if (isGatewayError(error)) {
    const { code, message, faults, retryAfterMs = null } = error;
    return { kind: 'refused', code, message, faults, retryAfterMs };
  }
  if (isOutOfMemory(error)) return { kind: 'refused', code: 'BUDGET_EXCEEDED', message: 'Reading the document needs more memory than is allowed', faults: [], retryAfterMs: null };
  const { name, message, stack = '' } = error instanceof Error ? error : new Error('A task failed with something that is not an Error, or gave back what cannot be cloned');
  return { kind: 'bug', name, message, stack };
}

/** The value of an outcome, or its error thrown: ours with its code, a mistake of ours as a plain Error with the place it was made. */
export function settle(outcome: Outcome): unknown {
  if (outcome.kind === 'value') return outcome.value;
  if (outcome.kind === 'refused') {
    const { code, message, faults, retryAfterMs } = outcome;
    throw new GatewayError(code, message, retryAfterMs === null ? { faults } : { faults, retryAfterMs });
  }
  const bug = new Error(outcome.message);
  bug.name = outcome.name;
  bug.stack = outcome.stack;
  throw bug;
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ERR_WORKER_OUT_OF_MEMORY' || error.code === 'ERR_MEMORY_ALLOCATION_FAILED');
}

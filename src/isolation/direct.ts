import { GatewayError } from '../domain/errors.ts';
import type { Isolation } from '../ports/isolation.ts';
import type { TaskRegistry, TasksOf } from './task.ts';

/**
 * Runs tasks where they are called, for the command line and for measuring: one document, given by the user of the machine, whose
 * process can be interrupted. Enforces no budget; a signal counts only before the start.
 */
export function directIsolation<Registry extends TaskRegistry>(tasks: Registry): Isolation<TasksOf<Registry>> {
  return {
    run: async (task, input, { signal }) => {
      if (signal?.aborted === true) throw new GatewayError('CANCELLED', 'The work was cancelled before it began', { cause: signal.reason });
      const found = tasks[task];
      if (found === undefined) throw new Error(`There is no isolated task ${String(task)}`);
      return (await found.run(input as never)) as never;
    },
  };
}

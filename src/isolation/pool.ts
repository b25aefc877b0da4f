import { GatewayError } from '../domain/errors.ts';
import type { Isolation } from '../ports/isolation.ts';
import { childRunner } from './child-runner.ts';
import { registryUrl } from './entry.ts';
import { settle } from './outcome.ts';
import type { Runner } from './runner.ts';
import type { RunnerKind, TaskRegistry, TasksOf } from './task.ts';
import { threadRunner } from './thread-runner.ts';

export interface IsolationOptions<Registry extends TaskRegistry> {
  /** The same table that the workers import from `registry`. */
  readonly tasks: Registry;
  /** URL of the module that exports `tasks`; `isolation/tasks.ts` when left out. */
  readonly registry?: string;
  readonly threads: number;
  readonly children: number;
  /** How many may wait for a thread, and how many for a child. */
  readonly maxWaiting: number;
  /** JavaScript heap of each worker. */
  readonly maxHeapMb: number;
}

export interface IsolationPool<Tasks> extends Isolation<Tasks> {
  /** Refuses new work, stops what runs, and returns when no thread and no process is left. */
  close(): Promise<void>;
}

/** Workers that stay warm and are replaced when their work had to be stopped. Nothing is started before the first task that needs it. */
export function isolationPool<Registry extends TaskRegistry>(options: IsolationOptions<Registry>): IsolationPool<TasksOf<Registry>> {
  const { tasks, registry = registryUrl(), threads, children, maxWaiting, maxHeapMb } = options;
  const runners: Partial<Record<RunnerKind, Runner>> = {};
  const start: Record<RunnerKind, () => Runner> = {
    thread: () => bounded(threadRunner({ registry, threads, maxHeapMb }), threads + maxWaiting),
    child: () => bounded(childRunner({ registry, children, maxHeapMb }), children + maxWaiting),
  };
  let closing = false;
  return {
    run: async (task, input, budget) => {
      if (closing) throw shuttingDown();
      const kind = tasks[task]?.runner;
      if (kind === undefined) throw new Error(`There is no isolated task ${String(task)}`);
      const runner = (runners[kind] ??= start[kind]());
      const outcome = await runner.run({ task: String(task), input }, budget);
      if (closing && outcome.kind !== 'value') throw shuttingDown();
      return settle(outcome) as never;
    },
    close: async () => {
      closing = true;
      await Promise.all(Object.values(runners).map((runner) => runner.close()));
    },
  };
}

/** Refuses what would only wait longer than anybody listens. */
function bounded(runner: Runner, limit: number): Runner {
  let inside = 0;
  return {
    ...runner,
    run: async (call, budget) => {
      if (inside >= limit) throw new GatewayError('OVERLOADED', 'The gateway is busy with other documents: try again', { retryAfterMs: 1000 });
      inside += 1;
      try {
        return await runner.run(call, budget);
      } finally {
        inside -= 1;
      }
    },
  };
}

function shuttingDown(): GatewayError {
  return new GatewayError('SHUTTING_DOWN', 'The gateway is shutting down: try again');
}

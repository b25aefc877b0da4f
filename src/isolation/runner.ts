import type { Budget } from '../ports/isolation.ts';
import type { Outcome, TaskCall } from './outcome.ts';

/** One way of running tasks elsewhere. */
export interface Runner {
  /** Never rejects, except with OVERLOADED where it is bounded. */
  run(call: TaskCall, budget: Budget): Promise<Outcome>;
  /** Stops everything, finished or not, and returns when no thread and no process is left. */
  close(): Promise<void>;
}

import { execute, type Outcome, type TaskCall } from './outcome.ts';
import { loadRegistry } from './registry.ts';

export interface ThreadCall extends TaskCall {
  readonly registry: string;
  /** Set to 1 when the turn has come, so that a deadline that passed in the queue is not blamed on the document. */
  readonly started: Int32Array<SharedArrayBuffer>;
}

/** The worker thread's side. */
export async function runTask(call: ThreadCall): Promise<Outcome> {
  Atomics.store(call.started, 0, 1);
  return execute(await loadRegistry(call.registry), call);
}

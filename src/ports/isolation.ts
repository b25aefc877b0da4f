/** A piece of pure work, fit to run elsewhere: its input and output survive `structuredClone`. */
export type IsolatedFunction = (input: never) => unknown;
export type TaskInput<F> = F extends (input: infer Input) => unknown ? Input : never;
export type TaskOutput<F> = F extends (input: never) => infer Output ? Awaited<Output> : never;

export interface Budget {
  /** Wall time from the call to the answer, waiting included. */
  readonly deadlineMs: number;
  /** Resident memory the work may reach, over what the runner needs by itself; watched for work in child processes, on Linux. */
  readonly maxMemoryMb?: number;
  readonly signal?: AbortSignal;
  /** Buffers to hand over instead of copying; they are empty for the caller afterwards. Threads only. */
  readonly transfer?: readonly ArrayBuffer[];
}

/**
 * Runs work on untrusted bytes where it can be stopped, by name. `Tasks` are the names a use case needs, such as
 * `Isolation<{ 'pkcs12.read': (input: Pkcs12Input) => Promise<Pkcs12Contents> }>`; `isolation/tasks.ts` holds them all. Large documents go
 * in as the path of a file.
 */
export interface Isolation<Tasks> {
  /**
   * @throws BUDGET_EXCEEDED when the deadline or the memory is used up (the work is stopped then, whatever it is doing), OVERLOADED when
   *   too much is waiting or its turn did not come in time, CANCELLED, SHUTTING_DOWN; INTERNAL when the work crashed its process; and
   *   every GatewayError of the work itself, with code, message and faults, but without its cause
   */
  run<Name extends keyof Tasks>(task: Name, input: TaskInput<Tasks[Name]>, budget: Budget): Promise<TaskOutput<Tasks[Name]>>;
}

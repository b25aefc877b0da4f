import type { IsolatedFunction } from '../ports/isolation.ts';

/**
 * Where work can be stopped. `thread`: JavaScript, which ends within milliseconds when its thread is terminated. `child`: work that calls
 * native code (key derivation, decompression, WebAssembly rendering), which only SIGKILL on a process stops.
 */
export type RunnerKind = 'thread' | 'child';

export interface IsolatedTask {
  readonly runner: RunnerKind;
  readonly run: IsolatedFunction;
}

export type TaskRegistry = Readonly<Record<string, IsolatedTask>>;

/** The functions of a registry, by name: what `Isolation` is typed with. */
export type TasksOf<Registry extends TaskRegistry> = { readonly [Name in keyof Registry]: Registry[Name]['run'] };

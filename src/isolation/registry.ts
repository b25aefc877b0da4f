import type { TaskRegistry } from './task.ts';

const loaded = new Map<string, Promise<TaskRegistry>>();

/** Imports a registry once per worker. */
export function loadRegistry(url: string): Promise<TaskRegistry> {
  const found = loaded.get(url) ?? import(url).then((module: { readonly tasks: TaskRegistry }) => module.tasks);
  loaded.set(url, found);
  return found;
}

import { availableParallelism } from 'node:os';
import { isolationPool, type IsolationPool } from '../isolation/pool.ts';
import { tasks, type Tasks } from '../isolation/tasks.ts';

/** Who waits behind more than this would be gone before the turn comes. */
const MAX_WAITING_PER_CORE = 32;
const MAX_HEAP_MB = 1024;

/** Workers for this machine: threads judge and prepare, child processes do what only a killed process stops. None is started before it is needed. */
export function openIsolation(cores = availableParallelism()): IsolationPool<Tasks> {
  return isolationPool({ tasks, threads: Math.max(1, cores), children: Math.max(1, Math.floor(cores / 2)), maxWaiting: cores * MAX_WAITING_PER_CORE, maxHeapMb: MAX_HEAP_MB });
}

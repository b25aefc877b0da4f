/** A command that runs the named tasks, one after the other, and closes nothing: `isolation-child.ts TASK…`. */
import { isolationPool } from '../../src/isolation/pool.ts';
import { tasks, type TestTasks } from './isolation-tasks.ts';

const registry = new URL('./isolation-tasks.ts', import.meta.url).href;
const pool = isolationPool({ tasks, registry, threads: 1, children: 1, maxWaiting: 1, maxHeapMb: 64 });
for (const name of process.argv.slice(2)) {
  await pool.run(name as keyof TestTasks, { bytes: new Uint8Array(10) }, { deadlineMs: 100_000 });
}

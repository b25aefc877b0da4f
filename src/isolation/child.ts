import { Worker } from 'node:worker_threads';
import { asOutcome, execute, STARTED, type Outcome, type TaskCall } from './outcome.ts';
import { loadRegistry } from './registry.ts';

/** The child process's side: one call at a time, from the parent's channel. */
const [, , registry = ''] = process.argv;

/** Nothing else ends a child that is deep in native code when its parent is killed. */
const WATCH_PARENT = `const { workerData } = require('node:worker_threads');
  setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL'); }, 500);`;

async function answer(call: TaskCall): Promise<void> {
  const outcome = await loadRegistry(registry).then((tasks) => {
    process.send?.(STARTED);
    return execute(tasks, call);
  }, asOutcome);
  try {
    reply(outcome);
  } catch (error) {
    reply(asOutcome(error)); // a value that cannot be cloned
  }
}

function reply(outcome: Outcome): void {
  process.send?.(outcome);
}

if (process.send !== undefined) {
  new Worker(WATCH_PARENT, { eval: true, workerData: process.ppid }).unref();
  process.on('disconnect', () => process.exit(0));
  process.on('message', (call: TaskCall) => void answer(call));
  await loadRegistry(registry).catch(() => undefined); // warm; a failure is told to whoever calls
}

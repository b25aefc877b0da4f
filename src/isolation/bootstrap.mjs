// Start of a worker when the gateway runs from source; the build starts `thread.js` and `child.js` directly.
import { isMainThread } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
export const { runTask } = await import( // a child exports nothing: being imported starts it
  isMainThread ? './child.ts' : './thread.ts',
);

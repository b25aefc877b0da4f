import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { count, isUnnoticed } from './count.ts';
import { readHistories } from './history.ts';
import { countPost, isPostPassed } from './post/count.ts';
import { readPostHistories } from './post/history.ts';

/** Counts a run again from its histories: `npm run chaos:check -- out/chaos`, or of the post `-- out/chaos-post`. */
const folder = process.argv[2] ?? 'out/chaos';
process.exitCode = (existsSync(join(folder, 'carriers.jsonl')) ? checkPost() : checkMessages()) ? 0 : 1;

function checkMessages(): boolean {
  const result = count(readHistories(folder));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const isQuiet = Object.keys(result.restarts).length === 0 || isUnnoticed(result);
  return isQuiet && result.lost + result.duplicateEffects + result.orderViolations + result.parked + result.open === 0;
}

function checkPost(): boolean {
  const result = countPost(readPostHistories(folder));
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  return isPostPassed(result, 0, []);
}

import { count } from './count.ts';
import { readHistories } from './history.ts';

/** Counts a run again from its histories: `npm run chaos:check -- out/chaos`. */
const result = count(readHistories(process.argv[2] ?? 'out/chaos'));
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
process.exitCode = result.lost + result.duplicateEffects + result.orderViolations + result.parked + result.open === 0 ? 0 : 1;

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostHistories } from './count.ts';

const FILES = ['client', 'gateway', 'carriers', 'faults'] as const;

/** One JSON object a line, for whoever wants to count again. */
export function writePostHistories(dir: string, histories: PostHistories): void {
  for (const name of FILES) writeFileSync(join(dir, `${name}.jsonl`), histories[name].map((event) => `${JSON.stringify(event)}\n`).join(''));
}

export function readPostHistories(dir: string): PostHistories {
  const [client, gateway, carriers, faults] = FILES.map((name) =>
    readFileSync(join(dir, `${name}.jsonl`), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line): unknown => JSON.parse(line)),
  );
  return { client, gateway, carriers, faults } as unknown as PostHistories;
}

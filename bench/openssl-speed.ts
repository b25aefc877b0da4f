import { spawnSync } from 'node:child_process';
import { hasTool } from '../test/support/tools.ts';

/** Signatures per second that `openssl speed` reaches on one core; undefined where there is no openssl. @param key such as `rsa2048` */
export function opensslSignsPerSecond(key: string): number | undefined {
  if (!hasTool('openssl')) return undefined;
  const { stdout } = spawnSync('openssl', ['speed', '-mr', '-seconds', '1', key], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  // +F2:2:2048:4156.70:61769.79 — signatures, then verifications, per second.
  const match = /^\+F\d+:\d+:\d+:([\d.]+)/m.exec(stdout);
  return match === null ? undefined : Number(match[1]);
}

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder in which the openssl program is run as judge or counterpart. */
export interface OpensslFolder {
  path(name: string): string;
  write(name: string, bytes: Uint8Array | string): string;
  /** Runs `openssl …` in the folder; throws with its words when it fails. */
  run(...args: readonly string[]): Buffer;
  /** Runs it and tells whether it was content, and what it said. */
  judge(...args: readonly string[]): { readonly accepted: boolean; readonly said: string };
  remove(): void;
}

export function opensslFolder(): OpensslFolder {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-openssl-'));
  return {
    path: (name) => join(folder, name),
    write(name, bytes) {
      writeFileSync(join(folder, name), bytes);
      return name;
    },
    run: (...args) => execFileSync('openssl', [...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] }),
    judge(...args) {
      const { status, stdout, stderr } = spawnSync('openssl', [...args], { cwd: folder, encoding: 'utf8' });
      return { accepted: status === 0, said: stdout + stderr };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface LargeResult {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  readonly peakRssMb: number;
  /** Indication of the document after it was verified. */
  readonly result: string;
}

/** Runs a large document through a process of its own, whose memory is then its alone. @param work `sign` or `verify`; a signed file is made first */
export function inOwnProcess(work: 'sign' | 'verify', path: string): Promise<LargeResult> {
  const child = fork(fileURLToPath(new URL('./large-child.ts', import.meta.url)), [work, path], { execArgv: ['--import', 'tsx'] });
  return new Promise((resolve, reject) => {
    let result: LargeResult | null = null;
    child.on('message', (message: LargeResult) => (result = message));
    child.on('exit', (code) => (result === null ? reject(new Error(`the process for ${work} ended with code ${code ?? 'unknown'}`)) : resolve(result)));
  });
}

/** A temporary folder for the time of `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'lienthong-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

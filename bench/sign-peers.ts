import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createDevPki } from '../certs/dev/create-dev-pki.ts';
import { writeDevPki } from '../certs/dev/write-dev-pki.ts';
import { PROJECT_ROOT } from '../test/support/vectors.ts';
import { inFolder } from './large-file.ts';
import type { CaseResult } from './measure.ts';
import { writeSampleFile } from './samples.ts';

/** What one process came to. */
interface Loop {
  readonly opsPerSecond: number;
  readonly cpuPerOpMs: number;
  /** Before the first signature, the document read, the key opened. */
  readonly baseRssMb: number;
  readonly peakRssMb: number;
}

const ROUNDS = 3;
const ROUND_MS = 3_000;
const PEERS = ['libpdf', 'signpdf'] as const;
const run = promisify(execFile);

/**
 * Other signers of JavaScript, each in a process of its own and set up as its users do, in turn with this one: a file in memory is
 * signed; this one gives what is to be appended to it, the others the whole file anew. They are not installed with the program.
 */
export async function signBesidePeers(): Promise<Record<string, CaseResult>> {
  if (!existsSync(join(PROJECT_ROOT, 'bench', 'peers', 'node_modules'))) {
    console.error('Other signers are left out: npm ci --prefix bench/peers');
    return {};
  }
  return inFolder(async (folder) => {
    await writeDevPki(await createDevPki({ now: new Date() }), join(folder, 'pki'));
    const key = [join(folder, 'pki', 'keys', 'officer.p12'), readFileSync(join(folder, 'pki', 'keys', 'officer.passphrase'), 'utf8').trim()] as const;
    const results: Record<string, CaseResult> = {};
    for (const [label, sizeBytes] of [['50kb', 50_000], ['25mb', 25_000_000]] as const) {
      const path = join(folder, `${label}.pdf`);
      writeSampleFile(path, sizeBytes);
      results[`signed-file-${label}`] = await sideBySide([path, ...key, String(ROUND_MS)]);
    }
    return results;
  });
}

async function sideBySide(args: readonly string[]): Promise<CaseResult> {
  const loops: Record<'ours' | (typeof PEERS)[number], Loop[]> = { ours: [], libpdf: [], signpdf: [] };
  for (let round = 0; round < ROUNDS; round++) {
    loops.ours.push(await loop(['--import', 'tsx', join(PROJECT_ROOT, 'bench', 'sign-loop.ts'), ...args]));
    for (const peer of PEERS) loops[peer].push(await loop([join(PROJECT_ROOT, 'bench', 'peers', 'sign.mjs'), peer, ...args]));
  }
  const figures = (of: readonly Loop[]): { opsPerSecond: number; cpuPerOpMs: number; addedRssMb: number } => {
    const median = (value: (one: Loop) => number): number => of.map(value).sort((a, b) => a - b)[of.length >> 1] ?? 0;
    return { opsPerSecond: median((one) => one.opsPerSecond), cpuPerOpMs: median((one) => one.cpuPerOpMs), addedRssMb: median((one) => one.peakRssMb - one.baseRssMb) };
  };
  return { ...figures(loops.ours), peers: Object.fromEntries(PEERS.map((peer) => [peer, figures(loops[peer])])) };
}

async function loop(args: readonly string[]): Promise<Loop> {
  const { stdout } = await run(process.execPath, args, { cwd: PROJECT_ROOT });
  return JSON.parse(stdout) as Loop;
}

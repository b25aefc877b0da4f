import { appendFileSync } from 'node:fs';
import { openFileSource } from '../src/isolation/file-source.ts';
import { signDocument } from '../src/usecases/sign-document.ts';
import { createNotary } from '../test/conformance/mutants/notary.ts';
import type { LargeResult } from './large-file.ts';
import { peakRssMb } from './measure.ts';

/** `large-child.ts sign|verify <file>`: signs the file in place (appending), or signs and then verifies it, and tells time and memory of the work named. */
const [work = '', path = ''] = process.argv.slice(2);
const notary = await createNotary();
const signing = await timed(sign);
const result: LargeResult = work === 'sign' ? { ...signing, result: '' } : await verify();
process.send?.(result);

async function sign(): Promise<void> {
  const source = openFileSource(path);
  try {
    const { increment } = await signDocument(notary.ports, { source, level: 'B-B' });
    appendFileSync(path, increment);
  } finally {
    source.close();
  }
}

async function verify(): Promise<LargeResult> {
  const source = openFileSource(path);
  try {
    let verdict = '';
    const spent = await timed(async () => {
      verdict = (await notary.verifySource(source)).result;
    });
    return { ...spent, result: verdict };
  } finally {
    source.close();
  }
}

async function timed(operation: () => Promise<void>): Promise<Omit<LargeResult, 'result'>> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await operation();
  const { user, system } = process.cpuUsage(cpu);
  return { elapsedMs: performance.now() - start, cpuMs: (user + system) / 1_000, peakRssMb: peakRssMb() };
}

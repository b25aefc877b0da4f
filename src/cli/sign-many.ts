import { mkdirSync } from 'node:fs';
import { Listr } from 'listr2';
import { isGatewayError } from '../domain/errors.ts';
import { digestOfChunks } from '../formats/algorithms/digests.ts';
import { chunksOf } from '../formats/byte-source.ts';
import { openFileSource } from '../isolation/file-source.ts';
import { EXIT, exitCodeOf } from './exit-code.ts';
import { failureLine, paint, printJson, printLine } from './output.ts';
import { openSignJournal, type SignJournal } from './sign-journal.ts';

export interface FileToSign {
  readonly file: string;
  readonly out: string;
}

export interface SignManySettings {
  readonly folder: string;
  /** Files signed at once. */
  readonly jobs: number;
  /** Sign what was signed in an earlier run again. */
  readonly again: boolean;
  readonly json: boolean;
}

/** What became of the files, and how often the key was used without anybody seeing the end of it. */
interface Tally {
  signed: number;
  kept: number;
  failed: number;
  unknown: number;
  worstExit: number;
}

interface Tell {
  good(say: () => void): void;
  bad(say: () => void): void;
}

/**
 * Signs many files into a folder. That a key is about to be used stands in the folder's journal before it is; a run that was killed is
 * taken up again by the same command: what was signed is kept, and a use of the key whose end nobody saw is told and counted.
 * `signOne` tells what it made; a failure is told, and the others go on.
 */
export async function signMany(files: readonly FileToSign[], settings: SignManySettings, signOne: (file: FileToSign) => Promise<() => void>): Promise<void> {
  mkdirSync(settings.folder, { recursive: true });
  const journal = openSignJournal(settings.folder);
  const tally: Tally = { signed: 0, kept: 0, failed: 0, unknown: 0, worstExit: EXIT.done };
  const isQuiet = settings.json || !process.stderr.isTTY;
  const troubles: (() => void)[] = [];
  const tell: Tell = {
    good: (say) => isQuiet && say(), // a terminal shows the progress, and at the end what did not go well
    bad: (say) => void (isQuiet ? say() : troubles.push(say)),
  };
  const started = performance.now();
  try {
    const work = async (_context: unknown, task: { title: string; output: string }): Promise<void> => {
      const queue = files.values();
      const worker = async (): Promise<void> => {
        for (const each of queue) {
          await one(each, journal, settings, tally, tell, signOne);
          task.output = progressLine(tally, files.length, performance.now() - started);
        }
      };
      await Promise.all(Array.from({ length: Math.min(settings.jobs, files.length) }, worker));
    };
    await new Listr([{ title: `Signing ${files.length} files`, task: work }], { renderer: isQuiet ? 'silent' : 'default', fallbackRenderer: 'silent' }).run();
  } finally {
    journal.close();
  }
  for (const say of troubles) say();
  if (settings.json) printJson({ total: files.length, signed: tally.signed, kept: tally.kept, failed: tally.failed, unknownOutcomes: tally.unknown });
  else printLine(summaryLine(tally));
  process.exitCode = tally.worstExit;
}

async function one({ file, out }: FileToSign, journal: SignJournal, { again, json }: SignManySettings, tally: Tally, tell: Tell, signOne: (file: FileToSign) => Promise<() => void>): Promise<void> {
  try {
    const inputSha256 = digestOfFile(file);
    const before = digestIfThere(out);
    const known = journal.newest(out);
    if (!again && known !== undefined && known.inputSha256 === inputSha256 && wasReleased(known, before)) {
      if (known.event === 'begun') journal.add(out, { event: 'signed', inputSha256, outputSha256: before }); // the run was killed between the two
      tally.kept += 1;
      return tell.good(() => (json ? printJson({ file, out, kept: true }) : printLine(paint('dim', `= ${out}  signed in an earlier run`))));
    }
    if (known?.event === 'begun') {
      tally.unknown += 1;
      tell.bad(() => (json ? printJson({ file, out, unknownOutcome: true }) : printLine(paint('yellow', `? ${file}  an earlier run was killed while it signed this: its key may have been used, and nothing was kept of it`))));
    }
    journal.add(out, { event: 'begun', inputSha256, outputSha256: before });
    await signAndNote({ file, out }, inputSha256, journal, tally, tell, signOne);
  } catch (error) {
    tally.failed += 1;
    tally.worstExit = Math.max(tally.worstExit, exitCodeOf(error));
    tell.bad(() => (json ? printJson({ file, out: null, error: isGatewayError(error) ? { code: error.code, message: error.message } : { code: 'INTERNAL', message: String(error) } }) : printLine(`${paint('red', '✗')} ${file}  ${failureLine(error)}`)));
  }
}

async function signAndNote(each: FileToSign, inputSha256: string, journal: SignJournal, tally: Tally, tell: Tell, signOne: (file: FileToSign) => Promise<() => void>): Promise<void> {
  try {
    const say = await signOne(each);
    journal.add(each.out, { event: 'signed', inputSha256, outputSha256: digestOfFile(each.out) });
    tally.signed += 1;
    tell.good(say);
  } catch (error) {
    if (isGatewayError(error)) journal.add(each.out, { event: 'failed', inputSha256, outputSha256: null, code: error.code });
    throw error;
  }
}

/** Whether the result lies there: noted as signed, or put in its place (which happens whole or not at all) by a run killed before it could note it. */
function wasReleased({ event, outputSha256 }: { readonly event: string; readonly outputSha256: string | null }, there: string | null): boolean {
  if (there === null) return false;
  return event === 'signed' ? there === outputSha256 : event === 'begun' && there !== outputSha256;
}

function digestOfFile(path: string): string {
  const source = openFileSource(path);
  try {
    return Buffer.from(digestOfChunks('sha256', chunksOf(source, 0, source.sizeBytes))).toString('hex');
  } finally {
    source.close();
  }
}

function digestIfThere(path: string): string | null {
  try {
    return digestOfFile(path);
  } catch {
    return null;
  }
}

const BAR_WIDTH = 30;

function progressLine({ signed, kept, failed }: Tally, total: number, elapsedMs: number): string {
  const done = signed + kept + failed;
  const filled = Math.round((done / total) * BAR_WIDTH);
  const leftS = signed === 0 ? null : Math.ceil(((total - done) * elapsedMs) / (signed + failed) / 1_000);
  const rest = leftS === null || done === total ? '' : `  ${leftS >= 120 ? `${Math.ceil(leftS / 60)} min` : `${leftS} s`} left`;
  return `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${done}/${total}${failed === 0 ? '' : `  ${failed} failed`}${rest}`;
}

function summaryLine({ signed, kept, failed, unknown }: Tally): string {
  const parts = [`${signed} signed`, ...(kept > 0 ? [`${kept} kept from an earlier run`] : []), ...(failed > 0 ? [paint('red', `${failed} failed`)] : []), ...(unknown > 0 ? [paint('yellow', `${unknown} uses of the key without a known end`)] : [])];
  return parts.join(', ');
}

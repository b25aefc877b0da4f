import { closeSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { GatewayError, type ErrorCode } from '../domain/errors.ts';

/** What became of one file, as the journal tells it. */
export interface Journalled {
  readonly event: 'begun' | 'signed' | 'failed';
  /** Of the file to be signed, so that a changed one is another one. */
  readonly inputSha256: string;
  /** begun: of what lay in the place of the result before, null: nothing; signed: of the result. */
  readonly outputSha256: string | null;
  readonly code?: ErrorCode;
}

/** Journal of the signatures made into one folder. A line is on the disk before its key is used. */
export interface SignJournal {
  /** The newest line about a result, from earlier runs or this one. */
  newest(out: string): Journalled | undefined;
  add(out: string, line: Journalled): void;
  close(): void;
}

export const JOURNAL_NAME = '.lienthong-sign.jsonl';

/**
 * Opens the journal of a folder, or begins it.
 * @throws STORAGE_FAILED when it cannot be written, or is damaged anywhere but in its last line
 */
export function openSignJournal(folder: string): SignJournal {
  const path = join(folder, JOURNAL_NAME);
  const newest = readJournal(path);
  const descriptor = opened(path);
  return {
    newest: (out) => newest.get(out),
    add(out, line) {
      const text = `${JSON.stringify({ at: new Date().toISOString(), out, ...line })}\n`;
      try {
        writeSync(descriptor, text);
        fsyncSync(descriptor);
      } catch (cause) {
        throw new GatewayError('STORAGE_FAILED', `${path} cannot be written: nothing more is signed, since nobody could say later what was`, { cause });
      }
      newest.set(out, line);
    },
    close: () => closeSync(descriptor),
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    throw new GatewayError('STORAGE_FAILED', `${path} cannot be written: check that the folder is there, and its permissions`, { cause });
  }
}

function readJournal(path: string): Map<string, Journalled> {
  const newest = new Map<string, Journalled>();
  for (const [index, text] of linesOf(path).entries()) {
    try {
      const { out, ...line } = JSON.parse(text) as Journalled & { readonly out: string };
      newest.set(out, line);
    } catch (cause) {
      throw new GatewayError('STORAGE_FAILED', `${path} is damaged in line ${index + 1}: look at it, then remove it to begin again`, { cause });
    }
  }
  return newest;
}

/** The end of a line that a crash cut off is taken away: what it was to announce was not begun. */
function linesOf(path: string): readonly string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return []; // not there yet
  }
  const whole = bytes.lastIndexOf('\n') + 1;
  if (whole < bytes.length) truncateSync(path, whole);
  return bytes.toString('utf8', 0, whole).split('\n').filter((line) => line !== '');
}

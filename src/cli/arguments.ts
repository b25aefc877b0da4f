import { readFileSync } from 'node:fs';
import { GatewayError } from '../domain/errors.ts';

/** Reading of what a command was given: files, passphrases, times, rectangles. */

/** A file, or with `-` standard input, which need not be a file that can be opened by name. @throws FILE_NOT_READABLE */
export function readFileOrInput(path: string): Uint8Array {
  return path === '-' ? readFileSync(0) : readInputFile(path);
}

/** @throws FILE_NOT_READABLE */
export function readInputFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

export function unreadable(path: string, cause: unknown): GatewayError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code === 'EACCES' ? 'permission denied' : 'it cannot be read';
  return new GatewayError('FILE_NOT_READABLE', `${path}: ${why}`, { cause });
}

/**
 * A passphrase from a file (`-`: standard input; one trailing line end is dropped) or from an environment variable, which other
 * processes of the user can read and which is therefore only for the command line.
 */
export function readPassphrase(options: { passphraseFile?: string | undefined; passphraseEnv?: string | undefined }, environment: Readonly<Record<string, string | undefined>>): string {
  if (options.passphraseFile !== undefined) {
    const text = Buffer.from(readFileOrInput(options.passphraseFile)).toString('utf8');
    return text.replace(/\r?\n$/, '');
  }
  if (options.passphraseEnv !== undefined) {
    const value = environment[options.passphraseEnv];
    if (value === undefined) throw new GatewayError('REQUEST_INVALID', `--passphrase-env names ${options.passphraseEnv}, which is not set`);
    return value;
  }
  throw new GatewayError('REQUEST_INVALID', 'Say where the passphrase is: --passphrase-file FILE (or - for standard input) or --passphrase-env VARIABLE');
}

export function parseInstant(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()) || !/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)) {
    throw new GatewayError('REQUEST_INVALID', `Not a time: ${text}; use ISO 8601 such as 2026-11-24 or 2026-11-24T09:30:00+07:00`);
  }
  return time;
}

const MOST_DAYS = 92;
const DAY_MS = 86_400_000;

/** Days from … to …, both counted, ISO dates. @throws REQUEST_INVALID */
export function parseDays(from: string, to: string): string[] {
  const [first, last] = [from, to].map((day) => (/^\d{4}-\d{2}-\d{2}$/.test(day) ? Date.parse(`${day}T00:00:00Z`) : Number.NaN)) as [number, number];
  const count = (last - first) / DAY_MS + 1;
  if (!(count >= 1 && count <= MOST_DAYS)) throw new GatewayError('REQUEST_INVALID', `Not a span of days: ${from} to ${to}; use dates such as 2026-11-24, at most ${MOST_DAYS} days`);
  return Array.from({ length: count }, (_, index) => new Date(first + index * DAY_MS).toISOString().slice(0, 10));
}

export function parseRectangle(text: string): { x: number; y: number; width: number; height: number } {
  const numbers = text.split(',').map((part) => Number(part.trim()));
  const [x, y, width, height] = numbers;
  const complete = numbers.length === 4 && numbers.every((value) => Number.isFinite(value));
  if (!complete || x === undefined || y === undefined || width === undefined || height === undefined || width <= 0 || height <= 0) {
    throw new GatewayError('REQUEST_INVALID', `Not a rectangle: ${text}; use x,y,width,height in points from the lower left corner`);
  }
  return { x, y, width, height };
}

export function parseSize(text: string): { width: number; height: number } {
  const [width, height, ...more] = text.split(',').map((part) => Number(part.trim()));
  if (width === undefined || height === undefined || more.length > 0 || !(width > 0 && height > 0 && Number.isFinite(width + height))) throw new GatewayError('REQUEST_INVALID', `Not a size: ${text}; use width,height in points`);
  return { width, height };
}

export function parseChoice<Value extends string>(name: string, values: readonly Value[]): (text: string) => Value {
  return (text) => {
    const found = values.find((value) => value.toLowerCase() === text.toLowerCase());
    if (found === undefined) throw new GatewayError('REQUEST_INVALID', `${name}: ${text} is not one of ${values.join(', ')}`);
    return found;
  };
}

export function parseWhole(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < min || value > max) throw new GatewayError('REQUEST_INVALID', `${name}: ${text} is not a whole number from ${min} to ${max}`);
    return value;
  };
}

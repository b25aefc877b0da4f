import { styleText } from 'node:util';
import { GatewayError } from '../domain/errors.ts';

/** What commands say. Results go to standard output, everything about the run to standard error. */

export type Language = 'vi' | 'en';

/** `--lang`, else the locale of the terminal: Vietnamese where it says so. */
export function chooseLanguage(asked: string | undefined, environment: Readonly<Record<string, string | undefined>>): Language {
  const locale = asked ?? environment['LC_ALL'] ?? environment['LC_MESSAGES'] ?? environment['LANG'] ?? '';
  return locale.toLowerCase().startsWith('vi') ? 'vi' : 'en';
}

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';

/** Colours only where a person looks: a terminal, and NO_COLOR unset (https://no-color.org). */
export function painter(stream: { isTTY?: boolean }, environment: Readonly<Record<string, string | undefined>>): (style: Style, text: string) => string {
  const coloured = environment['FORCE_COLOR'] !== undefined || (stream.isTTY === true && environment['NO_COLOR'] === undefined);
  return coloured ? (style, text) => styleText(style, text, { validateStream: false }) : (_style, text) => text;
}

export const paint = painter(process.stdout, process.env);

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export function printLine(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** What whoever sits at the terminal has to know while a command runs; never part of its result. */
export function tellAside(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Rows in aligned columns, the heading dimmed; wide characters are counted as terminals draw them (NFC, no East Asian text here). */
export function printTable(heading: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').normalize('NFC').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.normalize('NFC') + ' '.repeat(Math.max(0, (widths[column] ?? 0) - cell.normalize('NFC').length)))
      .join('  ')
      .trimEnd();
  printLine(paint('dim', line(heading)));
  for (const row of rows) printLine(line(row));
}

/** One clear line for a failure; the causes only when LIENTHONG_DEBUG asks for them. */
export function failureLine(error: unknown): string {
  if (error instanceof GatewayError) {
    const faults = error.faults.map((fault) => `\n  ${fault.pointer || '/'}: ${fault.detail}`).join('');
    return `${paint('red', 'lienthong:')} ${error.message}${faults} ${paint('dim', `[${error.code}]`)}`;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `${paint('red', 'lienthong:')} internal error, please report it: ${detail}`;
}

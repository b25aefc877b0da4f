import { readFileSync } from 'node:fs';
import { GatewayError } from '../domain/errors.ts';
import { readInputFile } from './arguments.ts';

export interface SecretOptions {
  /** `-`: standard input, or a prompt where that is a terminal. */
  readonly file?: string | undefined;
  /** Name of an environment variable, which other processes of the user can read. */
  readonly env?: string | undefined;
}

export interface SecretWords {
  /** For the prompt and for messages, such as `passphrase`. */
  readonly what: string;
  /** What to say where there is neither option nor terminal. */
  readonly options: string;
}

/**
 * A secret from a file, from standard input, from an environment variable, or from whoever sits at the terminal; never from an argument. One
 * line end after it is not part of it.
 * @throws REQUEST_INVALID when nobody can be asked; FILE_NOT_READABLE; CANCELLED
 */
export async function readSecret({ file, env }: SecretOptions, { what, options }: SecretWords, environment: Readonly<Record<string, string | undefined>>): Promise<string> {
  if (file !== undefined && file !== '-') return withoutLineEnd(Buffer.from(readInputFile(file)).toString('utf8'));
  if (file === '-' && !process.stdin.isTTY) return withoutLineEnd(readFileSync(0, 'utf8'));
  if (file === undefined && env !== undefined) return fromEnvironment(env, environment);
  if (!process.stdin.isTTY) throw new GatewayError('REQUEST_INVALID', `Say where the ${what} is: ${options}`);
  return prompt(`${what[0]?.toUpperCase() ?? ''}${what.slice(1)}: `);
}

function fromEnvironment(name: string, environment: Readonly<Record<string, string | undefined>>): string {
  const value = environment[name];
  if (value === undefined) throw new GatewayError('REQUEST_INVALID', `There is no environment variable ${name}`);
  return value;
}

function withoutLineEnd(text: string): string {
  return text.replace(/\r?\n$/, '');
}

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ['\u0003', '\u0004', '\b', '\u007f'];

/** Asks at the terminal without showing what is typed. */
function prompt(label: string): Promise<string> {
  const { stdin, stderr } = process;
  stdin.setRawMode(true).setEncoding('utf8').resume(); // before the label: whoever types at once must not be echoed
  stderr.write(label);
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const end = (settle: () => void): void => {
      stdin.off('data', take).setRawMode(false).pause();
      stderr.write('\n');
      settle();
    };
    const take = (text: string): void => {
      for (const character of text) {
        if (character === '\r' || character === '\n' || character === CTRL_D) return end(() => resolve(typed.join('')));
        if (character === CTRL_C) return end(() => reject(new GatewayError('CANCELLED', 'Nothing was entered')));
        if (character === BACKSPACE || character === DELETE) typed = typed.slice(0, -1);
        else typed.push(character);
      }
    };
    stdin.on('data', take);
  });
}

import { fork, type ChildProcess } from 'node:child_process';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { GatewayError } from '../../src/domain/errors.ts';
import { gathered, PIN_FD, type Answer, type Command, type Failure, type Question, type Results } from './protocol.ts';

export interface ProcessSettings {
  /** What the module needs to find its device, such as SOFTHSM2_CONF; nothing else of the gateway's environment is handed on. */
  readonly environment: Readonly<Record<string, string>>;
  /** Operations that run at the same time inside the module. */
  readonly threads: number;
}

export type Told<Kind extends Command['kind']> = { readonly value: Results[Kind] } | { readonly failure: Failure };

/** A child process that holds one token open. */
export interface SignerProcess {
  readonly pid: number | undefined;
  isAlive(): boolean;
  /**
   * Asks, and waits for the answer. When `timeoutMs` pass the process is killed: nothing else stops a module that hangs.
   * @throws SIGNER_UNAVAILABLE when the process ends without answering
   */
  ask<Kind extends Command['kind']>(command: Extract<Command, { kind: Kind }>, timeoutMs: number): Promise<Told<Kind>>;
  /** Puts the PIN on its own descriptor; the bytes may be wiped when this has resolved. */
  sendPin(pin: Uint8Array): Promise<void>;
  kill(): void;
  readonly exited: Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: GatewayError) => void;
  readonly timer: NodeJS.Timeout;
}

const LAST_WORDS_BYTES = 2000;

export function startSignerProcess({ environment, threads }: ProcessSettings): SignerProcess {
  const child = forkChild({ ...environment, UV_THREADPOOL_SIZE: String(threads) });
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let why: string | null = null;
  let lastWords = '';
  let hasPin = false; // from then on a module that prints what it is told may print the PIN
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = hasPin ? '' : (lastWords + text).slice(-LAST_WORDS_BYTES)));
  child.on('error', (error) => (lastWords = error.message)); // could not be started, or the channel broke: 'exit' or isAlive tells
  child.on('message', (answers: readonly Answer[]) => {
    for (const answer of answers) settle(waiting, answer, child);
  });
  // A child that died in between is told by `exited`.
  const send = gathered<Question>((questions) => isRunning(child) && child.send(questions, () => undefined));
  const exited = exitOf(child).then((ending) => {
    failAll(waiting, new GatewayError('SIGNER_UNAVAILABLE', `The signer process ended (${why ?? ending})`, { cause: new Error(lastWords) }));
  });
  const end = (reason: string): void => {
    why ??= reason;
    child.ref(); // whoever waits for its end must live to see it
    child.kill('SIGKILL');
  };
  const pinPipe = child.stdio[PIN_FD];
  if (pinPipe instanceof Socket) pinPipe.on('error', () => undefined); // the process has ended, which its exit tells
  letParentEnd(child);
  return {
    pid: child.pid,
    isAlive: () => why === null && isRunning(child),
    ask: <Kind extends Command['kind']>(command: Extract<Command, { kind: Kind }>, timeoutMs: number) =>
      new Promise<Told<Kind>>((resolve, reject) => {
        if (!isRunning(child)) return reject(new GatewayError('SIGNER_UNAVAILABLE', 'The signer process has ended'));
        const id = nextId++;
        const timer = setTimeout(() => end(`no answer within ${timeoutMs} ms`), timeoutMs);
        // The answer to a question has the type of its kind: both sides are built from the same tables.
        waiting.set(id, { resolve: (answer) => resolve(answer as Told<Kind>), reject, timer });
        keepParent(child);
        send({ id, command });
      }),
    sendPin: (pin) =>
      new Promise((resolve, reject) => {
        hasPin = true;
        lastWords = '';
        if (!(pinPipe instanceof Socket)) return reject(new GatewayError('SIGNER_UNAVAILABLE', 'The signer process has ended'));
        pinPipe.write(pin, (error) => (error == null ? resolve() : reject(new GatewayError('SIGNER_UNAVAILABLE', 'The signer process has ended', { cause: error }))));
      }),
    kill: () => end('stopped by the gateway'),
    exited,
  };
}

function forkChild(env: Readonly<Record<string, string>>): ChildProcess {
  const isFromSource = import.meta.url.endsWith('.ts');
  return fork(fileURLToPath(new URL(isFromSource ? './child.ts' : './child.js', import.meta.url)), [], {
    execArgv: isFromSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm')).href] : [],
    env,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'ipc'],
  });
}

function settle(waiting: Map<number, Waiting>, answer: Answer, child: ChildProcess): void {
  const asked = waiting.get(answer.id);
  if (asked === undefined) return;
  waiting.delete(answer.id);
  clearTimeout(asked.timer);
  if (waiting.size === 0) letParentEnd(child);
  asked.resolve(answer);
}

function failAll(waiting: Map<number, Waiting>, error: GatewayError): void {
  for (const { reject, timer } of waiting.values()) {
    clearTimeout(timer);
    reject(error);
  }
  waiting.clear();
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code ?? '?'}`));
    child.once('error', () => {
      if (child.pid === undefined) resolve('it could not be started');
    });
  });
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null && child.connected;
}

/** An idle process must not keep the gateway or a command running; one at work must. */
function letParentEnd(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  for (const stream of [child.stderr, child.stdio[PIN_FD]]) if (stream instanceof Socket) stream.unref();
}

function keepParent(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

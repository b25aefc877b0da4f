import { fork, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { entryFile } from './entry.ts';
import { STARTED, type Outcome, type TaskCall } from './outcome.ts';

/** How a call ended when the child did not answer: its exit code or signal, and the last it wrote. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lastWords: string;
}

export interface IsolatedChild {
  readonly pid: number | undefined;
  readonly calls: number;
  isAlive(): boolean;
  /** One call at a time. `onStarted` tells that the child has begun it, after loading what it needs. */
  call(call: TaskCall, onStarted: () => void): Promise<Outcome | Death>;
  kill(): void;
  readonly exited: Promise<void>;
}

const LAST_WORDS_BYTES = 2000;

export function startChild(registry: string, maxHeapMb: number): IsolatedChild {
  const child = fork(entryFile('child'), [registry], {
    execArgv: [`--max-old-space-size=${maxHeapMb}`],
    env: {}, // no secrets of ours beside untrusted bytes
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let calls = 0;
  let lastWords = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (lastWords = (lastWords + text).slice(-LAST_WORDS_BYTES)));
  child.on('error', (error) => (lastWords = error.message)); // could not be started, or the channel broke: 'exit' or isAlive tells
  const exited = new Promise<Death>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => resolve({ code, signal, lastWords });
    child.once('exit', end);
    child.once('error', () => {
      if (child.pid === undefined) end(null, null);
    });
  });
  letParentEnd(child);
  return {
    pid: child.pid,
    get calls() {
      return calls;
    },
    isAlive: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null && child.connected,
    call: async (call, onStarted) => {
      calls += 1;
      keepParent(child);
      try {
        const answer = nextAnswer(child, onStarted);
        if (child.connected) child.send(call, () => undefined); // a child that died in between is told by `exited`
        return await Promise.race([answer, exited]);
      } finally {
        letParentEnd(child);
      }
    },
    kill: () => {
      child.ref(); // it ends at once, and whoever closes the pool waits for that
      child.kill('SIGKILL');
    },
    exited: exited.then(() => undefined),
  };
}

function nextAnswer(child: ChildProcess, onStarted: () => void): Promise<Outcome> {
  return new Promise((resolve) => {
    const read = (message: unknown): void => {
      if (message === STARTED) return onStarted();
      child.off('message', read);
      resolve(message as Outcome);
    };
    child.on('message', read);
  });
}

/** An idle child must not keep the gateway or a command running; one at work must. */
function letParentEnd(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  unrefStream(child);
}

function keepParent(child: ChildProcess): void {
  child.ref();
  child.channel?.ref();
}

function unrefStream({ stderr }: ChildProcess): void {
  if (stderr instanceof Socket) stderr.unref(); // a pipe, which Node reads as a socket
}

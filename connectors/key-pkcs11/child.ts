import { readSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import { loadModule } from './module.ts';
import { gathered, MAX_PIN_BYTES, PIN_FD, type Answer, type Command, type Question, type Results } from './protocol.ts';
import { openToken, type Token } from './token.ts';

/** The signer process: the only place where a PKCS #11 module is loaded. A module that hangs or crashes takes nothing else with it. */

/** Nothing else ends a process that is deep in a module when its parent is killed. */
const WATCH_PARENT = `const { workerData } = require('node:worker_threads');
  setInterval(() => { if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL'); }, 500);`;

let token: Token | null = null;

function run(command: Command): Results[keyof Results] | Promise<Results[keyof Results]> {
  if (command.kind === 'open') {
    token = openToken(loadModule(command.modulePath), command.token, command.maxSessions);
    return token.opened;
  }
  if (token === null) throw new Error('No token has been opened');
  const opened = token;
  switch (command.kind) {
    case 'login':
      return withPin(command.pinBytes, (pin) => opened.login(pin));
    case 'find':
      return opened.find(command.match);
    case 'sign':
      return command.pinBytes === 0 ? opened.sign({ ...command, pin: null }) : withPin(command.pinBytes, (pin) => opened.sign({ ...command, pin }));
  }
}

/** The PIN waits on its own descriptor; its bytes are wiped when they have been used. */
async function withPin<T>(sizeBytes: number, use: (pin: Uint8Array) => T | Promise<T>): Promise<T> {
  const pin = Buffer.alloc(Math.min(sizeBytes, MAX_PIN_BYTES));
  try {
    for (let at = 0; at < pin.length; ) {
      const read = readSync(PIN_FD, pin, at, pin.length - at, null);
      if (read === 0) throw new Error('The PIN did not arrive');
      at += read;
    }
    return await use(pin);
  } finally {
    pin.fill(0);
  }
}

async function answer({ id, command }: Question): Promise<Answer> {
  try {
    return { id, value: await run(command) };
  } catch (error) {
    return { id, failure: failureOf(error) };
  }
}

if (process.send !== undefined) {
  new Worker(WATCH_PARENT, { eval: true, workerData: process.ppid }).unref();
  process.on('disconnect', () => process.exit(0));
  const tell = gathered<Answer>((answers) => process.send?.(answers));
  process.on('message', (questions: readonly Question[]) => {
    for (const question of questions) void answer(question).then(tell);
  });
}

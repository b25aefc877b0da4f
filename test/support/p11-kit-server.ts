import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import type { SoftHsm } from './softhsm.ts';

const CLIENTS = ['/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so', '/usr/lib/aarch64-linux-gnu/pkcs11/p11-kit-client.so', '/usr/lib/pkcs11/p11-kit-client.so'];

/** A token that can be pulled out: the SoftHSM behind `p11-kit server`, reached over its socket. */
export interface RemoteToken {
  /** `pkcs11:` with the token, the given key, p11-kit's client module and the PIN file. */
  uri(key: string): string;
  readonly environment: Readonly<Record<string, string>>;
  start(): Promise<void>;
  /** kill -9 for the server and the processes that serve its clients. */
  kill(): Promise<void>;
  /** Stops them where they are, so that a call gets no answer. */
  freeze(): void;
}

export function remoteToken(hsm: SoftHsm): RemoteToken {
  const clientPath = CLIENTS.find((path) => existsSync(path));
  if (clientPath === undefined) throw new Error('p11-kit-client.so is in none of the usual places');
  const socket = join(hsm.folder, 'p11-kit.sock');
  let server: ChildProcess | null = null;
  const signalAll = (signal: NodeJS.Signals): void => {
    if (server?.pid !== undefined) process.kill(-server.pid, signal);
  };
  return {
    uri: (key) => hsm.uri(key).replace(hsm.modulePath, clientPath),
    environment: { P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` },
    async start() {
      rmSync(socket, { force: true });
      const args = ['server', '--foreground', '--name', socket, '--provider', hsm.modulePath, `pkcs11:token=${encodeURIComponent(hsm.label)}`];
      // A group of its own: the server forks a process for each client.
      server = spawn('p11-kit', args, { detached: true, stdio: 'ignore', env: { ...process.env, ...hsm.environment, XDG_RUNTIME_DIR: hsm.folder } });
      await eventually(() => existsSync(socket), Boolean);
    },
    async kill() {
      const ending = server;
      if (ending === null) return;
      const exited = new Promise((resolve) => ending.once('exit', resolve));
      signalAll('SIGKILL');
      await exited;
      server = null;
    },
    freeze: () => signalAll('SIGSTOP'),
  };
}

import { execFile } from 'node:child_process';
import { chown, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../domain/errors.ts';
import { isErrno } from '../errno.ts';
import { syncFolder } from '../sync-folder.ts';
import type { PostgresBinaries } from './binaries.ts';
import type { DataFolder } from './folder.ts';
import { CHILD_ENV, type Launcher } from './launcher.ts';
import { isAlive } from './pid-file.ts';

const INITDB = [
  '--username=lienthong',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
  '--auth=trust', // only over a socket in a folder of mode 0700
] as const;
const INITDB_TIMEOUT_MS = 120_000;
const HALF_MADE = /^postgres\.new-(\d+)$/;

/**
 * Makes the database files under another name and renames them, so that a start broken off half-way, or two starts at once,
 * leave either a whole cluster or none.
 * @throws POSTGRES_START_FAILED
 */
export async function createCluster(folder: DataFolder, binaries: PostgresBinaries, launcher: Launcher): Promise<void> {
  await removeAbandoned(folder.root);
  const making = join(folder.root, `postgres.new-${process.pid}`);
  await mkdir(making, { mode: 0o700 });
  if (launcher.owner !== null) await chown(making, launcher.owner, launcher.owner);
  try {
    await runInitdb([...launcher.initdb, binaries.initdb, '-D', making, ...INITDB]);
    await rename(making, folder.cluster);
    await syncFolder(folder.root);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    if (isErrno(error, 'ENOTEMPTY', 'EEXIST')) return; // somebody else was quicker; theirs is as good
    throw error;
  }
}

/** Folders of starts that were killed in the middle. */
async function removeAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = Number(HALF_MADE.exec(name)?.[1] ?? 0);
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) await rm(join(root, name), { recursive: true, force: true });
  }
}

function runInitdb([command = '', ...args]: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: CHILD_ENV, cwd: '/', timeout: INITDB_TIMEOUT_MS, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      if (error === null) return resolve();
      const reason = (stderr.trim() || stdout.trim()).split('\n').slice(-3).join(' ');
      reject(new GatewayError('POSTGRES_START_FAILED', `PostgreSQL's initdb failed: ${reason}`, { cause: error }));
    });
  });
}

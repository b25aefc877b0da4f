import { createHash } from 'node:crypto';
import { chmod, lchown, lstat, mkdir, readdir, realpath, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GatewayError } from '../../domain/errors.ts';
import { isErrno } from '../errno.ts';
import { SOCKET_PORT } from './connection.ts';

/** Where things lie in a data folder. */
export interface DataFolder {
  /** Real path, symbolic links resolved. */
  readonly root: string;
  readonly cluster: string;
  readonly socketDir: string;
}

const SOCKET_PATH_BYTES = 107; // sun_path of unix(7) is 108 with its final NUL; macOS has 104, and its limit is met by the fallback too
const LONGEST = process.platform === 'darwin' ? 103 : SOCKET_PATH_BYTES;

/** Makes the data folder (0700) when it is not there yet. @throws STORAGE_FAILED */
export async function prepareDataFolder(dataDir: string): Promise<DataFolder> {
  try {
    await mkdir(resolve(dataDir), { recursive: true, mode: 0o700 });
    const root = await realpath(dataDir);
    return { root, cluster: join(root, 'postgres'), socketDir: socketDirFor(root) };
  } catch (cause) {
    throw new GatewayError('STORAGE_FAILED', `The data folder ${dataDir} cannot be made or read: check the path and its permissions`, { cause });
  }
}

/** `<data>/run`, or, when the socket's path would be too long for the kernel, a folder of our own in the temporary folder. */
function socketDirFor(root: string): string {
  const usual = join(root, 'run');
  if (Buffer.byteLength(`${usual}/.s.PGSQL.${SOCKET_PORT}`) <= LONGEST) return usual;
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return join(tmpdir(), `lienthong-${process.getuid?.() ?? 0}-${hash}`);
}

/**
 * Makes the socket's folder for `owner`, closed to everyone else. In the shared temporary folder somebody may have made it before us.
 * @throws POSTGRES_START_FAILED
 */
export async function prepareSocketDir(socketDir: string, owner: number | null): Promise<void> {
  await mkdir(socketDir, { mode: 0o700 }).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw new GatewayError('POSTGRES_START_FAILED', `The folder ${socketDir} cannot be made`, { cause: error });
  });
  const found = await lstat(socketDir);
  const us = process.getuid?.() ?? found.uid;
  if (!found.isDirectory() || (found.uid !== us && found.uid !== owner && us !== 0)) {
    throw new GatewayError('POSTGRES_START_FAILED', `The folder ${socketDir} for PostgreSQL's socket belongs to someone else: remove it`);
  }
  await chmod(socketDir, 0o700);
  await lchown(socketDir, owner ?? us, -1);
}

/** The uid that owns the database files; null when there are none yet. */
export async function clusterOwner(cluster: string): Promise<number | null> {
  try {
    return (await stat(join(cluster, 'PG_VERSION'))).uid;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw new GatewayError('POSTGRES_START_FAILED', `The database files in ${cluster} cannot be read: start the gateway as their owner`, { cause: error });
  }
}

/** Hands a folder and all in it to `uid` (as root only). */
export async function giveTo(uid: number, folder: string): Promise<void> {
  await lchown(folder, uid, uid);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? giveTo(uid, path) : lchown(path, uid, uid));
  }
}

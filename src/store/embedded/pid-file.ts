import { readdir, readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GatewayError } from '../../domain/errors.ts';
import { isErrno } from '../errno.ts';

/** `postmaster.pid`: the server's own account of itself (PostgreSQL source, miscinit.h: one fact a line). */
export interface PidFile {
  readonly pid: number;
  readonly socketDir: string;
  /** `starting`, `ready`, `stopping`, `standby`. */
  readonly status: string;
}

export async function readPidFile(cluster: string): Promise<PidFile | null> {
  try {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n');
    const pid = Number(lines[0]);
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, socketDir: (lines[4] ?? '').trim(), status: (lines[7] ?? '').trim() } : null;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw new GatewayError('POSTGRES_START_FAILED', `The database files in ${cluster} cannot be read: start the gateway as their owner`, { cause: error });
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isErrno(error, 'ESRCH');
  }
}

/**
 * Whether surely no process of a server on this cluster is left. After a container restart the recorded number often belongs to one
 * of the new processes, and PostgreSQL would refuse to start for ever. A server's working directory is its cluster; a backend may
 * outlive its postmaster. False when unsure (no proc(5), no permission, a zombie).
 */
export async function isAbandoned(cluster: string): Promise<boolean> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
    if (name.trim() !== 'postgres') continue;
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => cluster);
    if (folder === cluster) return false;
  }
  return pids.length > 0;
}

export async function removePidFile(cluster: string): Promise<void> {
  await rm(join(cluster, 'postmaster.pid'), { force: true });
}

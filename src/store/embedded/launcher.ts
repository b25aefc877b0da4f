import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { GatewayError } from '../../domain/errors.ts';

/** What decides how PostgreSQL can be run here. */
export interface HostFacts {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  readonly hasPasswdEntry: boolean;
  readonly hasSetpriv: boolean;
  readonly hasUserNamespaces: boolean;
  /** CapEff of proc(5), bits of capabilities(7). */
  readonly capabilities: bigint;
}

/** A command line to put before `initdb` and `postgres`, and who then owns their files. */
export interface Launcher {
  readonly initdb: readonly string[];
  readonly postgres: readonly string[];
  /** Set when the files have to be handed to another user first. */
  readonly owner: number | null;
}

/** All that initdb and postgres are told of the environment: LANG unset must not give an SQL_ASCII database. */
export const CHILD_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

const NOBODY = 65534;
const CAP_DAC_OVERRIDE = 1n << 1n;
const CAP_DAC_READ_SEARCH = 1n << 2n;

/** The kernel interrupts PostgreSQL (fast, clean shutdown) when this process dies, even by SIGKILL: prctl(2) PR_SET_PDEATHSIG. */
const DIE_WITH_US = ['--pdeathsig', 'INT'] as const;
/** Root outside is `nobody` inside: PostgreSQL accepts to run, the files stay root's, and folders with mode 0700 stay passable. */
const IN_USER_NAMESPACE = ['unshare', '-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`, '--'] as const;

/**
 * PostgreSQL refuses to run as root, and initdb refuses a uid without a passwd entry. Which way round is open here?
 * @param clusterOwner uid that owns the existing database files; null when there are none yet
 * @throws POSTGRES_UNSUPPORTED
 */
export function chooseLauncher(host: HostFacts, clusterOwner: number | null): Launcher {
  if (host.platform !== 'linux') return launchPlainly(host);
  return host.uid === 0 ? launchAsRoot(host, clusterOwner) : launchAsUser(host, clusterOwner);
}

function launchPlainly(host: HostFacts): Launcher {
  if (host.uid === 0) throw unsupported('PostgreSQL does not run as root on this system: start the gateway as an ordinary user, or set DATABASE_URL');
  return { initdb: [], postgres: [], owner: null };
}

function launchAsUser(host: HostFacts, clusterOwner: number | null): Launcher {
  if (clusterOwner !== null && clusterOwner !== host.uid) {
    throw new GatewayError('POSTGRES_START_FAILED', `The data folder belongs to uid ${clusterOwner}, not to uid ${host.uid}: start the gateway as its owner`);
  }
  const postgres = host.hasSetpriv ? ['setpriv', ...DIE_WITH_US, '--'] : [];
  if (host.hasPasswdEntry || clusterOwner !== null) return { initdb: postgres, postgres, owner: null };
  if (host.hasUserNamespaces) return { initdb: IN_USER_NAMESPACE, postgres, owner: null };
  throw unsupported(`uid ${host.uid} has no entry in /etc/passwd, which PostgreSQL's initdb needs: add one, allow user namespaces, or set DATABASE_URL`);
}

function launchAsRoot(host: HostFacts, clusterOwner: number | null): Launcher {
  if (!host.hasSetpriv) throw unsupported('Running PostgreSQL as root needs setpriv (util-linux): install it, start the gateway as an ordinary user, or set DATABASE_URL');
  if (host.hasUserNamespaces && (clusterOwner ?? 0) === 0) {
    const prefix = [...IN_USER_NAMESPACE, 'setpriv', ...DIE_WITH_US, '--'];
    return { initdb: prefix, postgres: prefix, owner: null };
  }
  const owner = clusterOwner === null || clusterOwner === 0 ? NOBODY : clusterOwner;
  const prefix = ['setpriv', `--reuid=${owner}`, `--regid=${owner}`, '--clear-groups', ...passFolders(host.capabilities), ...DIE_WITH_US, '--'];
  return { initdb: prefix, postgres: prefix, owner };
}

/** The right to pass folders of mode 0700 above the checkout and the data; Docker grants only the stronger of the two capabilities. */
function passFolders(capabilities: bigint): readonly string[] {
  const name = (capabilities & CAP_DAC_READ_SEARCH) !== 0n ? 'dac_read_search' : (capabilities & CAP_DAC_OVERRIDE) !== 0n ? 'dac_override' : null;
  return name === null ? [] : [`--inh-caps=+${name}`, `--ambient-caps=+${name}`, '--securebits=+no_setuid_fixup'];
}

export function readHostFacts(): HostFacts {
  const uid = process.getuid?.() ?? -1;
  const isLinux = process.platform === 'linux';
  const hasPasswdEntry = passwdEntryExists();
  const needsNamespace = isLinux && (uid === 0 || !hasPasswdEntry);
  return {
    platform: process.platform,
    uid,
    hasPasswdEntry,
    hasSetpriv: isLinux && runs(['setpriv', '--version']),
    hasUserNamespaces: needsNamespace && runs([...IN_USER_NAMESPACE, 'true']),
    capabilities: isLinux ? effectiveCapabilities() : 0n,
  };
}

function passwdEntryExists(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false; // ERR_SYSTEM_ERROR of uv_os_get_passwd: the question is answered
  }
}

function effectiveCapabilities(): bigint {
  const match = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return BigInt(`0x${match?.[1] ?? '0'}`);
}

/** Namespaces may be compiled out, switched off by sysctl, or forbidden by seccomp or AppArmor: only trying tells. */
function runs([command = '', ...args]: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore', timeout: 5000, env: CHILD_ENV });
    return true;
  } catch {
    return false;
  }
}

function unsupported(message: string): GatewayError {
  return new GatewayError('POSTGRES_UNSUPPORTED', message);
}

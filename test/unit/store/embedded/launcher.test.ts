import { describe, expect, it } from 'vitest';
import { chooseLauncher, readHostFacts, type HostFacts } from '../../../../src/store/embedded/launcher.ts';

const USER: HostFacts = { platform: 'linux', uid: 1000, hasPasswdEntry: true, hasSetpriv: true, hasUserNamespaces: true, capabilities: 0n };
const ROOT: HostFacts = { ...USER, uid: 0, capabilities: 0x1ff_ffff_ffffn };
const line = (host: HostFacts, owner: number | null = null): string => chooseLauncher(host, owner).postgres.join(' ');

describe('chooseLauncher', () => {
  it('runs as the user, and lets the kernel end PostgreSQL with the gateway', () => {
    expect(line(USER)).toBe('setpriv --pdeathsig INT --');
  });

  it('runs plainly where there is no setpriv', () => {
    expect(line({ ...USER, hasSetpriv: false })).toBe('');
    expect(line({ ...USER, platform: 'darwin' })).toBe('');
  });

  it('runs in a user namespace as root, whose files stay root’s', () => {
    expect(line(ROOT)).toBe('unshare -U --map-user=65534 --map-group=65534 -- setpriv --pdeathsig INT --');
    expect(chooseLauncher(ROOT, 0).owner).toBeNull();
  });

  it('becomes nobody where root has no user namespaces, with the weaker capability that passes closed folders', () => {
    const host = { ...ROOT, hasUserNamespaces: false };
    expect(line(host)).toContain('--reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_read_search --ambient-caps=+dac_read_search');
    expect(line({ ...host, capabilities: 0xa804_25fbn })).toContain('--inh-caps=+dac_override --ambient-caps=+dac_override'); // Docker
    expect(line({ ...host, capabilities: 0n })).not.toContain('caps');
    expect(chooseLauncher(host, 0).owner).toBe(65534);
  });

  it('becomes the owner of files that root finds', () => {
    expect(line(ROOT, 1000)).toContain('--reuid=1000 --regid=1000');
    expect(line(ROOT, 65534)).toContain('--reuid=65534');
  });

  it('lets initdb alone have a namespace for a uid without a passwd entry', () => {
    const host = { ...USER, hasPasswdEntry: false };
    expect(chooseLauncher(host, null)).toMatchObject({ initdb: ['unshare', '-U', '--map-user=65534', '--map-group=65534', '--'], postgres: ['setpriv', '--pdeathsig', 'INT', '--'] });
    expect(chooseLauncher({ ...host, hasUserNamespaces: false }, 1000).postgres).toEqual(['setpriv', '--pdeathsig', 'INT', '--']);
  });

  it.each([
    ['root on macOS', { ...ROOT, platform: 'darwin' }, null, 'POSTGRES_UNSUPPORTED'],
    ['root without setpriv', { ...ROOT, hasSetpriv: false }, null, 'POSTGRES_UNSUPPORTED'],
    ['no passwd entry, no namespaces', { ...USER, hasPasswdEntry: false, hasUserNamespaces: false }, null, 'POSTGRES_UNSUPPORTED'],
    ["somebody else's files", USER, 1001, 'POSTGRES_START_FAILED'],
  ] as const)('says what to do: %s', (_case, host, owner, code) => {
    expect(() => chooseLauncher(host, owner)).toThrow(expect.objectContaining({ code }));
  });

  it('reads the facts of this machine', () => {
    expect(readHostFacts()).toMatchObject({ platform: process.platform, uid: process.getuid?.() });
  });
});

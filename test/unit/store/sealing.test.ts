import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sealing } from '../../../src/ports/sealing.ts';
import { openSealing } from '../../../src/store/sealing.ts';
import { systemChance } from '../../../src/wiring/chance.ts';
import { systemClock } from '../../../src/wiring/clock.ts';

const chance = systemChance(systemClock);
const PLAIN = new TextEncoder().encode('Trần Văn Ổi, 12 Lê Lợi');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lienthong-seal-'));
  path = join(folder, 'master.key');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (): Promise<Sealing> => openSealing(path, chance, { create: true, clock: systemClock });
const newKey = (): string => Buffer.from(chance.bytes(32)).toString('base64');

describe('sealing', () => {
  it('opens what it sealed, also after a restart', async () => {
    const sealed = (await open()).seal(PLAIN, 'dossier:1');
    expect((await open()).open(sealed, 'dossier:1')).toEqual(PLAIN);
    expect(sealed).toHaveLength(PLAIN.length + 37);
  });

  it('seals the same twice into different bytes, and no plain byte stays readable', async () => {
    const sealing = await open();
    const [one, two] = [sealing.seal(PLAIN, 'x'), sealing.seal(PLAIN, 'x')];
    expect(one).not.toEqual(two);
    expect(Buffer.from(one).includes('Lê Lợi')).toBe(false);
    expect(sealing.open(sealing.seal(new Uint8Array(), 'x'), 'x')).toEqual(new Uint8Array());
  });

  it('does not open in another place (authenticated context)', async () => {
    const sealing = await open();
    expect(() => sealing.open(sealing.seal(PLAIN, 'dossier:1'), 'dossier:2')).toThrow(expect.objectContaining({ code: 'SEALED_DATA_UNREADABLE' }));
  });

  it('does not open when any byte was changed or the end is missing (SP 800-38D)', async () => {
    const sealing = await open();
    const sealed = sealing.seal(PLAIN, 'x');
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte));
      const code = at >= 1 && at <= 8 ? 'MASTER_KEY_UNREADABLE' : 'SEALED_DATA_UNREADABLE'; // bytes 1 to 8 name the key
      expect(() => sealing.open(changed, 'x')).toThrow(expect.objectContaining({ code }));
    }
    for (const length of [0, 1, 36, sealed.length - 1]) {
      expect(() => sealing.open(sealed.subarray(0, length), 'x')).toThrow(expect.objectContaining({ code: 'SEALED_DATA_UNREADABLE' }));
    }
  });

  it('makes the key file with mode 0600 and nothing beside it', async () => {
    await open();
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    expect(await readdir(folder)).toEqual(['master.key']);
    expect(Buffer.from((await readFile(path, 'utf8')).trim(), 'base64')).toHaveLength(32);
  });

  it('agrees on one key when several first starts happen at once', async () => {
    const sealings = await Promise.all([open(), open(), open(), open()]);
    const sealed = sealings.map((sealing) => sealing.seal(PLAIN, 'x'));
    for (const box of sealed) expect(sealings[0]?.open(box, 'x')).toEqual(PLAIN);
  });

  it('opens boxes of an older key after rotation, says they are stale, and seals under the new one', async () => {
    const old = (await open()).seal(PLAIN, 'x');
    await writeFile(path, `${newKey()}\n${await readFile(path, 'utf8')}`);
    const rotated = await open();
    expect(rotated.open(old, 'x')).toEqual(PLAIN);
    expect(rotated.isStale(old)).toBe(true);
    expect(rotated.isStale(rotated.seal(PLAIN, 'x'))).toBe(false);
  });

  it('names the key that is missing', async () => {
    const sealed = (await open()).seal(PLAIN, 'x');
    await writeFile(path, newKey());
    const keyId = Buffer.from(sealed.subarray(1, 9)).toString('hex');
    const sealing = await open();
    expect(() => sealing.open(sealed, 'x')).toThrow(expect.objectContaining({ code: 'MASTER_KEY_UNREADABLE', message: expect.stringContaining(keyId) as string }));
  });

  it.each([0o640, 0o604, 0o666])('refuses a key file that others can read (mode %o)', async (mode) => {
    await open();
    await chmod(path, mode);
    await expect(open()).rejects.toMatchObject({ code: 'MASTER_KEY_UNREADABLE', message: /chmod 600/ });
  });

  it.each([['empty', ''], ['too short', 'AAAA'], ['not base64', `${'*'.repeat(43)}=`], ['32 raw bytes', '\u0001'.repeat(32)]])('refuses a key file that is %s', async (_case, content) => {
    await writeFile(path, content, { mode: 0o600 });
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'MASTER_KEY_UNREADABLE' });
    if (content !== '') expect((error as Error).message).not.toContain(content);
  });

  it('does not make a key when told not to, so that a lost key is noticed', async () => {
    await expect(openSealing(path, chance, { create: false, clock: systemClock })).rejects.toMatchObject({ code: 'MASTER_KEY_UNREADABLE' });
    expect(await readdir(folder)).toEqual([]);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Sha256Hex } from '../../../src/domain/ids.ts';
import type { DocumentStore } from '../../../src/ports/document-store.ts';
import { openDocumentFolder } from '../../../src/store/document-folder.ts';
import { systemChance } from '../../../src/wiring/chance.ts';
import { systemClock } from '../../../src/wiring/clock.ts';
import { canMount, smallDisk } from '../../support/small-disk.ts';

const chance = systemChance(systemClock);
const options = { chance, clock: systemClock };
let root: string;
let store: DocumentStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lienthong-documents-'));
  store = await openDocumentFolder(root, options);
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function* pieces(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

async function contentOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const sha256 = (bytes: Uint8Array): Sha256Hex => createHash('sha256').update(bytes).digest('hex') as Sha256Hex;
const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));

describe('document folder', () => {
  it('returns what was put, named by its SHA-256, in ab/cd/, closed to others', async () => {
    const bytes = randomBytes(700_000);
    const stored = await store.put(pieces(bytes.subarray(0, 300_000), bytes.subarray(300_000)), 1_000_000);
    expect(stored).toEqual({ sha256: sha256(bytes), sizeBytes: 700_000 });
    expect(await contentOf(await store.stream(stored.sha256))).toEqual(bytes);
    const path = await store.localPath(stored.sha256);
    expect(path).toBe(join(root, stored.sha256.slice(0, 2), stored.sha256.slice(2, 4), stored.sha256));
    expect(await readFile(path)).toEqual(bytes);
    expect([(await stat(path)).mode & 0o777, (await stat(join(path, '..'))).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  it('keeps one copy of the same bytes, also when they arrive at the same time', async () => {
    const bytes = randomBytes(10_000);
    const stored = await Promise.all([1, 2, 3, 4].map(() => store.put(pieces(bytes), 10_000)));
    expect(new Set(stored.map((one) => one.sha256)).size).toBe(1);
    expect(await filesBelow(root)).toHaveLength(1);
  });

  it('keeps an empty document', async () => {
    const stored = await store.put(pieces(), 10);
    expect(await contentOf(await store.stream(stored.sha256))).toHaveLength(0);
  });

  it('stops reading at the size limit and leaves nothing', async () => {
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        read += 1;
        yield new Uint8Array(1000);
      }
    }
    await expect(store.put(endless(), 5000)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' });
    expect(read).toBe(6);
    expect(await filesBelow(root)).toEqual([]);
  });

  it('leaves nothing of a stream that breaks, and passes its error on', async () => {
    await expect(store.put(pieces(new Uint8Array(100), new Error('the client went away')), 1000)).rejects.toThrow('the client went away');
    expect(await filesBelow(root)).toEqual([]);
  });

  it.each(['0'.repeat(64), 'nothing', '../../etc/passwd', `${'a'.repeat(63)}/`])('answers DOCUMENT_NOT_FOUND for %s', async (name) => {
    await expect(store.stream(name as Sha256Hex)).rejects.toMatchObject({ code: 'DOCUMENT_NOT_FOUND' });
    await expect(store.localPath(name as Sha256Hex)).rejects.toMatchObject({ code: 'DOCUMENT_NOT_FOUND' });
  });

  it('notices a file that was damaged on the disk', async () => {
    const { sha256: name } = await store.put(pieces(randomBytes(1000)), 1000);
    await writeFile(await store.localPath(name), randomBytes(1000));
    await expect(contentOf(await store.stream(name))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('holds no open file when a reader stops early or never begins', async () => {
    const { sha256: name } = await store.put(pieces(randomBytes(1_000_000)), 1_000_000);
    const before = await openDescriptors();
    for (let round = 0; round < 20; round += 1) {
      await store.stream(name);
      for await (const part of await store.stream(name)) if (part.length > 0) break;
    }
    expect(await openDescriptors()).toBe(before);
  });

  it('removes what a crash left behind a day ago, and nothing younger', async () => {
    const incoming = join(root, 'incoming');
    for (const name of ['old', 'young']) await writeFile(join(incoming, name), 'half');
    const yesterday = new Date(systemClock.now().getTime() - 25 * 3_600_000);
    await utimes(join(incoming, 'old'), yesterday, yesterday);
    await openDocumentFolder(root, options);
    expect(await readdir(incoming)).toEqual(['young']);
  });

  it('answers STORAGE_FAILED when its folder is gone', async () => {
    await rm(root, { recursive: true });
    await expect(store.put(pieces(new Uint8Array(1)), 1)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });
});

async function openDescriptors(): Promise<number> {
  return process.platform === 'linux' ? (await readdir('/proc/self/fd')).length : 0;
}

describe.skipIf(!canMount())('document folder on a full disk (needs the right to mount one)', () => {
  it('answers STORAGE_FULL, leaves nothing, and goes on when there is room', async () => {
    const disk = smallDisk(256);
    try {
      const small = await openDocumentFolder(join(disk.path, 'documents'), options);
      await expect(small.put(pieces(randomBytes(200_000), randomBytes(200_000)), 1_000_000)).rejects.toMatchObject({ code: 'STORAGE_FULL', retryable: true });
      expect(await filesBelow(disk.path)).toEqual([]);
      await small.put(pieces(randomBytes(100_000)), 1_000_000);
      expect(await filesBelow(disk.path)).toHaveLength(1);
    } finally {
      disk.remove();
    }
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../src/domain/errors.ts';
import type { DocumentStore } from '../../../src/ports/document-store.ts';
import { openDocumentFolder } from '../../../src/store/document-folder.ts';
import { systemChance } from '../../../src/wiring/chance.ts';
import { systemClock } from '../../../src/wiring/clock.ts';

let root: string;
let store: DocumentStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lienthong-spool-'));
  store = await openDocumentFolder(root, { chance: systemChance(systemClock), clock: systemClock });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function* pieces(...parts: readonly (Uint8Array | Error)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (part instanceof Error) throw part;
    yield part;
  }
}

const incoming = (): Promise<string[]> => readdir(join(root, 'incoming'));

describe('bytes that come in to be worked on', () => {
  it('are there until they are removed, and never get a name in the store', async () => {
    const bytes = randomBytes(300_000);
    const spooled = await store.spool(pieces(bytes.subarray(0, 100_000), bytes.subarray(100_000)), 300_000);
    expect(spooled).toMatchObject({ sha256: createHash('sha256').update(bytes).digest('hex'), sizeBytes: 300_000 });
    expect((await readFile(spooled.path)).equals(bytes)).toBe(true);
    await expect(store.localPath(spooled.sha256)).rejects.toSatisfy((error) => isGatewayError(error, 'DOCUMENT_NOT_FOUND'));
    await spooled.remove();
    await spooled.remove();
    expect(await incoming()).toEqual([]);
  });

  it('leave nothing when there are too many of them, or their sender breaks off', async () => {
    await expect(store.spool(pieces(randomBytes(11)), 10)).rejects.toSatisfy((error) => isGatewayError(error, 'BODY_TOO_LARGE'));
    await expect(store.spool(pieces(randomBytes(5), new Error('gone')), 10)).rejects.toThrow('gone');
    expect(await incoming()).toEqual([]);
  });
});

describe('a range of a document', () => {
  it('holds its first and its last byte, across pieces', async () => {
    const bytes = randomBytes(600_000);
    const { sha256 } = await store.put(pieces(bytes), 600_000);
    for (const [start, end] of [[0, 0], [0, 599_999], [262_143, 262_144], [599_999, 599_999]] as const) {
      const range = await buffer(Readable.from(await store.stream(sha256, { start, end })));
      expect(range.equals(bytes.subarray(start, end + 1))).toBe(true);
    }
  });

  it('of a file that became shorter is an error, not a shorter range', async () => {
    const { sha256 } = await store.put(pieces(randomBytes(1_000)), 1_000);
    await truncate(await store.localPath(sha256), 500);
    await expect(buffer(Readable.from(await store.stream(sha256, { start: 0, end: 999 })))).rejects.toSatisfy((error) => isGatewayError(error, 'STORAGE_FAILED'));
  });
});

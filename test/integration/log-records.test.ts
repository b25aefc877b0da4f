import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PartnerId, Sha256Hex } from '../../src/domain/ids.ts';
import { openCheckpoint } from '../../src/formats/transparency-log/checkpoint.ts';
import { leafHash, rootHash, type NodeAt, nodeHash } from '../../src/formats/transparency-log/merkle-tree.ts';
import type { LogCheckpoint, LogKeyRecord, NewLogEntry } from '../../src/ports/log-records.ts';
import { growerFor } from '../../src/usecases/grow-log.ts';
import { newId, T0 } from '../support/ledger.ts';
import { freshRecords, type FreshRecords } from '../support/records.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const log = { keyName: 'gateway.example/log', publicKey, sign: (message: Uint8Array): Uint8Array => sign(null, message, privateKey) };

let fresh: FreshRecords;
let key: LogKeyRecord;
beforeAll(async () => {
  fresh = await freshRecords();
  key = await fresh.records.log.addKey({ id: newId(), name: log.keyName, incarnation: 1, publicKey: new Uint8Array(32), privateKeySealed: new Uint8Array(8), createdAt: T0 });
});
afterAll(() => fresh.close());

const entryOf = (text: string, partners: readonly string[] = []): NewLogEntry => ({
  kind: 'message',
  subject: newId(),
  recordSha256: createHash('sha256').update(text).digest('hex') as Sha256Hex,
  partners: partners as readonly PartnerId[],
  at: T0,
});
const advance = (limit = 10_000): Promise<LogCheckpoint | null> => fresh.records.log.advance({ limit, keyId: key.id, at: T0, grow: growerFor(log) });

describe('the log of the records', () => {
  it('enters what commits and nothing that does not, and gives places to what is committed alone', async () => {
    const { records } = fresh;
    const kept = entryOf('kept', ['land-registry']);
    const lost = entryOf('lost');
    await records.transaction((tx) => tx.log.append(kept));
    await expect(
      records.transaction(async (tx) => {
        await tx.log.append(lost);
        throw new Error('changed its mind');
      }),
    ).rejects.toThrow('changed its mind');
    expect(await records.log.find('message', lost.subject)).toBeNull();
    expect(await records.log.find('message', kept.subject)).toMatchObject({ index: null, partners: ['land-registry'], recordSha256: kept.recordSha256 });
    expect(await records.log.pending()).toEqual({ any: true, ofTimeAlone: false });

    const checkpoint = await advance();
    expect(checkpoint?.size).toBe(1);
    const entry = await records.log.find('message', kept.subject);
    expect(entry?.index).toBe(0);
    const expected = createHash('sha256').update(entry?.salt ?? '').update(Buffer.from(kept.recordSha256, 'hex')).digest();
    expect(Buffer.from(entry?.leafData ?? []).equals(expected)).toBe(true);
    expect(Buffer.from(checkpoint?.root ?? []).equals(leafHash(expected))).toBe(true);
    expect(openCheckpoint(Buffer.from(checkpoint?.note ?? ''), log).size).toBe(1);
    expect(await advance()).toBeNull();
    expect(await records.log.pending()).toEqual({ any: false, ofTimeAlone: false });
  });

  it('gives every entry one place while many write and several sequencers run', async () => {
    const { records } = fresh;
    const entries = Array.from({ length: 600 }, (_, at) => entryOf(`entry ${at}`));
    const writing = { ended: false };
    const sequencers = [1, 2].map(async () => {
      while (!writing.ended) await advance(50);
    });
    for (let at = 0; at < entries.length; at += 30) await Promise.all([0, 10, 20].map((by) => records.transaction((tx) => tx.log.append(...entries.slice(at + by, at + by + 10)))));
    writing.ended = true;
    await Promise.all(sequencers);
    while ((await advance(50)) !== null);
    const newest = await records.log.newest();
    expect(newest?.size).toBe(601);
    const leaves: Uint8Array[] = [];
    const subjects = new Set<string>();
    for (let index = 0; index < 601; index += 1) {
      const entry = await records.log.at(index);
      leaves.push(leafHash(entry?.leafData ?? new Uint8Array()));
      subjects.add(entry?.subject ?? '');
    }
    expect(subjects.size).toBe(601);
    const nodeAt: NodeAt = ({ level, index }) => (level === 0 ? (leaves[index] ?? new Uint8Array()) : nodeHash(nodeAt({ level: level - 1, index: 2 * index }), nodeAt({ level: level - 1, index: 2 * index + 1 })));
    expect(Buffer.from(newest?.root ?? []).equals(rootHash(601, nodeAt))).toBe(true);
  });

  it('refuses the same thing twice, and every change', async () => {
    const { records, handle } = fresh;
    const entry = entryOf('once');
    await records.log.append(entry);
    await expect(records.log.append(entry)).rejects.toThrow(/log_entry_kind_subject_key/);
    for (const statement of ['UPDATE log_entry SET partners = NULL', 'DELETE FROM log_leaf', 'UPDATE log_checkpoint SET note = note', 'TRUNCATE log_timestamp']) {
      await expect(handle.pool.query(statement)).rejects.toThrow(/append-only/);
    }
  });
});

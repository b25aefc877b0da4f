import { readdirSync, readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isGatewayError } from '../../../../src/domain/errors.ts';
import { readContainer, type ContainerEntry } from '../../../../src/formats/asic/read-container.ts';
import { writeContainer, type NewEntry } from '../../../../src/formats/asic/write-container.ts';
import { bytesSource } from '../../../../src/formats/byte-source.ts';
import { requireVectors, vectorPath } from '../../../support/vectors.ts';

const MIMETYPE = 'application/vnd.etsi.asic-e+zip';

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => 'none', (error: unknown) => (isGatewayError(error) ? error.code : `not ours: ${String(error)}`));
}

const read = (bytes: Uint8Array, limits?: { maxEntries: number; maxBytes: number }): Promise<readonly ContainerEntry[]> => readContainer(bytesSource(bytes), limits).then(({ entries }) => entries);
const textOf = async (entry: ContainerEntry | undefined): Promise<string> => (entry === undefined ? 'none' : (await buffer(entry.open())).toString());

interface RawEntry {
  readonly name: string;
  readonly data?: string | Buffer;
  readonly deflate?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** Of what the local header says otherwise. */
  readonly local?: { readonly name?: string; readonly size?: number };
  readonly size?: number;
  readonly extra?: Buffer;
  readonly attributes?: number;
  /** Bytes before the entry that belong to nobody. */
  readonly gap?: Buffer;
}

/** A ZIP file as wrong as wanted (APPNOTE 4.3). */
function rawZip(entries: readonly RawEntry[], { before = '', comment = '' } = {}): Buffer {
  const [parts, directory]: [Buffer[], Buffer[]] = [[Buffer.from(before)], []];
  const length = (list: readonly Buffer[]): number => list.reduce((sum, { length: one }) => sum + one, 0);
  for (const { name, data = '', deflate = false, flags = 0, method = deflate ? 8 : 0, local = {}, size, extra = Buffer.alloc(0), attributes = 0, gap } of entries) {
    if (gap !== undefined) parts.push(gap);
    const plain = typeof data === 'string' ? Buffer.from(data) : data;
    const stored = deflate ? deflateRawSync(plain) : plain;
    const head = (wanted: string, bytes: number): Buffer => {
      const fields = Buffer.alloc(26);
      fields.writeUInt16LE(20, 0);
      fields.writeUInt16LE(flags, 2);
      fields.writeUInt16LE(method, 4);
      fields.writeUInt32LE(crc32(plain), 10);
      fields.writeUInt32LE(stored.length, 14);
      fields.writeUInt32LE(bytes, 18);
      fields.writeUInt16LE(Buffer.byteLength(wanted), 22);
      fields.writeUInt16LE(extra.length, 24);
      return fields;
    };
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(attributes, 6);
    tail.writeUInt32LE(length(parts), 10);
    const bytes = size ?? plain.length;
    directory.push(Buffer.from('PK\x01\x02\x14\x03', 'latin1'), head(name, bytes), tail, Buffer.from(name), extra);
    const localName = local.name ?? name;
    parts.push(Buffer.from('PK\x03\x04'), head(localName, local.size ?? bytes), Buffer.from(localName), extra, stored);
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(length(directory), 12);
  end.writeUInt32LE(length(parts), 16);
  end.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...parts, ...directory, end, Buffer.from(comment)]);
}

const mimetype: RawEntry = { name: 'mimetype', data: MIMETYPE };

const ENTRIES: readonly NewEntry[] = [
  { name: 'manifest.json', content: Buffer.from('{}') },
  { name: 'parts/Quyết định.pdf', content: Buffer.from('%PDF'.repeat(1_000)) },
  { name: 'META-INF/ASiCManifest.xml', content: () => (async function* () { yield* [Buffer.from('<a/'), Buffer.from('>')]; })() },
];

describe('a container (EN 319 162-1 §4.4, A.1)', () => {
  it('is read as it was written, and is the same bytes when written again', async () => {
    const bytes = await buffer(writeContainer(ENTRIES));
    expect(bytes.subarray(30, 38 + MIMETYPE.length).toString()).toBe(`mimetype${MIMETYPE}`);
    expect((await buffer(writeContainer(ENTRIES))).equals(bytes)).toBe(true);
    const entries = await read(bytes);
    expect(entries.map(({ name }) => name)).toEqual(ENTRIES.map(({ name }) => name));
    expect(await Promise.all(entries.map(textOf))).toEqual(['{}', '%PDF'.repeat(1_000), '<a/>']);
  });

  it('holds up when any byte of it is changed: its content, or nothing', async () => {
    const bytes = await buffer(writeContainer(ENTRIES));
    const contents = JSON.stringify(await Promise.all((await read(bytes)).map(async (entry) => [entry.name, await textOf(entry)])));
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x41;
      const work = read(changed).then(async (entries) => JSON.stringify(await Promise.all(entries.map(async (entry) => [entry.name, await textOf(entry)]))));
      const outcome = await work.catch((error: unknown) => (isGatewayError(error) ? error.code : `not ours: ${String(error)}`));
      expect(['EVIDENCE_MALFORMED', 'BODY_TOO_LARGE', contents], `byte ${at}`).toContain(outcome);
      if (outcome === 'EVIDENCE_MALFORMED') refused += 1;
    }
    expect(refused).toBeGreaterThan(bytes.length / 2);
  });

  it.each<readonly [string, Buffer]>([
    ['without mimetype', rawZip([{ name: 'a' }])],
    ['whose mimetype is second', rawZip([{ name: 'a' }, mimetype])],
    ['whose mimetype is deflated', rawZip([{ ...mimetype, deflate: true }])],
    ['whose mimetype has an extra field', rawZip([{ ...mimetype, extra: Buffer.from('\x01\x00\x00\x00') }])],
    ['of another type', rawZip([{ name: 'mimetype', data: 'application/vnd.etsi.asic-s+zip' }])],
    ['with one name twice', rawZip([mimetype, { name: 'a' }, { name: 'a' }])],
    ['with names that differ by case', rawZip([mimetype, { name: 'a' }, { name: 'A' }])],
    ['with a name not in NFC', rawZip([mimetype, { name: 'e\u0302', flags: 1 << 11 }])],
    ['with a name that ends in a space', rawZip([mimetype, { name: 'a ' }])],
    ['with a folder', rawZip([mimetype, { name: 'a/' }])],
    ['with a path that leads out', rawZip([mimetype, { name: '../a' }])],
    ['with an absolute path', rawZip([mimetype, { name: '/a' }])],
    ['with a drive', rawZip([mimetype, { name: 'C:a' }])],
    ['with a backslash', rawZip([mimetype, { name: 'a\\b' }])],
    ['with a NUL', rawZip([mimetype, { name: 'a\0b' }])],
    ['with a device', rawZip([mimetype, { name: 'a/nul.txt' }])],
    ['with a right-to-left override', rawZip([mimetype, { name: 'a\u202efdp.exe', flags: 1 << 11 }])],
    ['with a symbolic link', rawZip([mimetype, { name: 'a', data: '/etc/passwd', attributes: 0o120777 * 2 ** 16 }])],
    ['with an encrypted entry', rawZip([mimetype, { name: 'a', flags: 1 }])],
    ['with another method', rawZip([mimetype, { name: 'a', method: 12 }])],
    ['whose headers name other files', rawZip([mimetype, { name: 'a', local: { name: 'b' } }])],
    ['whose headers have other sizes', rawZip([mimetype, { name: 'a', data: 'x', local: { size: 2 } }])],
    ['with bytes before it', rawZip([mimetype], { before: 'MZ' })],
    ['with a comment', rawZip([mimetype], { comment: 'x' })],
    ['with a second directory in its comment', rawZip([mimetype], { comment: rawZip([mimetype, { name: 'b' }]).toString('latin1') })],
    ['with bytes between entries', rawZip([mimetype, { name: 'a', gap: Buffer.from('hidden') }])],
    ['that grows a thousandfold', rawZip([mimetype, { name: 'a', data: Buffer.alloc(4 * 1024 ** 2), deflate: true }])],
    ['that is no ZIP file', Buffer.from('%PDF-1.7')],
    ['of nothing', Buffer.alloc(0)],
  ])('%s is not taken', async (_, bytes) => {
    expect(await codeOf(read(bytes))).toBe('EVIDENCE_MALFORMED');
  });

  it('is not taken with too much in it', async () => {
    const many = rawZip([mimetype, ...Array.from({ length: 1_000 }, (_, at) => ({ name: `a${at}` }))]);
    expect(await codeOf(read(many))).toBe('EVIDENCE_MALFORMED');
    expect(await codeOf(read(rawZip([mimetype, { name: 'a', data: 'x'.repeat(100) }]), { maxEntries: 10, maxBytes: 99 }))).toBe('BODY_TOO_LARGE');
  });

  it('whose directory gives an entry a false size fails when it is read', async () => {
    const lying = rawZip([mimetype, { name: 'a', data: 'x'.repeat(500), deflate: true, size: 5 }]);
    const [entry] = await read(lying);
    expect(await codeOf(textOf(entry))).toBe('EVIDENCE_MALFORMED');
  });

  it('refuses to be written with a name that is another file elsewhere', () => {
    for (const name of ['../a', 'a/', 'A\\b', 'con', 'a\u0000']) expect(() => writeContainer([{ name, content: new Uint8Array() }])).toThrow(RangeError);
  });
});

describe.skipIf(!requireVectors('yauzl', 'failure'))('malformed ZIP files (yauzl’s vectors)', () => {
  it.each(requireVectors('yauzl', 'failure') ? readdirSync(vectorPath('yauzl', 'failure')).filter((name) => name.endsWith('.zip')) : [])('%s is refused with a typed error', async (name) => {
    expect(await codeOf(read(readFileSync(vectorPath('yauzl', 'failure', name))))).toMatch(/^(?:EVIDENCE_MALFORMED|BODY_TOO_LARGE)$/);
  });
});

import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { bytesSource } from '../../../src/formats/byte-source.ts';
import { readContainer } from '../../../src/formats/asic/read-container.ts';
import { ASIC_E } from '../../../src/formats/asic/names.ts';
import { containerOf, type EvidenceSample, type EvidenceSamples } from '../../support/evidence-samples.ts';
import type { Random } from '../../simulation/random.ts';

/** One container that must not be believed. */
export interface Tampered {
  readonly id: string;
  readonly bytes: Uint8Array;
}

type Files = Map<string, Uint8Array>;
type Change = (files: Files, other: EvidenceSample, all: EvidenceSamples) => void;

const PROOF = 'META-INF/proof.json';
const RECEIPT = 'META-INF/receipt-delivered-land-registry.json';
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');
const tokenOf = (files: Files): string => [...files.keys()].find((name) => name.endsWith('.tst')) ?? '';

/** Changes of what the container says, packed anew with sound checksums. */
const CHANGES: Readonly<Record<string, Change>> = {
  'paper swapped for another': (files) => void files.set('body.json', Buffer.from('{"note":"khác"}')),
  'manifest.json of another message': (files, other) => void files.set('manifest.json', other.files.get('manifest.json') ?? new Uint8Array()),
  'one word of manifest.json': (files) => void files.set('manifest.json', Buffer.from(text(files.get('manifest.json')).replace('one-stop', 'two-stop'))),
  'ASiCManifest of another message': (files, other) => void files.set('META-INF/ASiCManifest.xml', other.files.get('META-INF/ASiCManifest.xml') ?? new Uint8Array()),
  'digest in the ASiCManifest': (files) => void files.set('META-INF/ASiCManifest.xml', Buffer.from(text(files.get('META-INF/ASiCManifest.xml')).replace(/<ds:DigestValue>./, '<ds:DigestValue>A').replace('MimeType="application/json"', 'MimeType="text/plain"'))),
  'signature of another message': (files, other) => void files.set('META-INF/signature.p7s', other.files.get('META-INF/signature.p7s') ?? new Uint8Array()),
  'proof of another leaf': (files, other) => void files.set(PROOF, other.files.get(PROOF) ?? new Uint8Array()),
  'leaf index': (files) => void files.set(PROOF, Buffer.from(text(files.get(PROOF)).replace(/"index":(\d+)/, (_, index: string) => `"index":${Number(index) + 1}`))),
  'tree size': (files) => void files.set(PROOF, Buffer.from(text(files.get(PROOF)).replace(/"size":(\d+)/, (_, size: string) => `"size":${Number(size) + 1}`))),
  'token of another root': (files, _other, all) => void files.set(tokenOf(files), all.stamp(Buffer.from('gateway.example.vn/log\n7\nAAAA\n'))),
  'checkpoint with another root': (files) => {
    const note = tokenOf(files).replace('-1.tst', '.txt');
    files.set(note, Buffer.from(text(files.get(note)).replace(/\n[A-Za-z0-9+/]{4}/, '\nAAAA')));
  },
  'receipt of another message': (files, other) => void files.set(RECEIPT, other.files.get(RECEIPT) ?? new Uint8Array()),
  'all of the receipt of another message': (files, other) => {
    for (const [name, bytes] of other.files) if (name.includes('delivered-land-registry')) files.set(name, bytes);
  },
  'file added beside the papers': (files) => void files.set('parts/9.pdf', Buffer.from('%PDF-1.7')),
  'file added under META-INF': (files) => void files.set('META-INF/receipt-taken-in-x.json', Buffer.from('{}')),
  'body taken away': (files) => void files.delete('body.json'),
  'manifest taken away': (files) => void files.delete('manifest.json'),
  'proof taken away': (files) => void files.delete(PROOF),
  'signature taken away': (files) => void files.delete('META-INF/signature.p7s'),
  'statement of an erasure made up': (files) => {
    files.delete('body.json');
    files.set('META-INF/receipt-erased-1.json', Buffer.from('{"kind":"erased","objects":[{"name":"body.json"}]}'));
  },
};

/** Tricks of the ZIP format: what one reader sees, another does not. */
const TRICKS: Readonly<Record<string, (container: Buffer, files: Files) => Promise<Uint8Array> | Uint8Array>> = {
  'bytes before the first entry': (container) => Buffer.concat([Buffer.from('#!/bin/sh\n'), container]),
  'bytes behind the directory': (container) => Buffer.concat([container, Buffer.from('x')]),
  'comment that hides a directory': (container) => {
    const comment = container.subarray(-100);
    const end = Buffer.from(container);
    end.writeUInt16LE(comment.length, end.length - 2);
    return Buffer.concat([end, comment]);
  },
  'name twice': async (_, files) => containerOf([...files, ['body.json', Buffer.from('{}')]]),
  'name twice where case is the same': async (_, files) => containerOf([...files, ['BODY.json', Buffer.from('{}')]]),
  'another name in the local header': (container) => replaced(container, 'body.json', 'bodi.json', 'first'),
  'another name in the directory': (container) => replaced(container, 'body.json', 'bodi.json', 'last'),
  'name that leads out': (container) => replaced(container, 'body.json', '../y.json', 'all'),
  'absolute name': (container) => replaced(container, 'body.json', '/ody.json', 'all'),
  'name with a backslash': (container) => replaced(container, 'body.json', 'bo\\y.json', 'all'),
  'another media type': (container) => replaced(container, ASIC_E, ASIC_E.replace('asic-e', 'asic-s'), 'all'),
  'mimetype not there': (container) => replaced(container, 'mimetype', 'mimetypo', 'all'),
  'symbolic link': (container) => {
    const link = Buffer.from(container);
    const at = link.indexOf('PK\x01\x02', link.indexOf('PK\x01\x02') + 1, 'latin1');
    link.writeUInt32LE(((0o120777 << 16) >>> 0), at + 38);
    return link;
  },
  'entry said to be encrypted': (container) => {
    const locked = Buffer.from(container);
    const at = locked.indexOf('PK\x01\x02', 0, 'latin1');
    locked.writeUInt16LE(locked.readUInt16LE(at + 8) | 1, at + 8);
    return locked;
  },
  'cut off': (container) => container.subarray(0, container.length - 30),
  'empty': () => new Uint8Array(),
};

function replaced(container: Buffer, from: string, to: string, which: 'first' | 'last' | 'all'): Buffer {
  const changed = Buffer.from(container);
  const places: number[] = [];
  for (let at = changed.indexOf(from, 0, 'latin1'); at >= 0; at = changed.indexOf(from, at + 1, 'latin1')) places.push(at);
  const chosen = which === 'all' ? places : which === 'first' ? places.slice(0, 1) : places.slice(-1);
  for (const at of chosen) changed.write(to, at, 'latin1');
  return changed;
}

/** `count` containers that must fail, the same for the same dice: every change and trick first, then single bytes. */
export async function tamperedContainers(all: EvidenceSamples, count: number, dice: Random): Promise<readonly Tampered[]> {
  const made: Tampered[] = [];
  const whole = all.samples.filter(({ files }) => files.has('body.json'));
  const [first] = whole;
  if (first === undefined) throw new Error('there is no sample to tamper with');
  const pick = (): EvidenceSample => dice.pick(whole as [EvidenceSample, ...EvidenceSample[]]);
  for (const [id, change] of Object.entries(CHANGES)) {
    const sample = pick();
    const files = new Map(sample.files);
    const other = whole.find((one) => one !== sample) ?? first;
    change(files, other, all);
    made.push({ id, bytes: await containerOf(files) });
  }
  for (const [id, trick] of Object.entries(TRICKS)) {
    const { container, files } = pick();
    made.push({ id, bytes: await trick(container, new Map(files)) });
  }
  while (made.length < count) {
    const { container } = pick();
    const at = dice.pick(meaningful(container) as [number, ...number[]]);
    const bytes = Buffer.from(container);
    bytes[at] = (bytes[at] ?? 0) ^ dice.between(1, 255);
    if (await holdsTheSame(container, bytes)) continue; // bits that DEFLATE passes over (RFC 1951 §3.2.3, the end of the last block)
    made.push({ id: `byte ${at} of ${container.length}, ${made.length}`, bytes });
  }
  return made.slice(0, count);
}

async function holdsTheSame(container: Uint8Array, other: Uint8Array): Promise<boolean> {
  const contents = async (bytes: Uint8Array): Promise<string[]> => {
    const found: string[] = [];
    for (const entry of (await readContainer(bytesSource(bytes))).entries) {
      const hash = createHash('sha256');
      for await (const chunk of entry.open()) hash.update(chunk);
      found.push(`${entry.name} ${hash.digest('hex')}`);
    }
    return found;
  };
  const [before, after] = [await contents(container), await contents(other).catch(() => null)];
  return after !== null && before.join('\n') === after.join('\n');
}

/** Every byte but those of ZIP headers that say nothing of the content: versions, times of day, disk numbers, attributes (APPNOTE 4.3.7, 4.3.12). */
function meaningful(container: Buffer): number[] {
  const silent = new Set<number>();
  const mark = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) silent.add(at);
  };
  for (let at = container.indexOf('PK\x03\x04', 0, 'latin1'); at >= 0; at = container.indexOf('PK\x03\x04', at + 1, 'latin1')) {
    mark(at + 4, at + 6);
    mark(at + 10, at + 26); // times; checksum and sizes follow the data
  }
  for (let at = container.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; at = container.indexOf('PK\x01\x02', at + 1, 'latin1')) {
    mark(at + 4, at + 10); // versions, flags of which most say nothing
    mark(at + 12, at + 16);
    mark(at + 34, at + 42);
  }
  const end = container.length - 22;
  mark(end + 4, end + 8);
  for (let at = container.indexOf('PK\x07\x08', 0, 'latin1'); at >= 0; at = container.indexOf('PK\x07\x08', at + 1, 'latin1')) mark(at, at + 16); // said again in the directory
  return Array.from({ length: container.length }, (_, at) => at).filter((at) => !silent.has(at));
}

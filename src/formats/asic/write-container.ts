import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import { ASIC_E, nameFault } from './names.ts';

export interface NewEntry {
  readonly name: string;
  /** Bytes, or a stream of them that is opened when its turn comes. */
  readonly content: Uint8Array | (() => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>);
}

/** No time of day: two exports of the same evidence are the same bytes. The earliest that a ZIP file can say. */
const NO_TIME = { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true } as const;

/**
 * An ASiC-E container: `mimetype` first and stored, then the entries in their order, deflated.
 * @throws RangeError for a name that could be another file somewhere
 * @see ETSI EN 319 162-1 §4.4, A.1
 */
export function writeContainer(entries: Iterable<NewEntry>): AsyncIterable<Uint8Array> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(ASIC_E), 'mimetype', { ...NO_TIME, compress: false });
  for (const { name, content } of entries) {
    const fault = nameFault(name);
    if (fault !== null) throw new RangeError(`The entry ${JSON.stringify(name)} ${fault}`);
    if (content instanceof Uint8Array) zip.addBuffer(Buffer.from(content.buffer, content.byteOffset, content.byteLength), name, NO_TIME);
    else zip.addReadStreamLazy(name, NO_TIME, (give) => openStream(content, give));
  }
  zip.end();
  return zip.outputStream as Readable;
}

function openStream(open: () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>, give: (error: unknown, stream: Readable) => void): void {
  const pull = async function* (): AsyncGenerator<Uint8Array> {
    yield* await open();
  };
  give(null, Readable.from(pull()));
}

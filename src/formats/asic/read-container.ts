import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type LocalFileHeader, type ZipFile } from 'yauzl';
import { GatewayError, isGatewayError } from '../../domain/errors.ts';
import { chunksOf, type ByteSource } from '../byte-source.ts';
import { ASIC_E, nameFault } from './names.ts';

/** A container whose directory was read and found to say one thing only. Nothing was inflated yet. */
export interface Container {
  /** As the container has them, without `mimetype`. */
  readonly entries: readonly ContainerEntry[];
}

export interface ContainerEntry {
  readonly name: string;
  /** Inflated, as both headers say; `open` fails when it is not so. */
  readonly sizeBytes: number;
  /** The content. Its stream ends with EVIDENCE_MALFORMED when it is damaged. */
  open(): AsyncIterable<Uint8Array>;
}

export interface ContainerLimits {
  readonly maxEntries: number;
  /** Of all entries together, inflated. */
  readonly maxBytes: number;
}

export const CONTAINER_LIMITS: ContainerLimits = { maxEntries: 1_000, maxBytes: 2 * 1024 ** 3 };

/** Whoever inflates more than this much to more than this many times its size is handing in a bomb. */
const [RATIO_FROM_BYTES, MAX_RATIO] = [1024 ** 2, 100];
const [STORED, DEFLATED] = [0, 8];
const HAS_DESCRIPTOR = 1 << 3;
/** Of the sizes behind an entry's data, with and without signature and ZIP64 (APPNOTE 4.3.9). */
const DESCRIPTOR_BYTES = [12, 16, 20, 24];

/**
 * Reads an ASiC-E container as one that leaves no doubt: every byte belongs to one entry or to the directory, both headers of an entry
 * agree, no two names are one file somewhere, `mimetype` comes first and is stored. A container that says different things to different
 * readers is no evidence.
 * @throws EVIDENCE_MALFORMED with the reason; BODY_TOO_LARGE
 * @see ETSI EN 319 162-1 §4.4, A.1; PKWARE APPNOTE 6.3
 */
export async function readContainer(source: ByteSource, limits: ContainerLimits = CONTAINER_LIMITS): Promise<Container> {
  try {
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.sizeBytes, { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true });
    const places = await readDirectory(zip, limits);
    checkCover(places, source);
    const entries = places.map(({ entry }) => contentOf(zip, entry));
    const [mimetype, ...rest] = entries;
    await checkMimetype(mimetype, places[0]);
    return { entries: rest };
  } catch (error) {
    throw asMalformed(error);
  }
}

interface Place {
  readonly entry: Entry;
  readonly header: LocalFileHeader;
}

async function readDirectory(zip: ZipFile, { maxEntries, maxBytes }: ContainerLimits): Promise<readonly Place[]> {
  if (zip.entryCount > maxEntries) throw malformed(`it has ${zip.entryCount} entries; the limit is ${maxEntries}`);
  if (zip.comment !== '') throw malformed('it has a comment, in which a second directory may hide');
  const places: Place[] = [];
  const seen = new Set<string>();
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const fault = entryFault(entry) ?? nameFault(entry.fileName);
    if (fault !== null) throw malformed(`the entry ${JSON.stringify(entry.fileName)} ${fault}`);
    const folded = entry.fileName.normalize('NFC').toLowerCase();
    if (seen.has(folded)) throw malformed(`two entries are called ${JSON.stringify(entry.fileName)} where upper and lower case are the same`);
    seen.add(folded);
    bytes += entry.uncompressedSize;
    if (bytes > maxBytes) throw new GatewayError('BODY_TOO_LARGE', `The container holds more than ${maxBytes} bytes`);
    const header = await zip.readLocalFileHeaderPromise(entry);
    if (!agrees(entry, header)) throw malformed(`the two headers of ${JSON.stringify(entry.fileName)} do not agree`);
    places.push({ entry, header });
  }
  return places.sort((a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader);
}

function entryFault(entry: Entry): string | null {
  const { compressionMethod, compressedSize, uncompressedSize } = entry;
  if (entry.isEncrypted()) return 'is encrypted';
  if (compressionMethod !== STORED && compressionMethod !== DEFLATED) return `is compressed by method ${compressionMethod}`;
  if (uncompressedSize > RATIO_FROM_BYTES && uncompressedSize > MAX_RATIO * compressedSize) return `grows to more than ${MAX_RATIO} times its size`;
  if (isLink(entry)) return 'is a symbolic link';
  return null;
}

/** UNIX attributes in the upper half, when a UNIX made the entry. */
function isLink({ versionMadeBy, externalFileAttributes }: Entry): boolean {
  const [unix, format, link] = [3, 0o170000, 0o120000];
  return versionMadeBy >> 8 === unix && ((externalFileAttributes >>> 16) & format) === link;
}

function agrees(entry: Entry, header: LocalFileHeader): boolean {
  if (!header.fileName.equals(entry.fileNameRaw) || header.compressionMethod !== entry.compressionMethod || header.generalPurposeBitFlag !== entry.generalPurposeBitFlag) return false;
  // Sizes that follow the data are not in the header; those of ZIP64 are in an extra field, which is not needed below 4 GiB.
  if ((entry.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0) return true;
  return header.compressedSize === entry.compressedSize && header.uncompressedSize === entry.uncompressedSize && header.crc32 === entry.crc32;
}

/** From the first byte to the directory, entry after entry, without a gap in which something else could stand. */
function checkCover(places: readonly Place[], source: ByteSource): void {
  let at = 0;
  for (const [number, { entry, header }] of places.entries()) {
    if (entry.relativeOffsetOfLocalHeader !== at) throw malformed('there are bytes between its entries, or entries share bytes');
    const end = header.fileDataStart + entry.compressedSize;
    const next = places[number + 1]?.entry.relativeOffsetOfLocalHeader ?? directoryStart(source);
    const hasDescriptor = (entry.generalPurposeBitFlag & HAS_DESCRIPTOR) !== 0;
    if (hasDescriptor ? !DESCRIPTOR_BYTES.includes(next - end) : next !== end) throw malformed('there are bytes between its entries, or entries share bytes');
    at = next;
  }
}

/** From the end record, which is the last 22 bytes when there is no comment (APPNOTE 4.3.16). */
function directoryStart(source: ByteSource): number {
  const END_BYTES = 22;
  const record = Buffer.from(source.read(source.sizeBytes - END_BYTES, END_BYTES));
  const [size, offset] = [record.readUInt32LE(12), record.readUInt32LE(16)];
  if (offset + size !== source.sizeBytes - END_BYTES) throw malformed('there are bytes before or behind its directory');
  return offset;
}

async function checkMimetype(entry: ContainerEntry | undefined, place: Place | undefined): Promise<void> {
  const isPlain = entry?.name === 'mimetype' && place?.entry.compressionMethod === STORED && place.header.extraFieldLength === 0 && entry.sizeBytes < 100;
  if (!isPlain) throw malformed('its first entry is not “mimetype”, stored, without extra field');
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry.open()) chunks.push(chunk);
  const said = Buffer.concat(chunks).toString('latin1');
  if (said !== ASIC_E) throw malformed(`it is of the type ${JSON.stringify(said)} and not ${ASIC_E}`);
}

function contentOf(zip: ZipFile, entry: Entry): ContainerEntry {
  return {
    name: entry.fileName,
    sizeBytes: entry.uncompressedSize,
    async *open() {
      try {
        let checksum = 0;
        for await (const chunk of await zip.openReadStreamPromise(entry)) {
          checksum = crc32(chunk as Uint8Array, checksum);
          yield chunk as Uint8Array;
        }
        if (checksum !== entry.crc32) throw malformed(`the content of ${JSON.stringify(entry.fileName)} is damaged`);
      } catch (error) {
        throw asMalformed(error);
      }
    },
  };
}

class SourceReader extends RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(chunksOf(this.#source, start, end - start));
  }
}

function asMalformed(error: unknown): GatewayError {
  if (isGatewayError(error) && error.code !== 'PDF_BROKEN') return error;
  return malformed(error instanceof Error ? `it is no sound ZIP file (${error.message})` : 'it is no sound ZIP file');
}

function malformed(why: string): GatewayError {
  return new GatewayError('EVIDENCE_MALFORMED', `The container cannot be relied on: ${why}`);
}

import { GatewayError } from '../../domain/errors.ts';
import { newHash, type DigestName } from '../algorithms/digests.ts';
import { readManifest, type AsicManifest } from '../asic/manifest.ts';
import { readContainer, type Container, type ContainerEntry } from '../asic/read-container.ts';
import type { ByteSource } from '../byte-source.ts';
import { MANIFEST, META_INF } from './names.ts';

/** What a container holds, read whole and once: every entry was inflated, and its checksum is right. */
export interface EvidenceFiles {
  readonly files: ReadonlyMap<string, EvidenceFile>;
  /** Those that could be read. */
  readonly manifests: ReadonlyMap<string, AsicManifest>;
  /** The others, each with the reason in words. */
  readonly unreadable: ReadonlyMap<string, string>;
}

export interface EvidenceFile {
  readonly sizeBytes: number;
  /** With every digest that a manifest names it by, SHA-256 always. */
  readonly digests: ReadonlyMap<DigestName, Uint8Array>;
  /** Of what has to be read; null: a paper. */
  readonly bytes: Uint8Array | null;
}

/** What is read into memory: names, statements, signatures, never papers. */
const MAX_READ_BYTES = 8 * 1024 ** 2;
const MAX_ALL_READ_BYTES = 64 * 1024 ** 2;
const IS_MANIFEST = /^META-INF\/ASiCManifest[^/]*\.xml$/;

/** @throws EVIDENCE_MALFORMED when it does not say one thing only, or is damaged; BODY_TOO_LARGE */
export async function readEvidence(source: ByteSource): Promise<EvidenceFiles> {
  const container = await readContainer(source);
  const small = await readSmall(container);
  const [manifests, unreadable] = [new Map<string, AsicManifest>(), new Map<string, string>()];
  for (const [name, bytes] of small) {
    if (!IS_MANIFEST.test(name)) continue;
    try {
      manifests.set(name, readManifest(bytes));
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      unreadable.set(name, error.message);
    }
  }
  const wanted = digestsByName([...manifests.values()]);
  const files = new Map<string, EvidenceFile>();
  for (const entry of container.entries) {
    const bytes = small.get(entry.name) ?? null;
    files.set(entry.name, { sizeBytes: entry.sizeBytes, bytes, digests: await digestsOf(bytes === null ? entry.open() : [bytes], wanted.get(entry.name) ?? new Set()) });
  }
  return { files, manifests, unreadable };
}

async function readSmall({ entries }: Container): Promise<ReadonlyMap<string, Uint8Array>> {
  const read = new Map<string, Uint8Array>();
  let all = 0;
  for (const entry of entries.filter(({ name }) => name === MANIFEST || name.startsWith(META_INF))) {
    all += entry.sizeBytes;
    if (entry.sizeBytes > MAX_READ_BYTES || all > MAX_ALL_READ_BYTES) throw new GatewayError('BODY_TOO_LARGE', `What has to be read of the container is larger than ${MAX_READ_BYTES} bytes a file or ${MAX_ALL_READ_BYTES} in all`);
    read.set(entry.name, await contentOf(entry));
  }
  return read;
}

async function contentOf(entry: ContainerEntry): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry.open()) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

function digestsByName(manifests: readonly AsicManifest[]): ReadonlyMap<string, ReadonlySet<DigestName>> {
  const wanted = new Map<string, Set<DigestName>>();
  for (const { name, digestAlgorithm } of manifests.flatMap(({ objects }) => objects)) wanted.set(name, (wanted.get(name) ?? new Set()).add(digestAlgorithm));
  return wanted;
}

async function digestsOf(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>, wanted: ReadonlySet<DigestName>): Promise<ReadonlyMap<DigestName, Uint8Array>> {
  const hashes = [...new Set<DigestName>(['sha256', ...wanted])].map((digest) => [digest, newHash(digest)] as const);
  for await (const chunk of chunks) for (const [, hash] of hashes) hash.update(chunk);
  return new Map(hashes.map(([digest, hash]) => [digest, new Uint8Array(hash.digest())]));
}

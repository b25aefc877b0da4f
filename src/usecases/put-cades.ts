import type { DigestAlgorithm, SignaturePackaging } from '../domain/signature.ts';
import { envelopingChunks } from '../formats/cms/attach-content.ts';
import type { SpooledBytes, StoredBytes } from '../ports/document-store.ts';
import type { PutGrownPorts } from './put-grown.ts';

/** A CAdES signature just made, detached. */
export interface MadeCades {
  readonly cmsDer: Uint8Array;
  readonly facts: { readonly digestAlgorithm: DigestAlgorithm; readonly contentDigestHex: string };
}

export type PutCades = StoredBytes & { readonly mediaType: string; readonly name: string };

const MEDIA_TYPES = { detached: ['application/pkcs7-signature', 'p7s'], enveloping: ['application/pkcs7-mime', 'p7m'] } as const satisfies Record<SignaturePackaging, readonly [string, string]>;

/** Stores a CAdES signature as it was asked for: alone, or with the uploaded document inside. @throws as `DocumentStore.put` and `envelopingChunks` */
export async function putCades({ documents, maxDocumentBytes, openSource }: PutGrownPorts, { path }: Pick<SpooledBytes, 'path'>, { cmsDer, facts }: MadeCades, as: { readonly name: string; readonly packaging: SignaturePackaging | undefined }): Promise<PutCades> {
  const packaging = as.packaging ?? 'detached';
  const [mediaType, extension] = MEDIA_TYPES[packaging];
  const named = { mediaType, name: `${as.name.slice(0, 190)}.${extension}` };
  if (packaging === 'detached') return { ...(await documents.put(pieces([cmsDer]), maxDocumentBytes)), ...named };
  const source = openSource(path);
  try {
    return { ...(await documents.put(pieces(envelopingChunks(cmsDer, source, facts)), maxDocumentBytes)), ...named };
  } finally {
    source.close();
  }
}

async function* pieces(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Uint8Array.from(chunk);
}

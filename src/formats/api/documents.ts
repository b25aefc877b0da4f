import { z } from 'zod';
import { documentId, fileName, instant, mediaType, sha256Hex } from './primitives.ts';

/** `POST /v1/documents`: the body is the document itself; name in `Content-Disposition`, type in `Content-Type`. */
export const documentView = z
  .strictObject({ id: documentId, sha256: sha256Hex, sizeBytes: z.int().nonnegative(), mediaType, name: fileName, createdAt: instant })
  .meta({ id: 'Document' });
export type DocumentView = z.output<typeof documentView>;

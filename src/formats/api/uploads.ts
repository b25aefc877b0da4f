import { z } from 'zod';
import { documentId, instant } from './primitives.ts';

/** `GET /v1/uploads/{id}` */
export const uploadView = z
  .strictObject({
    id: z.uuid(),
    name: z.string(),
    mediaType: z.string(),
    lengthBytes: z.int().positive(),
    receivedBytes: z.int().nonnegative(),
    documentId: documentId.nullable().describe('Once it is whole: what messages name'),
    expiresAt: instant.describe('Unfinished, it is removed then'),
  })
  .meta({ id: 'Upload' });
export type UploadView = z.input<typeof uploadView>;

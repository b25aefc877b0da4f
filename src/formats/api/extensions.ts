import { z } from 'zod';
import { DIGEST_ALGORITHMS } from '../../domain/signature.ts';
import { sha256Hex, text } from './primitives.ts';

/** Levels above B-B: what can be added to a signature without touching it. */
export const EXTENSION_LEVELS = ['B-T', 'B-LT', 'B-LTA'] as const;

/** The `options` part of `POST /v1/extensions`. */
export const extensionOptions = z
  .strictObject({
    level: z.enum(EXTENSION_LEVELS).describe('B-LTA on a document that has it already renews its protection: fresh validation data, and a time-stamp over everything: a document time-stamp in a PDF, an archive time-stamp in a CAdES file.'),
    field: text(200).optional().describe('The one signature that must reach the level, as verification reports name it; left out: all that the document has.'),
    digest: z.enum(DIGEST_ALGORITHMS).optional().describe('Of time-stamps; default sha256.'),
  })
  .meta({ id: 'ExtensionOptions' });
export type ExtensionOptions = z.output<typeof extensionOptions>;

/** What is kept of an extension made over HTTP, so that the same request can be answered again. */
export const extensionRecord = z
  .strictObject({
    documentId: z.uuid(),
    level: z.enum(EXTENSION_LEVELS),
    signatures: z.array(z.strictObject({ field: z.string(), from: z.string(), to: z.string() })),
    documentTimestampAt: z.string().nullable(),
    archiveTimestampAt: z.string().nullable().default(null),
    sha256: sha256Hex,
    sizeBytes: z.int().positive(),
    mediaType: z.string(),
    name: z.string(),
  })
  .meta({ id: 'Extension' });
export type ExtensionRecord = z.output<typeof extensionRecord>;

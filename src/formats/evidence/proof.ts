import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../../domain/errors.ts';
import { leafHash } from '../transparency-log/merkle-tree.ts';

/** Where a signature stands in the log, as its proof file says it (RFC 9162 §2.1.3). Hashes are base64. */
export interface LogProof {
  readonly version: 1;
  /** `name+id+key` of the log's key, as it signs checkpoints (C2SP signed-note). */
  readonly logKey: string;
  readonly leaf: { readonly index: number; readonly salt: string };
  readonly tree: { readonly size: number; readonly path: readonly string[] };
  /** Entry with the checkpoint's note. */
  readonly checkpoint: string;
  /** Entries with RFC 3161 tokens over the note, oldest first. */
  readonly timestamps: readonly string[];
}

const base64 = z.base64().max(200);
const entry = z.string().regex(/^META-INF\/[A-Za-z0-9._/-]+$/).max(200);
const count = z.int().min(0);
const logProof = z.strictObject({
  version: z.literal(1),
  logKey: z.string().max(300),
  leaf: z.strictObject({ index: count, salt: base64 }),
  tree: z.strictObject({ size: count.min(1), path: z.array(base64).max(64) }),
  checkpoint: entry,
  timestamps: z.array(entry).max(20),
});

/** @throws EVIDENCE_MALFORMED */
export function readProof(bytes: Uint8Array): LogProof {
  return readJson(bytes, logProof, 'The proof of a place in the log');
}

/** @throws EVIDENCE_MALFORMED when it is no JSON, or not of this schema */
export function readJson<Schema extends z.ZodType>(bytes: Uint8Array, schema: Schema, what: string): z.output<Schema> {
  try {
    const parsed = schema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    if (parsed.success) return parsed.data;
  } catch {
    // said below
  }
  throw new GatewayError('EVIDENCE_MALFORMED', `${what} cannot be read`);
}

/** Hash of the leaf: SHA-256(0x00 || SHA-256(salt || SHA-256(signature file))). */
export function leafOfSignature(signatureSha256: Uint8Array, salt: Uint8Array): Uint8Array {
  return leafHash(createHash('sha256').update(salt).update(signatureSha256).digest());
}

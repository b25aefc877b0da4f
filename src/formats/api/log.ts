import { z } from 'zod';
import { instant } from './primitives.ts';

/** The evidence log: checkpoints and proofs, as other systems read them. */

const hash = z.string().regex(/^[A-Za-z0-9+/]{43}=$/).describe('SHA-256, base64');

export const LOG_KINDS = ['message', 'receipt', 'postal', 'audit', 'timestamp'] as const;

const path = z.array(hash).max(64).readonly().describe('From the leaf up (RFC 9162 §2.1.3)');
const note = z.string().max(10_000).describe('Signed note (C2SP tlog-checkpoint)');

const timestamp = z
  .strictObject({
    authority: z.string(),
    genTime: instant,
    token: z.base64().describe('RFC 3161 TimeStampToken over the bytes of the checkpoint, DER'),
  })
  .readonly();

export const inclusionProof = z
  .strictObject({
    kind: z.enum(LOG_KINDS),
    subject: z.string(),
    recordSha256: z.string().regex(/^[0-9a-f]{64}$/).describe('Of what was recorded: the signature (CMS, DER) of a message or receipt'),
    salt: z.base64().describe('16 bytes: the entry is SHA-256(salt || recordSha256), its leaf hash SHA-256(0x00 || entry)'),
    index: z.int().min(0),
    size: z.int().min(1),
    path,
    checkpoint: note,
    timestamps: z.array(timestamp).readonly(),
  })
  .readonly()
  .meta({ id: 'InclusionProof' });
export type InclusionProof = z.input<typeof inclusionProof>;

export const consistencyProof = z
  .strictObject({
    from: z.int().min(0),
    to: z.int().min(0),
    path: z.array(hash).max(128).readonly().describe('RFC 9162 §2.1.4'),
  })
  .readonly()
  .meta({ id: 'ConsistencyProof' });
export type ConsistencyProof = z.input<typeof consistencyProof>;

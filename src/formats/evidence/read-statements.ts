import { z } from 'zod';
import type { ReceiptStatement } from '../../domain/evidence.ts';
import type { MessageManifest } from '../../domain/message.ts';
import { readJson } from './proof.ts';

/** What people and systems said, as it comes back from a container: only the form is checked here. */

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().max(1_000);
const instant = z.iso.datetime();

const manifest = z.object({
  version: z.literal(1),
  messageId: z.uuid(),
  type: text,
  dossierCode: text,
  from: z.object({ partnerId: text, agencyCode: text.nullable() }),
  to: z.array(text).max(1_000),
  createdAt: instant,
  bodySha256: sha256,
  parts: z.array(z.object({ sha256, sizeBytes: z.int().min(0), mediaType: text, name: text, role: text })).max(1_000),
});

const facts = { version: z.literal(1), messageId: z.uuid(), manifestSha256: sha256, dossierCode: text, at: instant };
const decision = z.strictObject({ messageId: z.uuid(), manifestSha256: sha256 });
const statement = z.discriminatedUnion('kind', [
  z.strictObject({ ...facts, kind: z.literal('delivered'), recipient: text, deliveryId: z.uuid(), source: z.enum(['answer', 'call', 'lookup']), reference: text.nullable(), signedBy: z.enum(['recipient', 'gateway']) }),
  z.strictObject({ ...facts, kind: z.enum(['taken-in', 'refused']), recipient: text, decision }),
  z.strictObject({ ...facts, kind: z.literal('erased'), procedure: text, basis: text, objects: z.array(z.strictObject({ name: text, sha256 })).max(1_001) }),
]);

/** @throws EVIDENCE_MALFORMED */
export function readMessageManifest(bytes: Uint8Array): MessageManifest {
  return readJson(bytes, manifest, 'manifest.json') as unknown as MessageManifest;
}

/** @throws EVIDENCE_MALFORMED */
export function readStatement(bytes: Uint8Array, entry: string): ReceiptStatement {
  return readJson(bytes, statement, entry) as ReceiptStatement;
}

import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Schemas } from './generated/api.ts';

export type MessageEnvelope = Schemas['MessageEnvelope'];

// The package is CommonJS whose declarations speak of a default export that is not there.
const serialize = canonicalize as unknown as (value: unknown) => string | undefined;

/**
 * Whether a message says what its digest binds: type, version, dossier, sender, recipients, time, body and the digests of its papers, made
 * again from what arrived (RFC 8785, SHA-256). The papers themselves are checked when they are fetched.
 */
export function matchesManifest(message: MessageEnvelope): boolean {
  const { messageId, type, schemaVersion, dossierCode, from, to, createdAt, body, parts } = message;
  const named = parts.map(({ sha256, sizeBytes, mediaType, name, role }) => ({ sha256, sizeBytes, mediaType, name, role }));
  const manifest = { version: 1, messageId, type, ...(schemaVersion !== undefined && schemaVersion !== 1 && { schemaVersion }), dossierCode, from, to, createdAt, bodySha256: digest(body), parts: named };
  return digest(manifest) === message.manifestSha256;
}

function digest(value: unknown): string {
  return createHash('sha256').update(serialize(value) ?? '').digest('hex');
}

/** What a recipient answers to a push, or gives for a message of its inbox. @param reference its own number for the message */
export function receiptFor({ messageId, manifestSha256 }: MessageEnvelope, reference?: string): Schemas['ReceiptInput'] {
  return { messageId, manifestSha256, ...(reference !== undefined && { reference }) };
}

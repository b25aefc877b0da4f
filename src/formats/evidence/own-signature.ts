import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { OwnSignature, ReceiptStatement } from '../../domain/evidence.ts';
import { isGatewayError } from '../../domain/errors.ts';
import { checkHttpSignature, HTTP_SIGNATURE_ALGORITHMS } from '../http-signatures/algorithms.ts';
import { readJson } from './proof.ts';

const ownSignature = z.strictObject({
  version: z.literal(1),
  standard: z.literal('RFC 9421'),
  algorithm: z.enum(HTTP_SIGNATURE_ALGORITHMS),
  keyId: z.string().max(300),
  spki: z.base64().max(4_000),
  base: z.string().max(20_000),
  signature: z.base64().max(4_000),
  body: z.base64().max(2_000_000).nullable(),
});

/**
 * What is wrong with a recipient's own signature, as the end of a sentence; null: it holds, covers the body by its digest, and the body
 * names the manifest of the receipt. Whose key it is, the gateway's statement says.
 * @see RFC 9421 §3.2, RFC 9530 §2
 */
export function ownSignatureFault(bytes: Uint8Array, { messageId, manifestSha256 }: Pick<ReceiptStatement, 'messageId' | 'manifestSha256'>): string | null {
  try {
    const own = readJson(bytes, ownSignature, 'The recipient’s own signature') as OwnSignature & z.output<typeof ownSignature>;
    const raw = (text: string): Buffer => Buffer.from(text, 'base64');
    if (!checkHttpSignature(own.algorithm, raw(own.spki), Buffer.from(own.base), raw(own.signature))) return 'its value does not match';
    if (own.body === null || !coversBody(own.base, raw(own.body))) return 'it does not cover the receipt';
    const said = readJson(raw(own.body), z.object({ messageId: z.string(), manifestSha256: z.string() }), 'The receipt it covers');
    return said.messageId === messageId && said.manifestSha256 === manifestSha256 ? null : 'it is about another message';
  } catch (error) {
    if (isGatewayError(error, 'EVIDENCE_MALFORMED') || (error instanceof Error && 'code' in error)) return 'it cannot be read';
    throw error;
  }
}

function coversBody(base: string, body: Uint8Array): boolean {
  const [line] = base.split('\n').filter((one) => one.startsWith('"content-digest": '));
  const digests = { 'sha-256': 'sha256', 'sha-512': 'sha512' } as const;
  return Object.entries(digests).some(([name, hash]) => line?.includes(`${name}=:${createHash(hash).update(body).digest('base64')}:`) === true);
}

import { z } from 'zod';
import { instant } from './primitives.ts';

/** `GET /v1/webhook-keys` */
export const webhookKeyList = z
  .strictObject({
    keys: z.array(
      z.strictObject({
        keyId: z.string(),
        algorithm: z.literal('ed25519'),
        publicKey: z.string().describe('whpk_ and base64 (Standard Webhooks 1.0.0)'),
        jwk: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string(), kid: z.string(), use: z.literal('sig') }).describe('The same key (RFC 8037)'),
        signsFrom: instant,
        signsUntil: instant.nullable().describe('null: until a successor is announced'),
      }),
    ),
  })
  .meta({ id: 'WebhookKeyList', description: 'A push carries a signature of every key of its time; one that verifies is enough. Ask again when none does.' });
export type WebhookKeyList = z.output<typeof webhookKeyList>;

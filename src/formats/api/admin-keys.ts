import { z } from 'zod';
import { SCOPES } from '../../domain/partner.ts';
import { HTTP_SIGNATURE_ALGORITHMS } from '../http-signatures/algorithms.ts';
import { instant, text } from './primitives.ts';

/** Keys of other systems: those they call with, and those they sign with. */

const hours = z.int().min(0).max(8_760);

export const newApiKey = z
  .strictObject({ scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length), label: text(100).default('api key').describe('What it is for'), expiresAt: instant.nullable().default(null).describe('null: until it is revoked') })
  .meta({ id: 'NewApiKey' });
export type NewApiKeyInput = z.output<typeof newApiKey>;
export const apiKeyRotation = z.strictObject({ overlapHours: hours.default(24).describe('How long the old key is valid beside its successor') }).meta({ id: 'ApiKeyRotation' });

export const apiKeyView = z
  .strictObject({
    id: z.uuid(),
    partnerId: z.string(),
    label: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    createdAt: instant,
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable().describe('May lie ahead: a rotation ends it then'),
    lastUsedAt: instant.nullable().describe('To the minute'),
  })
  .meta({ id: 'ApiKey' });
export const apiKeyList = z.strictObject({ keys: z.array(apiKeyView) }).meta({ id: 'ApiKeyList' });
export type ApiKeyList = z.output<typeof apiKeyList>;
export const issuedApiKey = z
  .strictObject({ key: apiKeyView, token: z.string().describe('For "Authorization: Bearer". Shown only now; repeating the request under its Idempotency-Key within a day shows it again') })
  .meta({ id: 'IssuedApiKey' });
export type IssuedApiKey = z.output<typeof issuedApiKey>;

export const newPartnerKey = z
  .strictObject({
    keyId: z.string().regex(/^[\w.:@/-]{1,100}$/, 'use 1 to 100 letters, digits and . : @ / _ -').describe('"keyid" of its signatures (RFC 9421)'),
    pem: z.string().max(16_384).describe('Public key or certificate, PEM'),
    algorithm: z.enum(HTTP_SIGNATURE_ALGORITHMS).optional().describe('Left out: what such a key usually signs by'),
  })
  .meta({ id: 'NewPartnerKey' });
export type NewPartnerKeyInput = z.output<typeof newPartnerKey>;
export const partnerKeyEnd = z.strictObject({ keyId: z.string().min(1).max(100) }).meta({ id: 'PartnerKeyEnd' });
export const partnerKeyView = z
  .strictObject({ keyId: z.string(), algorithm: z.string(), spki: z.string().describe('SubjectPublicKeyInfo, base64 of its DER'), createdAt: instant, revokedAt: instant.nullable() })
  .meta({ id: 'PartnerKey' });
export type PartnerKeyView = z.output<typeof partnerKeyView>;
export const partnerKeyList = z.strictObject({ keys: z.array(partnerKeyView) }).meta({ id: 'PartnerKeyList' });
export type PartnerKeyList = z.output<typeof partnerKeyList>;

type Times<Name extends string> = Readonly<Record<Name, Date | null>>;

export function apiKeyViewOf({ id, partnerId, label, scopes, createdAt, ...times }: { readonly id: string; readonly partnerId: string; readonly label: string; readonly scopes: readonly (typeof SCOPES)[number][]; readonly createdAt: Date } & Times<'expiresAt' | 'revokedAt' | 'lastUsedAt'>): z.output<typeof apiKeyView> {
  const at = (time: Date | null): string | null => time?.toISOString() ?? null;
  return { id, partnerId, label, scopes: [...scopes], createdAt: createdAt.toISOString(), expiresAt: at(times.expiresAt), revokedAt: at(times.revokedAt), lastUsedAt: at(times.lastUsedAt) };
}

export function partnerKeyViewOf({ keyId, algorithm, spkiDer, createdAt, revokedAt }: { readonly keyId: string; readonly algorithm: string; readonly spkiDer: Uint8Array; readonly createdAt: Date } & Times<'revokedAt'>): z.output<typeof partnerKeyView> {
  return { keyId, algorithm, spki: Buffer.from(spkiDer).toString('base64'), createdAt: createdAt.toISOString(), revokedAt: revokedAt?.toISOString() ?? null };
}

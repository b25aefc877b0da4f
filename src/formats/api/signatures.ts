import { z } from 'zod';
import { COMMITMENT_NAMES, DIGEST_ALGORITHMS, SIGNATURE_FORMATS, SIGNATURE_LEVELS, SIGNATURE_PACKAGINGS, SIGNATURE_SCHEMES } from '../../domain/signature.ts';
import { anchor, customDesign } from './appearance.ts';
import { dossierCode, keyId, sha256Hex, text } from './primitives.ts';

const points = z.number().min(-14_400).max(14_400);

/** Where the visible signature stands: page from 1 (negative: from the end), rectangle in PDF points from the page's lower left corner. */
export const placement = z
  .strictObject({ page: z.int().min(-10_000).max(10_000).default(1), rect: z.strictObject({ x: points, y: points, width: z.number().positive().max(14_400), height: z.number().positive().max(14_400) }) })
  .meta({ id: 'Placement' });

/** Fields by their full names; `All` names none. @see ISO 32000-2 §12.8.2.4 */
const fieldLock = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('All') }),
  z.strictObject({ action: z.enum(['Include', 'Exclude']), fields: z.array(text(200)).min(1).max(200) }),
]);

export const appearanceName = z.enum(['none', 'text', 'officer', 'seal', 'copy', 'annex', 'custom']);

/** The `options` part of `POST /v1/signatures`. No key, PIN or passphrase is ever part of a request. */
export const signatureOptions = z
  .strictObject({
    keyId,
    format: z.enum(SIGNATURE_FORMATS).default('pades'),
    packaging: z.enum(SIGNATURE_PACKAGINGS).optional().describe('For the format `cades`: `detached` (default), or `enveloping`, with the document inside (EN 319 122-1 §4.5), up to 64 MiB.'),
    level: z.enum(SIGNATURE_LEVELS).default('B-B'),
    digest: z.enum(DIGEST_ALGORITHMS).optional(),
    scheme: z.enum(SIGNATURE_SCHEMES).optional(),
    appearance: appearanceName.default('none'),
    custom: customDesign.optional().describe('For the appearance `custom`.'),
    placement: placement.optional(),
    anchor: anchor.optional().describe('Instead of a placement: beside a text of the document.'),
    field: text(200).optional().describe('An empty signature field to fill, instead of a placement.'),
    laterFields: z
      .array(placement.extend({ name: text(100) }))
      .max(20)
      .optional()
      .describe('Empty fields placed now for those who sign later, so that what they show is foreseen by this signature (the agency’s seal over the officer’s).'),
    documentNumber: text(100).optional().describe('For the appearance `annex`: number and notation of the document it belongs to.'),
    reason: text(200).optional(),
    location: text(200).optional(),
    commitment: z.enum(COMMITMENT_NAMES).optional().describe('What the signer commits to (EN 319 122-1 §5.2.3); in a PDF it stands instead of a reason.'),
    certify: z.union([z.literal(1), z.literal(2), z.literal(3)]).optional(),
    lock: fieldLock.optional().describe('Form fields that nobody may change after this signature (FieldMDP).'),
    dossierCode: dossierCode.optional().describe('A dossier of yours, on whose timeline the signature is to stand.'),
  })
  .meta({ id: 'SignatureOptions' });
export type SignatureOptions = z.output<typeof signatureOptions>;

/** The part `otp`. */
export const oneTimePassword = z.string().min(1).max(64).describe('For a key at a remote signing service that wants a one-time password for each signature. Used for this one and kept nowhere.').meta({ id: 'OneTimePassword' });

export const keyView = z
  .strictObject({
    keyId,
    purpose: z.string(),
    scheme: z.enum(SIGNATURE_SCHEMES),
    subject: z.string(),
    issuer: z.string(),
    notAfter: z.string(),
    certificateSha256: z.string(),
  })
  .meta({ id: 'Key' });
export type KeyView = z.output<typeof keyView>;

/** `GET /v1/keys` */
export const keyList = z.strictObject({ keys: z.array(keyView) }).meta({ id: 'KeyList' });

/** What is kept of a signature made over HTTP, so that the same request can be answered again. */
export const signatureRecord = z
  .strictObject({
    signatureId: z.uuid(),
    documentId: z.uuid(),
    keyId,
    level: z.enum(SIGNATURE_LEVELS),
    sha256: sha256Hex,
    sizeBytes: z.int().positive(),
    mediaType: z.string(),
    name: z.string(),
  })
  .meta({ id: 'Signature' });
export type SignatureRecord = z.output<typeof signatureRecord>;

import { z } from 'zod';
import { INDICATIONS, SUB_INDICATIONS, type ValidationReport } from '../../domain/validation-report.ts';
import { instant } from './primitives.ts';

/** The `options` part of `POST /v1/verifications`. */
export const verificationOptions = z
  .strictObject({ at: instant.optional().describe('Validation time instead of now; it is not a proof that the signature existed then.') })
  .meta({ id: 'VerificationOptions' });

/** The part `password` beside the document: text, so that it stands in no URL, header, log or stored answer. */
export const documentPassword = z
  .string()
  .max(512)
  .optional()
  .describe('Password of an encrypted PDF, user’s or owner’s. The empty one is always tried. Used for this check alone and not kept; a wrong one is answered UNREADABLE with PDF_ENCRYPTED.');

const subIndication = z.enum(SUB_INDICATIONS).nullable();

const check = z
  .strictObject({ name: z.string(), clause: z.string(), status: z.enum(['passed', 'failed', 'warning', 'skipped']), detail: z.string() })
  .readonly()
  .meta({ id: 'Check' });

const certificateSummary = z
  .strictObject({ subject: z.string(), issuer: z.string(), serialHex: z.string(), notBefore: z.string(), notAfter: z.string() })
  .readonly()
  .meta({ id: 'CertificateSummary' });

const revocationStatus = z
  .strictObject({
    for: z.string().describe('SHA-256 of the certificate spoken of'),
    source: z.enum(['embedded', 'fetched', 'given']).nullable(),
    type: z.enum(['ocsp', 'crl']).nullable(),
    thisUpdate: z.string().nullable(),
    status: z.enum(['good', 'revoked', 'unknown', 'missing', 'stale']),
  })
  .readonly()
  .meta({ id: 'RevocationStatus' });

const coverage = z
  .strictObject({
    extent: z.enum(['file', 'revision', 'partial', 'unclear']),
    revision: z.int(),
    of: z.int(),
    changesAfter: z.enum(['none', 'permitted', 'forbidden', 'unknown']).describe('unknown: not analysed, hence never TOTAL-PASSED'),
    changes: z.array(z.string()).readonly(),
  })
  .readonly()
  .meta({ id: 'Coverage' });

const signatureReport = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['signature', 'counter-signature']),
    format: z.string(),
    level: z.enum(['B-B', 'B-T', 'B-LT', 'B-LTA', 'basic', 'none']).describe('The level actually met'),
    integrity: z.enum(['intact', 'broken', 'unknown']).describe('Bytes, digest and value of the signed revision, apart from trust'),
    indication: z.enum(INDICATIONS),
    subIndication,
    signer: certificateSummary.nullable(),
    chain: z.array(z.strictObject({ subject: z.string(), sha256: z.string(), anchor: z.boolean() }).readonly()).readonly(),
    revocation: z.array(revocationStatus).readonly(),
    signingTime: z
      .strictObject({ claimed: z.string().nullable().describe('What the signer says; proves nothing'), best: z.string(), source: z.enum(['timestamp', 'document-timestamp', 'validation-time']) })
      .readonly(),
    validityAtClaimedTime: z.enum(['valid', 'expired', 'not-yet', 'revoked', 'unknown']),
    algorithms: z.strictObject({ digest: z.string().nullable(), signature: z.string().nullable(), keyBits: z.number().nullable() }).readonly(),
    coverage,
    certification: z.union([z.literal(1), z.literal(2), z.literal(3)]).nullable(),
    reason: z.string().nullable(),
    checks: z.array(check).readonly(),
    warnings: z.array(z.string()).readonly(),
  })
  .readonly()
  .meta({ id: 'SignatureReport' });

const timestampReport = z
  .strictObject({
    type: z.enum(['content', 'signature', 'document', 'archive']),
    genTime: z.string().nullable(),
    tsa: z.string().nullable(),
    covers: z.string(),
    indication: z.enum(['PASSED', 'INDETERMINATE', 'FAILED']),
    subIndication,
    checks: z.array(check).readonly(),
  })
  .readonly()
  .meta({ id: 'TimestampReport' });

/** The answer of `POST /v1/verifications`; the same object as `lienthong verify --json` prints. */
export const validationReport = z
  .strictObject({
    file: z.string(),
    sha256: z.string(),
    mediaType: z.string(),
    validationTime: z.string(),
    policy: z.strictObject({ id: z.string(), version: z.string(), sha256: z.string() }).readonly(),
    result: z.enum([...INDICATIONS, 'NO-SIGNATURE', 'UNREADABLE']).describe('The worst over the signatures; a document that cannot be read is UNREADABLE, an answer and not an error'),
    signatures: z.array(signatureReport).readonly(),
    timestamps: z.array(timestampReport).readonly(),
    error: z.strictObject({ code: z.string(), detail: z.string() }).readonly().nullable(),
  })
  .readonly()
  .meta({ id: 'ValidationReport', description: 'ETSI EN 319 102-1 V1.4.1' }) satisfies z.ZodType<ValidationReport>;

/** `GET` and `POST /verify?lang=` */
export const verifyPageQuery = z.strictObject({ lang: z.enum(['vi', 'en']).default('vi') }).meta({ id: 'VerifyPageQuery' });

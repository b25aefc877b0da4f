/**
 * Outcome of verification as data, in the words of ETSI EN 319 102-1 V1.4.1 §5.1.3. The shape is the contract of
 * `lienthong verify --json` and `POST /v1/verifications`: fields are added, never renamed. Instants are ISO 8601 UTC strings.
 */

export const INDICATIONS = ['TOTAL-PASSED', 'INDETERMINATE', 'TOTAL-FAILED'] as const;
export type Indication = (typeof INDICATIONS)[number];

/** EN 319 102-1 V1.4.1 tables 5 and 6. */
export const SUB_INDICATIONS = [
  'FORMAT_FAILURE',
  'HASH_FAILURE',
  'SIG_CRYPTO_FAILURE',
  'REVOKED',
  'EXPIRED',
  'NOT_YET_VALID',
  'SIG_CONSTRAINTS_FAILURE',
  'CHAIN_CONSTRAINTS_FAILURE',
  'CERTIFICATE_CHAIN_GENERAL_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE',
  'CRYPTO_CONSTRAINTS_FAILURE_NO_POE',
  'POLICY_PROCESSING_ERROR',
  'SIGNATURE_POLICY_NOT_AVAILABLE',
  'TIMESTAMP_ORDER_FAILURE',
  'NO_SIGNING_CERTIFICATE_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND',
  'NO_CERTIFICATE_CHAIN_FOUND_NO_POE',
  'REVOKED_NO_POE',
  'REVOKED_CA_NO_POE',
  'OUT_OF_BOUNDS_NOT_REVOKED',
  'OUT_OF_BOUNDS_NO_POE',
  'REVOCATION_OUT_OF_BOUNDS_NO_POE',
  'NO_POE',
  'TRY_LATER',
  'SIGNED_DATA_NOT_FOUND',
] as const;
export type SubIndication = (typeof SUB_INDICATIONS)[number];

export type CheckStatus = 'passed' | 'failed' | 'warning' | 'skipped';

/** One rule applied: `name` is stable and kebab-case, `clause` names the standard's place, `detail` is for people. */
export interface Check {
  readonly name: string;
  readonly clause: string;
  readonly status: CheckStatus;
  readonly detail: string;
}

export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  readonly serialHex: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface ChainLink {
  readonly subject: string;
  /** Lower-case hexadecimal SHA-256 of the certificate. */
  readonly sha256: string;
  readonly anchor: boolean;
}

export interface RevocationStatus {
  /** SHA-256 of the certificate spoken of. */
  readonly for: string;
  readonly source: 'embedded' | 'fetched' | 'given' | null;
  readonly type: 'ocsp' | 'crl' | null;
  readonly thisUpdate: string | null;
  readonly status: 'good' | 'revoked' | 'unknown' | 'missing' | 'stale';
}

export type CoverageExtent = 'file' | 'revision' | 'partial' | 'unclear';
/** `unknown`: not analysed, hence never TOTAL-PASSED. */
export type ChangesAfter = 'none' | 'permitted' | 'forbidden' | 'unknown';

export interface Coverage {
  readonly extent: CoverageExtent;
  /** Revision signed, counted from 1. */
  readonly revision: number;
  /** Revisions of the file. */
  readonly of: number;
  readonly changesAfter: ChangesAfter;
  /** Each change in words. */
  readonly changes: readonly string[];
}

export interface SignatureReport {
  readonly id: string;
  readonly kind: 'signature' | 'counter-signature';
  readonly format: string;
  /** Level actually met; `basic` for adbe.pkcs7.*, `none` if not baseline. */
  readonly level: 'B-B' | 'B-T' | 'B-LT' | 'B-LTA' | 'basic' | 'none';
  /** Bytes, digest and value of the signed revision, apart from trust. */
  readonly integrity: 'intact' | 'broken' | 'unknown';
  readonly indication: Indication;
  readonly subIndication: SubIndication | null;
  readonly signer: CertificateSummary | null;
  readonly chain: readonly ChainLink[];
  readonly revocation: readonly RevocationStatus[];
  readonly signingTime: {
    /** What the signer says; proves nothing. */
    readonly claimed: string | null;
    readonly best: string;
    readonly source: 'timestamp' | 'document-timestamp' | 'validation-time';
  };
  readonly validityAtClaimedTime: 'valid' | 'expired' | 'not-yet' | 'revoked' | 'unknown';
  readonly algorithms: { readonly digest: string | null; readonly signature: string | null; readonly keyBits: number | null };
  readonly coverage: Coverage;
  readonly certification: 1 | 2 | 3 | null;
  readonly reason: string | null;
  readonly checks: readonly Check[];
  readonly warnings: readonly string[];
}

export interface TimestampReport {
  readonly type: 'content' | 'signature' | 'document' | 'archive';
  readonly genTime: string | null;
  readonly tsa: string | null;
  /** Id of the signature, of the field for a document timestamp, or `data` for a token that stands alone. */
  readonly covers: string;
  readonly indication: 'PASSED' | 'INDETERMINATE' | 'FAILED';
  readonly subIndication: SubIndication | null;
  readonly checks: readonly Check[];
}

export type DocumentResult = Indication | 'NO-SIGNATURE' | 'UNREADABLE';

export interface ValidationReport {
  readonly file: string;
  readonly sha256: string;
  readonly mediaType: string;
  readonly validationTime: string;
  readonly policy: { readonly id: string; readonly version: string; readonly sha256: string };
  /** The worst over the signatures. */
  readonly result: DocumentResult;
  readonly signatures: readonly SignatureReport[];
  readonly timestamps: readonly TimestampReport[];
  /** Why the document is UNREADABLE. */
  readonly error: { readonly code: string; readonly detail: string } | null;
}

/** The worst indication wins: TOTAL-FAILED > INDETERMINATE > TOTAL-PASSED; none at all is NO-SIGNATURE. */
export function worstResult(indications: readonly Indication[]): Indication | 'NO-SIGNATURE' {
  if (indications.length === 0) return 'NO-SIGNATURE';
  if (indications.includes('TOTAL-FAILED')) return 'TOTAL-FAILED';
  return indications.includes('INDETERMINATE') ? 'INDETERMINATE' : 'TOTAL-PASSED';
}

import type { DevKeyKind } from '../../../certs/dev/identity.ts';
import { DIGEST_ALGORITHMS, type DigestAlgorithm, type SignatureLevel, type SignatureScheme } from '../../../src/domain/signature.ts';

/** One signature of the matrix. */
export interface MatrixCase {
  readonly id: string;
  readonly key: DevKeyKind;
  readonly scheme: SignatureScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly level: SignatureLevel;
  readonly form: PdfForm | CmsForm;
}

export const PDF_FORMS = ['classic', 'object-streams', 'rotated', 'cropped', 'certified', 'signed-before'] as const;
export type PdfForm = (typeof PDF_FORMS)[number];
export const CMS_FORMS = ['detached-text', 'detached-pdf', 'enveloping-text', 'enveloping-pdf'] as const;
export type CmsForm = (typeof CMS_FORMS)[number];

const RSA: readonly DevKeyKind[] = ['rsa-2048', 'rsa-3072', 'rsa-4096'];
const EC: readonly DevKeyKind[] = ['ec-p256', 'ec-p384', 'ec-p521'];
const KEYS: readonly (readonly [DevKeyKind, SignatureScheme])[] = [...RSA.flatMap((key) => [[key, 'pkcs1'], [key, 'pss']] as const), ...EC.map((key) => [key, 'ecdsa'] as const)];
const LEVELS: readonly SignatureLevel[] = ['B-B', 'B-T', 'B-LT', 'B-LTA'];
/** That a second implementation judges, too: poppler and openssl know no SHA-3 in signatures. */
const DIGESTS: readonly DigestAlgorithm[] = DIGEST_ALGORITHMS.filter((digest) => !digest.startsWith('sha3-'));

/** Keys × padding × digests × levels × forms. */
export const CASES: readonly MatrixCase[] = KEYS.flatMap(([key, scheme]) =>
  DIGESTS.flatMap((digestAlgorithm) =>
    LEVELS.flatMap((level) => [...PDF_FORMS, ...CMS_FORMS].map((form): MatrixCase => ({ id: [key, scheme, digestAlgorithm, level, form].join('/'), key, scheme, digestAlgorithm, level, form }))),
  ),
);

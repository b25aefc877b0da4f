import { GatewayError } from '../../domain/errors.ts';

/**
 * Caps on what one untrusted document may cost. They are generous for real documents (the largest object number is the one
 * ISO 32000-1 Annex C names) and small against what a hostile one asks for.
 */
export const PDF_LIMITS = {
  depth: 100,
  objectBytes: 32 * 1024 * 1024,
  valuesPerObject: 1_000_000,
  objectNumber: 8_388_607,
  sections: 4096,
  referenceHops: 32,
  inflatedStreamBytes: 64 * 1024 * 1024,
  inflatedTotalBytes: 256 * 1024 * 1024,
  filters: 8,
  pages: 100_000,
  fields: 100_000,
  reachableObjects: 400_000,
  scannedObjects: 500_000,
  signatures: 1_000,
} as const;

export const broken = (detail: string, cause?: unknown): GatewayError =>
  new GatewayError('PDF_BROKEN', `The PDF is damaged: ${detail}`, cause === undefined ? {} : { cause });

export const limit = (detail: string): GatewayError => new GatewayError('PDF_LIMIT', `The PDF asks for more than is allowed: ${detail}`);

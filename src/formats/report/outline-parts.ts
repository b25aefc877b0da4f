import type { DocumentResult, RevocationStatus } from '../../domain/validation-report.ts';
import type { Said } from './words.ts';

/** How something is meant: the page and the paper give each its colour and sign. */
export type Tone = 'passed' | 'open' | 'failed';

export const TONES: Readonly<Record<DocumentResult, Tone>> = { 'TOTAL-PASSED': 'passed', INDETERMINATE: 'open', 'NO-SIGNATURE': 'open', 'TOTAL-FAILED': 'failed', UNREADABLE: 'failed' };

/** One line of a table of two columns. */
export interface Field {
  readonly label: Said;
  readonly value: Said;
  /** What must be known beside the value. */
  readonly note?: Said;
  /** Set in a fixed pitch. */
  readonly code?: boolean;
}

export interface Warning {
  readonly title: Said;
  readonly lines: readonly Said[];
}

/** Circular 15/2025/TT-BKHCN Annex II 1.2: where OCSP and CRL could not be checked, the software must show a warning. */
export const isUnchecked = ({ status }: RevocationStatus): boolean => status === 'missing' || status === 'stale' || status === 'unknown';

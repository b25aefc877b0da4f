import type { Certificate } from '../x509/certificate.ts';
import type { TstInfo } from './tst-info.ts';

/** When a token was made, as far as it says. */
export interface StampedTime extends Pick<TstInfo, 'genTime' | 'accuracyMs' | 'ordering'> {
  /** SHA-256 of the authority's certificate; null when it is not known. */
  readonly authority: string | null;
}

export function stampedTime({ genTime, accuracyMs, ordering }: TstInfo, certificate: Certificate | null): StampedTime {
  return { genTime, accuracyMs, ordering, authority: certificate?.sha256Hex ?? null };
}

/**
 * Whether `a` is certain to have been made after `b`: their times differ by more than both accuracies together, or one authority that
 * orders its tokens made both. An accuracy that is not stated counts as none.
 * @see RFC 3161 §2.4.2 (accuracy, ordering)
 */
export function isMadeAfter(a: StampedTime, b: StampedTime): boolean {
  const aheadMs = a.genTime.getTime() - b.genTime.getTime();
  const isOrdered = a.ordering && b.ordering && a.authority !== null && a.authority === b.authority;
  return aheadMs > (isOrdered ? 0 : (a.accuracyMs ?? 0) + (b.accuracyMs ?? 0));
}

/** The earliest time at which the token can have been made. */
export function notMadeBefore({ genTime, accuracyMs }: StampedTime): Date {
  return new Date(genTime.getTime() - (accuracyMs ?? 0));
}

import type { Dispatcher } from 'undici';
import type { RevocationSource } from '../../src/ports/revocation-source.ts';
import { fetchRevocation, type FetchLimits } from './client.ts';
import type { RevocationKind } from './request.ts';

export interface RevocationHttpSettings {
  /** The gateway's guarded connections: they judge addresses when they connect. Stays the caller's to close. */
  readonly dispatcher: Dispatcher;
  /** From the call to the last byte. Default 10,000. */
  readonly totalTimeoutMs?: number;
  /** Default: OCSP 1 MiB, CRLs 50 MiB, issuers' certificates 64 KiB. */
  readonly maxBytes?: Readonly<Partial<Record<RevocationKind, number>>>;
}

const MAX_BYTES: Readonly<Record<RevocationKind, number>> = { ocsp: 1024 * 1024, crl: 50 * 1024 * 1024, issuers: 64 * 1024 };

/** OCSP responders, CRLs and issuers' certificates over HTTP (RFC 6960 appendix A, RFC 5280 §4.2.1.13, §4.2.2.1). */
export function createHttpRevocationSource({ dispatcher, totalTimeoutMs = 10_000, maxBytes = {} }: RevocationHttpSettings): RevocationSource {
  const limits: FetchLimits = { dispatcher, totalTimeoutMs, maxBytes: { ...MAX_BYTES, ...maxBytes } };
  return {
    fetchOcsp: (url, requestDer, signal) => fetchRevocation('ocsp', url, requestDer, limits, signal),
    fetchCrl: (url, signal) => fetchRevocation('crl', url, null, limits, signal),
    fetchIssuers: (url, signal) => fetchRevocation('issuers', url, null, limits, signal),
  };
}

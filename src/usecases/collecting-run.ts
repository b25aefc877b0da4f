import { GatewayError, isGatewayError } from '../domain/errors.ts';
import type { CertificateQuestion, RevocationMaterial } from '../formats/ades/context.ts';
import type { Crl } from '../formats/crl/read-crl.ts';
import type { OcspResponse } from '../formats/ocsp/read-ocsp-response.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { RevocationRules } from '../formats/x509/path/revocation.ts';
import type { RevocationLookup } from './revocation-lookup.ts';

export interface CollectRequest {
  readonly questions: readonly CertificateQuestion[];
  /** The time for which is validated. */
  readonly now: Date;
  readonly rules: RevocationRules;
  /** Certificates and revocation information at hand besides what came with the signatures. */
  readonly certificates: readonly Certificate[];
  readonly revocation: RevocationMaterial;
  /** Whether what is found is to be kept for good: then a responder without nocheck, of which no CRL speaks, is no answer. */
  readonly forKeeping?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One collection: what is asked, what may still be spent, and what was found. */
export interface Run {
  readonly request: CollectRequest;
  readonly lookup: RevocationLookup;
  readonly budget: { left: number; isOver(): boolean };
  readonly certificates: Set<Certificate>;
  readonly crls: Set<Crl>;
  readonly ocsps: Set<OcspResponse>;
  readonly unfetched: Map<string, string[]>;
}

/** Addresses asked per certificate and kind. */
export const MAX_URLS = 3;

/** The value, or null with the reason among the failures. */
export async function attempt<T>(url: string, failures: string[], { budget, request }: Run, ask: () => Promise<T>): Promise<T | null> {
  checkNotCancelled(request);
  if (--budget.left < 0 || budget.isOver()) {
    failures.push(`${shown(url)}: not asked any more, since too much was to be fetched`);
    return null;
  }
  try {
    return await ask();
  } catch (error) {
    if (!isGatewayError(error) || error.code === 'CANCELLED') throw error;
    failures.push(`${shown(url)}: ${error.message}`);
    return null;
  }
}

export function checkNotCancelled({ signal }: CollectRequest): void {
  if (signal?.aborted === true) throw new GatewayError('CANCELLED', 'Fetching revocation information was cancelled', { cause: signal.reason });
}

const MAX_SHOWN_CHARACTERS = 200;

/** Addresses come from certificates: visible ASCII, so that no control character reaches a terminal or a page. */
export function shown(url: string): string {
  return (URL.canParse(url) ? new URL(url).href : url).slice(0, MAX_SHOWN_CHARACTERS).replace(/[^!-~]/g, '?');
}

/** Adds words about a certificate. */
export function note({ sha256Hex }: Certificate, texts: readonly string[], { unfetched }: Run): void {
  if (texts.length > 0) unfetched.set(sha256Hex, [...new Set([...(unfetched.get(sha256Hex) ?? []), ...texts])]);
}

/**
 * Where certificates say their status and their issuers are to be found. Carries bytes: building requests, reading and judging answers
 * is `formats/ocsp`, `formats/crl`, `formats/cms`. Addresses come from certificates, that is, from anybody.
 * Every method throws URL_FORBIDDEN (an address that may not be called), REVOCATION_UNAVAILABLE (no answer, HTTP error, too large,
 * a web page instead), CANCELLED. One exchange each: no retry.
 */
export interface RevocationSource {
  /** Sends a DER OCSPRequest; the OCSPResponse, unread, at most 1 MiB (RFC 6960 appendix A). */
  fetchOcsp(url: string, requestDer: Uint8Array, signal?: AbortSignal): Promise<Uint8Array>;
  /** A CRL in DER or PEM, at most 50 MiB (RFC 5280 §4.2.1.13). */
  fetchCrl(url: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Certificates of an issuer in DER, PEM or certs-only CMS, at most 64 KiB (RFC 5280 §4.2.2.1). */
  fetchIssuers(url: string, signal?: AbortSignal): Promise<Uint8Array>;
}

import { randomBytes as systemRandomBytes } from 'node:crypto';
import { createRoot, devAuthority, type DevAuthority } from './authority.ts';
import { generateDevKey, type DevIdentity, type DevKeyKind } from './identity.ts';
import { ISSUING_NAME, OCSP_NAME, OFFICER_NAME, ROOT_NAME, SEAL_NAME, TSA_NAME } from './names.ts';
import type { DevProfile, IssuerUrls } from './profiles.ts';
import type { CrlReason } from '../../src/formats/crl/build-crl.ts';
import type { NameInput } from '../../src/formats/x509/build-name.ts';
import { readCertificate } from '../../src/formats/x509/certificate.ts';

const DAY_MS = 86_400_000;

export interface DevPki {
  readonly root: DevAuthority;
  readonly issuing: DevAuthority;
  readonly officer: DevIdentity;
  readonly seal: DevIdentity;
  readonly tsa: DevIdentity;
  readonly ocsp: DevIdentity;
  /** Base URL of the PKI's server as written into certificates; null: none was. */
  readonly baseUrl: string | null;
  readonly randomBytes: (count: number) => Uint8Array;
}

export interface DevPkiOptions {
  /** Certificates are valid from a day before (CAs: a year) until years after. */
  readonly now: Date;
  /** Where OCSP, CRLs and issuers will be found, without a trailing slash; left out of the certificates when absent. */
  readonly baseUrl?: string;
  /** For serial numbers only: keys come from the operating system. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** Where `sandbox/pki` listens unless told otherwise; certificates of a PKI made without a running server point here. */
export const DEFAULT_DEV_PKI_URL = 'http://127.0.0.1:8318';

/** Certificates of a CA point at that CA's own addresses. */
export function urlsOf(baseUrl: string | null, authority: string): IssuerUrls {
  if (baseUrl === null) return { ocsp: null, crl: null, caIssuers: null };
  return { ocsp: `${baseUrl}/ocsp`, crl: `${baseUrl}/crl/${authority}.crl`, caIssuers: `${baseUrl}/ca/${authority}.crt` };
}

/**
 * A throw-away PKI: root CA, issuing CA, an officer's key (RSA-2048), an agency's seal (ECDSA P-256), a TSA and an OCSP responder.
 * Nothing is written anywhere; see `writeDevPki`.
 */
export async function createDevPki({ now, baseUrl, randomBytes = systemRandomBytes }: DevPkiOptions): Promise<DevPki> {
  const base = baseUrl ?? null;
  const [rootKey, issuingKey] = await Promise.all([generateDevKey('rsa-3072'), generateDevKey('rsa-3072')]);
  const root = await createRoot({ name: 'root', subject: ROOT_NAME, key: rootKey, ...years(now, -1, 20) }, { urls: urlsOf(base, 'root'), randomBytes });
  const issuingIdentity = await root.issue({ name: 'issuing', subject: ISSUING_NAME, profile: 'issuing', key: issuingKey, ...years(now, -1, 10) });
  const issuing = devAuthority(issuingIdentity, { urls: urlsOf(base, 'issuing'), randomBytes });
  const issue = (name: string, subject: NameInput, profile: DevProfile, key: DevKeyKind): Promise<DevIdentity> =>
    issuing.issue({ name, subject, profile, key, notBefore: new Date(now.getTime() - DAY_MS), notAfter: new Date(now.getTime() + 3 * 365 * DAY_MS) });
  const [officer, seal, tsa, ocsp] = await Promise.all([
    issue('officer', OFFICER_NAME, 'signer', 'rsa-2048'),
    issue('seal', SEAL_NAME, 'seal', 'ec-p256'),
    issue('tsa', TSA_NAME, 'tsa', 'rsa-2048'),
    issue('ocsp', OCSP_NAME, 'ocsp', 'ec-p256'),
  ]);
  return { root, issuing, officer, seal, tsa, ocsp, baseUrl: base, randomBytes };
}

/** Puts the certificate on the list of the authority that issued it. */
export function revokeIdentity(pki: Pick<DevPki, 'root' | 'issuing'>, identity: DevIdentity, at: Date, reason: CrlReason = 'keyCompromise'): void {
  const { serialHex } = readCertificate(identity.certificateDer);
  const issuer = [pki.issuing, pki.root].find((authority) => authority.hasIssued(serialHex));
  issuer?.revoke({ serialHex, at, reason });
}

function years(now: Date, from: number, to: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now.getTime() + from * 365 * DAY_MS), notAfter: new Date(now.getTime() + to * 365 * DAY_MS) };
}

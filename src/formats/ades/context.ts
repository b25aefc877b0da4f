import { isGatewayError } from '../../domain/errors.ts';
import { readCrl, type Crl } from '../crl/read-crl.ts';
import { readOcspResponse, type OcspResponse } from '../ocsp/read-ocsp-response.ts';
import type { Certificate } from '../x509/certificate.ts';
import { readKnownCertificate } from '../x509/certificate-memo.ts';
import type { PathAnchor } from '../x509/path/chain.ts';
import type { PathRules } from '../x509/path/rules.ts';
import type { PathResult } from '../x509/path/validate-path.ts';
import type { ValidationPolicy } from './policy.ts';

export type MaterialSource = 'embedded' | 'fetched' | 'given';

/** Revocation information, each with where it came from. */
export interface RevocationMaterial {
  readonly crls: readonly { readonly source: MaterialSource; readonly crl: Crl }[];
  readonly ocsps: readonly { readonly source: MaterialSource; readonly ocsp: OcspResponse }[];
}

export const NO_MATERIAL: RevocationMaterial = { crls: [], ocsps: [] };

/** Everything validation knows apart from the signature: handed in, nothing is fetched. */
export interface ValidationContext {
  readonly policy: ValidationPolicy;
  /** Time for which is validated; not a proof that anything existed then. */
  readonly at: Date;
  readonly anchors: { readonly signature: readonly PathAnchor[]; readonly timestamp: readonly PathAnchor[] };
  /** Certificates given besides those in the signatures. */
  readonly certificates: readonly Certificate[];
  readonly revocation: RevocationMaterial;
  /**
   * Told of every certificate whose path or status is left open, so that a collector can look for what is missing and
   * validation can be run again; with the path as far as it was found, unless
   * it was looked for in another process.
   */
  readonly onQuestion?: (question: CertificateQuestion, path?: PathResult) => void;
  /** Told what the judgement of every certificate rests on, so that it can be kept with the document; and whose signature it served. */
  readonly onReliance?: (reliance: Reliance, served?: Served) => void;
  /** SHA-256 of a certificate → what could not be fetched about it or its issuer, in words. */
  readonly unfetched?: ReadonlyMap<string, readonly string[]>;
}

/** What the judgement of one certificate rests on. Plain data. */
export interface Reliance {
  /** Of the path with its anchor, and of responders. DER each. */
  readonly certificatesDer: readonly Uint8Array[];
  readonly crlsDer: readonly Uint8Array[];
  readonly ocspsDer: readonly Uint8Array[];
  /** Certificates whose status nothing speaks of, responders without nocheck included: each with the reason, in words. */
  readonly missing: readonly string[];
}

/** A signature or time-stamp of the document. */
export interface Served {
  readonly id: string;
  /** Where it stands in a PDF; null in a CMS file. */
  readonly place: PlaceInPdf | null;
}

export interface PlaceInPdf {
  /** As `vriKey` gives it. */
  readonly vriKey: string;
  /** Counted from 1. */
  readonly revision: number;
}

/** The same context, in which what is relied on is told with what it served. */
export function servingContext(context: ValidationContext, served: () => Served): ValidationContext {
  const { onReliance } = context;
  if (onReliance === undefined) return context;
  const named = served();
  return { ...context, onReliance: (reliance) => onReliance(reliance, named) };
}

/** May this certificate be relied on at this time? */
export interface CertificateQuestion {
  readonly certificate: Certificate;
  /** Certificates that came with the signature. */
  readonly carried: readonly Certificate[];
  /** Revocation information that came with it. */
  readonly embedded: RevocationMaterial;
  readonly anchors: readonly PathAnchor[];
  readonly rules: PathRules;
  /** The time for which the certificate must have been good. */
  readonly at: Date;
}

/** A time at which something is proven to have existed. */
export interface ProofOfExistence {
  readonly time: Date;
  readonly source: 'timestamp' | 'document-timestamp';
}

/**
 * When a certificate, a piece of revocation information or a time-stamp token, by its SHA-256, is proven to have existed; null: only now.
 * @see ETSI EN 319 102-1 §5.6.2.3
 */
export type ExistenceProofs = (sha256Hex: string) => Date | null;

export const NOTHING_PROVEN: ExistenceProofs = () => null;

/** What one time-stamp proves to have existed at its time. */
export interface ProvenPieces {
  readonly time: Date;
  /** SHA-256 of each piece, lower-case hexadecimal. */
  readonly pieces: { readonly has: (sha256Hex: string) => boolean };
}

/** The earliest of all proofs counts. */
export function proofsFrom(proven: readonly ProvenPieces[], known: ExistenceProofs = NOTHING_PROVEN): ExistenceProofs {
  if (proven.length === 0) return known;
  return (sha256Hex) =>
    proven.reduce((first, { time, pieces }) => (pieces.has(sha256Hex) && (first === null || time < first) ? time : first), known(sha256Hex));
}

/** SHA-256 of every piece of the material, for proofs of existence. */
export function piecesOfMaterial({ crls, ocsps }: RevocationMaterial): string[] {
  return [...crls.map(({ crl }) => crl.sha256Hex), ...ocsps.map(({ ocsp }) => ocsp.sha256Hex)];
}

/** Reads CRLs and OCSP responses in DER; what cannot be read is left out, since it can only be missing then. */
export function readMaterial(source: MaterialSource, crlsDer: readonly Uint8Array[], ocspsDer: readonly Uint8Array[]): RevocationMaterial {
  return {
    crls: crlsDer.flatMap((der) => readOrNothing(() => ({ source, crl: readCrl(der) }))),
    ocsps: ocspsDer.flatMap((der) => readOrNothing(() => ({ source, ocsp: readOcspResponse(der) }))),
  };
}

/** Reads certificates in DER; what cannot be read is left out. */
export function readCarriedCertificates(certificatesDer: readonly Uint8Array[]): Certificate[] {
  return certificatesDer.flatMap((der) => readOrNothing(() => readKnownCertificate(der)));
}

/** The same without the pieces named by their SHA-256. */
export function withoutPieces({ crls, ocsps }: RevocationMaterial, left: ReadonlySet<string>): RevocationMaterial {
  return { crls: crls.filter(({ crl }) => !left.has(crl.sha256Hex)), ocsps: ocsps.filter(({ ocsp }) => !left.has(ocsp.sha256Hex)) };
}

export function joinMaterial(...materials: readonly RevocationMaterial[]): RevocationMaterial {
  return { crls: materials.flatMap(({ crls }) => crls), ocsps: materials.flatMap(({ ocsps }) => ocsps) };
}

function readOrNothing<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch (error) {
    if (isGatewayError(error)) return [];
    throw error;
  }
}

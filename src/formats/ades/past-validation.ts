import type { Check } from '../../domain/validation-report.ts';
import { reliableUntil, type AlgorithmPolicy } from '../algorithms/policy.ts';
import { readScheme } from '../algorithms/schemes.ts';
import type { AlgorithmIdentifier } from '../algorithms/identifier.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { CertificateStatus, RevocationEvidence } from '../x509/path/revocation.ts';
import type { ExistenceProofs } from './context.ts';

export interface PastMaterialInput {
  /** Leaf first, anchor last. */
  readonly chain: readonly Certificate[];
  /** Of the chain without its anchor, leaf first. */
  readonly statuses: readonly CertificateStatus[];
  readonly now: Date;
  readonly existed: ExistenceProofs;
  readonly algorithms: AlgorithmPolicy;
  /** Whether the dates of the anchor's own certificate count. */
  readonly anchorEnds: boolean;
}

/** Name of the check. */
export const PAST_MATERIAL = 'revocation-proven';

/**
 * Whether what is known of the past may be believed now: revocation information that was signed with a key whose certificate has ended
 * since, was revoked since, or whose algorithms have become too weak since, could have been made afterwards, unless something proves
 * that it existed before. Null when all of it may be believed.
 * @see ETSI EN 319 102-1 V1.4.1 §5.6.2.2 (validation time sliding), §5.6.2.1
 */
export function checkPastMaterial(input: PastMaterialInput): Check | null {
  const faults = input.statuses.flatMap((status, index) => faultsOf(status, index, input));
  if (faults.length === 0) return null;
  return { name: PAST_MATERIAL, clause: 'EN 319 102-1 §5.6.2.2', status: 'failed', detail: faults.join('; ') };
}

function faultsOf({ certificate, evidence }: CertificateStatus, index: number, input: PastMaterialInput): string[] {
  if (evidence === null) return [];
  return signedPieces(evidence).flatMap(({ sha256Hex, algorithm, kind }) => {
    const end = earliestOf([endOfIssuer(index + 1, input), evidence.kind === 'ocsp' ? evidence.responder.notAfter : null, endOfAlgorithms(algorithm, signerOf(evidence, index, input), input)]);
    if (end === null || end >= input.now) return [];
    const proven = input.existed(sha256Hex);
    return proven !== null && proven <= end ? [] : [`“${certificate.subject}”: the ${kind} could have been made after ${end.toISOString()}, and nothing proves that it was not`];
  });
}

interface SignedPiece {
  readonly sha256Hex: string;
  readonly algorithm: AlgorithmIdentifier;
  readonly kind: 'CRL' | 'OCSP response';
}

function signedPieces(evidence: RevocationEvidence): SignedPiece[] {
  if (evidence.kind === 'crl') {
    const lists = evidence.delta === null ? [evidence.crl] : [evidence.crl, evidence.delta];
    return lists.map(({ sha256Hex, signatureAlgorithm }) => ({ sha256Hex, algorithm: signatureAlgorithm, kind: 'CRL' }));
  }
  const { ocsp } = evidence;
  return ocsp.basic === null ? [] : [{ sha256Hex: ocsp.sha256Hex, algorithm: ocsp.basic.signatureAlgorithm, kind: 'OCSP response' }];
}

function signerOf(evidence: RevocationEvidence, index: number, { chain }: PastMaterialInput): Certificate | undefined {
  return evidence.kind === 'ocsp' ? evidence.responder : chain[index + 1];
}

/** When the certificate that vouches ended, by its dates or by revocation; null: not at all. */
function endOfIssuer(index: number, { chain, statuses, anchorEnds }: PastMaterialInput): Date | null {
  const issuer = chain[index];
  if (issuer === undefined || (index === chain.length - 1 && !anchorEnds)) return null;
  return earliestOf([issuer.notAfter, statuses[index]?.revokedAt ?? null]);
}

function endOfAlgorithms(algorithm: AlgorithmIdentifier, signer: Certificate | undefined, { algorithms }: PastMaterialInput): Date | null {
  if (signer === undefined) return null;
  const { type, bits } = signer.publicKey;
  return reliableUntil(algorithms, { digest: readScheme(algorithm).digest, keyType: type, keyBits: bits });
}

function earliestOf(times: readonly (Date | null)[]): Date | null {
  return times.reduce((first, time) => (time !== null && (first === null || time < first) ? time : first), null);
}

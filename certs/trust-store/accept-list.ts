import { createHash } from 'node:crypto';
import { GatewayError } from '../../src/domain/errors.ts';
import type { AlgorithmPolicy } from '../../src/formats/algorithms/policy.ts';
import { listAnchors } from '../../src/formats/trusted-list/list-anchors.ts';
import type { TrustedList } from '../../src/formats/trusted-list/trusted-list.ts';
import { verifyTrustedList } from '../../src/formats/trusted-list/verify-trusted-list.ts';
import { readCertificate, type Certificate } from '../../src/formats/x509/certificate.ts';
import type { TrustPurpose } from '../../src/ports/trust-store.ts';
import type { KeptList, KeptListAnchor } from './kept-list.ts';

export interface ListToAccept {
  readonly set: string;
  readonly source: string;
  readonly bytes: Uint8Array;
  readonly purposes: readonly TrustPurpose[];
  readonly signers: KeptList['signers'];
  readonly algorithms: AlgorithmPolicy;
  readonly now: Date;
  /** What is kept now; null when nothing is. */
  readonly known: KeptList | null;
}

/**
 * A list as it will be kept: signed by one of the signers, and not older than the one that is kept. An old list that is properly signed is
 * the way to bring back an authority that has lost its status.
 * @throws TRUSTED_LIST_INVALID, XML_MALFORMED, XML_LIMIT
 */
export function acceptList({ set, source, bytes, purposes, signers, algorithms, now, known }: ListToAccept): KeptList {
  const given = signers.flatMap(({ certificate }) => (certificate === null ? [] : [readCertificate(Buffer.from(certificate, 'base64'))]));
  const { list, signer } = verifyTrustedList({ bytes, signers: given, signerDigests: signers.map(({ sha256 }) => sha256), algorithms, now });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (known !== null) checkNotOlder(list, sha256, known);
  const { operator, scheme, territory, sequenceNumber, issuedAt, nextUpdate, pointers } = list;
  const anchors = anchorsOf(list, purposes);
  return {
    set, source, purposes: [...purposes], signers, signedBy: signer.sha256Hex, sha256, operator, scheme, territory, sequenceNumber, issuedAt, nextUpdate, readAt: now,
    pointers: [...pointers], anchors, untrusted: untrustedOf(list, anchors),
  };
}

function checkNotOlder({ sequenceNumber, issuedAt }: TrustedList, sha256: string, known: KeptList): void {
  const refuse = (why: string): never => {
    throw new GatewayError('TRUSTED_LIST_INVALID', `The trusted list cannot be relied on: ${why}`);
  };
  if (sequenceNumber < known.sequenceNumber) refuse(`its number ${sequenceNumber} is older than ${known.sequenceNumber}, which is kept`);
  if (issuedAt < known.issuedAt) refuse(`it was issued on ${issuedAt.toISOString()}, before the one that is kept`);
  if (sequenceNumber === known.sequenceNumber && sha256 !== known.sha256) refuse(`another list with the number ${sequenceNumber} is kept already`);
}

function anchorsOf(list: TrustedList, purposes: readonly TrustPurpose[]): KeptListAnchor[] {
  return listAnchors(list).flatMap(({ certificateDer, windows, ...anchor }) => {
    const certificate = readOrNull(certificateDer);
    if (certificate === null || !purposes.includes(anchor.purpose)) return [];
    const isCa = certificate.basicConstraints?.ca === true;
    // A signer's own certificate is no anchor for signatures; that of a time-stamping unit is what such a service is known by.
    if (!isCa && anchor.purpose === 'signature') return [];
    const { sha256Hex, subject } = certificate;
    return [{ ...anchor, sha256: sha256Hex, subject, certificate: Buffer.from(certificateDer).toString('base64'), direct: !isCa, windows: [...windows] }];
  });
}

/** An operator's slip in one certificate costs that service, not the list. */
function readOrNull(der: Uint8Array): Certificate | null {
  try {
    return readCertificate(der);
  } catch (error) {
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

function untrustedOf({ services }: TrustedList, anchors: readonly KeptListAnchor[]): KeptList['untrusted'] {
  return services
    .filter(({ provider, states: [{ name }] }) => !anchors.some((anchor) => anchor.provider === provider && anchor.service === name))
    .map(({ provider, states: [{ name, type, status }] }) => ({ provider, service: name, type, status }));
}

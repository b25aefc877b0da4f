import type { TrustWindow } from '../domain/trust-window.ts';
import { readMaterial, type MaterialSource, type RevocationMaterial, type ValidationContext } from '../formats/ades/context.ts';
import type { ValidationPolicy } from '../formats/ades/policy.ts';
import { readKnownCertificate } from '../formats/x509/certificate-memo.ts';
import type { PathAnchor } from '../formats/x509/path/chain.ts';

/** A validation context as plain data: what was read travels as its DER and is read again on the other side. */
export interface PlainContext {
  readonly policy: ValidationPolicy;
  readonly at: Date;
  readonly anchors: { readonly signature: readonly PlainAnchor[]; readonly timestamp: readonly PlainAnchor[] };
  readonly certificatesDer: readonly Uint8Array[];
  readonly revocation: PlainMaterial;
  readonly unfetched: ReadonlyMap<string, readonly string[]>;
}

export interface PlainAnchor {
  readonly certificateDer: Uint8Array;
  readonly set: string;
  readonly windows?: readonly TrustWindow[] | undefined;
  readonly direct?: boolean | undefined;
}

export interface PlainMaterial {
  readonly crls: readonly PlainEvidence[];
  readonly ocsps: readonly PlainEvidence[];
}

interface PlainEvidence {
  readonly source: MaterialSource;
  readonly der: Uint8Array;
}

export function plainContext({ policy, at, anchors, certificates, revocation, unfetched = new Map() }: ValidationContext): PlainContext {
  const own = ownBytes();
  const plainAnchors = (all: readonly PathAnchor[]): PlainAnchor[] => all.map(({ certificate, ...rest }) => ({ ...rest, certificateDer: own(certificate.der) }));
  return {
    policy,
    at,
    anchors: { signature: plainAnchors(anchors.signature), timestamp: plainAnchors(anchors.timestamp) },
    certificatesDer: certificates.map(({ der }) => own(der)),
    revocation: plainMaterial(revocation, own),
    unfetched,
  };
}

/** @throws CERTIFICATE_MALFORMED: not for what `plainContext` gave */
export function contextOfPlain({ policy, at, anchors, certificatesDer, revocation, unfetched }: PlainContext): ValidationContext {
  const read = materialReader();
  const readAnchors = (all: readonly PlainAnchor[]): PathAnchor[] => all.map(({ certificateDer, ...rest }) => ({ ...rest, certificate: readKnownCertificate(certificateDer) }));
  return {
    policy,
    at,
    anchors: { signature: readAnchors(anchors.signature), timestamp: readAnchors(anchors.timestamp) },
    certificates: certificatesDer.map((der) => readKnownCertificate(der)),
    revocation: read(revocation),
    unfetched,
  };
}

/**
 * Cloning a view clones the whole buffer behind it, which may be the document. The same view gives the same copy, so that what is
 * shared is cloned once.
 */
export function ownBytes(): (der: Uint8Array) => Uint8Array {
  const copies = new Map<Uint8Array, Uint8Array>();
  return (der) => {
    if (der.length === der.buffer.byteLength) return der;
    const copy = copies.get(der) ?? Uint8Array.from(der);
    copies.set(der, copy);
    return copy;
  };
}

export function plainMaterial({ crls, ocsps }: RevocationMaterial, own: (der: Uint8Array) => Uint8Array): PlainMaterial {
  return {
    crls: crls.map(({ source, crl }) => ({ source, der: own(crl.der) })),
    ocsps: ocsps.map(({ source, ocsp }) => ({ source, der: own(ocsp.der) })),
  };
}

/** Reads what is shared once. */
export function materialReader(): (material: PlainMaterial) => RevocationMaterial {
  const known = new Map<Uint8Array, RevocationMaterial>();
  const readOnce = (der: Uint8Array, read: () => RevocationMaterial): RevocationMaterial => {
    const found = known.get(der) ?? read();
    known.set(der, found);
    return found;
  };
  return ({ crls, ocsps }) => ({
    crls: crls.flatMap(({ source, der }) => readOnce(der, () => readMaterial(source, [der], [])).crls),
    ocsps: ocsps.flatMap(({ source, der }) => readOnce(der, () => readMaterial(source, [], [der])).ocsps),
  });
}

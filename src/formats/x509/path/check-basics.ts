import { isTrustedAt } from '../../../domain/trust-window.ts';
import { algorithmFault } from '../../algorithms/policy.ts';
import { sameAlgorithm } from '../../algorithms/identifier.ts';
import { readScheme } from '../../algorithms/schemes.ts';
import { GatewayError } from '../../../domain/errors.ts';
import { isSelfIssued, type Certificate } from '../certificate.ts';
import { EKU, EXTENSION } from '../extensions.ts';
import { constrainedOf, issuersOf, leafOf, type Chain, type Fault } from './chain.ts';
import type { PathRules, PurposeDemand } from './rules.ts';

/** RFC 5280 §6.1.3 (a)(2); in the chain model an issuer is judged at the time it issued. */
export function validityFaults(chain: Chain, rules: PathRules, at: Date): Fault[] {
  return chain.certificates.flatMap((certificate, index) => {
    const isAnchor = index > 0 && index === chain.certificates.length - 1;
    if (isAnchor && !rules.anchors.validity) return [];
    const child = chain.certificates[index - 1];
    const time = rules.model === 'chain' && child !== undefined ? child.notBefore : at;
    return outOfValidity(certificate, time);
  });
}

/** An anchor of a trusted list counts only while its service was in order (ETSI TS 119 612 §5.5.4, §5.6.4). */
export function anchorWindowFaults({ anchor }: Chain, _rules: PathRules, at: Date): Fault[] {
  const { windows, certificate } = anchor;
  if (windows === undefined || isTrustedAt(windows, at)) return [];
  const past = windows.findLast(({ from }) => from <= at)?.until ?? null;
  const text = past === null ? `is a trust anchor only from ${windows[0]?.from.toISOString() ?? 'no time'} on` : `is no trust anchor since ${past.toISOString()}: its service in the trusted list is not in order`;
  return [{ certificate, text }];
}

/** Both ends belong to the validity (RFC 5280 §4.1.2.5), and the last second lasts to its end. */
function outOfValidity(certificate: Certificate, at: Date): Fault[] {
  const time = new Date(Math.floor(at.getTime() / 1000) * 1000);
  if (time < certificate.notBefore) return [{ certificate, text: `not valid before ${certificate.notBefore.toISOString()}` }];
  if (time > certificate.notAfter) return [{ certificate, text: `expired on ${certificate.notAfter.toISOString()}` }];
  return [];
}

/** RFC 5280 §4.1.1.2, §4.1.2.3: the algorithm that is signed must be the one that is used. */
export function algorithmMatchFaults(chain: Chain): Fault[] {
  return signedOf(chain)
    .filter((certificate) => !sameAlgorithm(certificate.signatureAlgorithm, certificate.tbsSignatureAlgorithm))
    .map((certificate) => ({ certificate, text: 'names another signature algorithm inside its signed part' }));
}

/**
 * Digest of every signature that the path relies on, key of every certificate, by date. The anchor's own signature is not relied on,
 * hence it may be SHA-1; its key is.
 * @see EN 319 102-1 V1.4.1 §5.2.8
 */
export function algorithmPolicyFaults(chain: Chain, rules: PathRules, at: Date): Fault[] {
  return chain.certificates.flatMap((certificate, index) => {
    const { type, bits } = certificate.publicKey;
    const digest = index < chain.certificates.length - 1 ? digestOf(certificate) : null;
    const text = algorithmFault(rules.algorithms, { digest, keyType: type, keyBits: bits }, at);
    return text === null ? [] : [{ certificate, text }];
  });
}

function digestOf(certificate: Certificate): ReturnType<typeof readScheme>['digest'] {
  try {
    return readScheme(certificate.signatureAlgorithm).digest;
  } catch (error) {
    // An algorithm that cannot be read has already failed as a signature.
    if (error instanceof GatewayError) return null;
    throw error;
  }
}

/** RFC 5280 §6.1.4 (k), (n): every issuer is a CA and may sign certificates. */
export function issuerFaults(chain: Chain, rules: PathRules): Fault[] {
  return issuersOf(chain, rules).flatMap((certificate) => {
    const isAnchor = certificate === chain.anchor.certificate;
    const faults: Fault[] = [];
    const { basicConstraints, keyUsage } = certificate;
    if (basicConstraints === null && (!isAnchor || rules.anchors.basicConstraints)) faults.push({ certificate, text: 'has no basicConstraints, hence is no CA' });
    if (basicConstraints !== null && !basicConstraints.ca) faults.push({ certificate, text: 'is not a CA (basicConstraints)' });
    if (keyUsage !== null && !keyUsage.has('keyCertSign')) faults.push({ certificate, text: 'may not sign certificates (keyUsage)' });
    return faults;
  });
}

/** RFC 5280 §6.1.4 (l), (m). */
export function pathLengthFaults(chain: Chain, rules: PathRules): Fault[] {
  const faults: Fault[] = [];
  let below = 0;
  for (const certificate of issuersOf(chain, rules)) {
    const limit = certificate.basicConstraints?.pathLength ?? null;
    if (limit !== null && below > limit) faults.push({ certificate, text: `allows ${limit} CA certificates below it, the path has ${below}` });
    if (!isSelfIssued(certificate)) below++;
  }
  return faults;
}

/** RFC 5280 §4.2, §6.1.4 (o), §6.1.5 (f). */
export function criticalExtensionFaults(chain: Chain, rules: PathRules): Fault[] {
  return constrainedOf(chain, rules).flatMap((certificate) =>
    certificate.unknownCritical
      .filter((oid) => !rules.processedExtensions.includes(oid))
      .map((oid) => ({ certificate, text: `has the critical extension ${oid}, which is not processed` })),
  );
}

/** What the leaf's key may be used for: keyUsage (RFC 5280 §4.2.1.3) and being a CA where that is not wanted. */
export function leafUsageFaults(chain: Chain, rules: PathRules): Fault[] {
  const certificate = leafOf(chain);
  const { keyUsage, basicConstraints } = certificate;
  const wanted = rules.leaf.keyUsage;
  const exactly = rules.leaf.onlyKeyUsage;
  const faults: Fault[] = [];
  if (exactly !== null && [...(keyUsage ?? [])].sort().join() !== [...exactly].sort().join()) faults.push({ certificate, text: `its keyUsage is not exactly ${exactly.join(', ')}` });
  if (keyUsage !== null && wanted.length > 0 && !wanted.some((bit) => keyUsage.has(bit))) faults.push({ certificate, text: `its keyUsage has none of ${wanted.join(', ')}` });
  if (!rules.leaf.mayBeCa && basicConstraints?.ca === true && chain.certificates.length > 1) faults.push({ certificate, text: 'is a CA where an end entity is needed' });
  return faults;
}

/** extendedKeyUsage of the leaf, and of every issuer that restricts what it issues for (RFC 5280 §4.2.1.12). */
export function purposeFaults(chain: Chain, rules: PathRules): Fault[] {
  const ofLeaf = rules.leaf.purpose === null ? [] : demandFaults(leafOf(chain), rules.leaf.purpose);
  const demand = rules.issuerPurpose;
  return demand === null ? ofLeaf : [...ofLeaf, ...issuersOf(chain, rules).flatMap((certificate) => demandFaults(certificate, demand))];
}

function demandFaults(certificate: Certificate, demand: PurposeDemand): Fault[] {
  const purposes = certificate.extendedKeyUsage;
  if (purposes === null) return demand.absent === 'accepted' ? [] : [{ certificate, text: 'has no extendedKeyUsage' }];
  const faults: string[] = [];
  const fits = demand.anyOf.length === 0 || demand.anyOf.some((oid) => purposes.has(oid)) || (demand.acceptAny && purposes.has(EKU.ANY));
  if (!fits) faults.push(`its extendedKeyUsage has none of ${demand.anyOf.join(', ')}`);
  for (const oid of demand.forbidden) if (purposes.has(oid)) faults.push(`its extendedKeyUsage has ${oid}, which must not stand beside`);
  if (demand.only && [...purposes].some((oid) => !demand.anyOf.includes(oid))) faults.push('its extendedKeyUsage has further purposes');
  const critical = certificate.extensions.some((extension) => extension.oid === EXTENSION.EXTENDED_KEY_USAGE && extension.critical);
  if (demand.critical && !critical) faults.push('its extendedKeyUsage is not critical');
  return faults.map((text) => ({ certificate, text }));
}

/** Certificates whose signature the path relies on: all but the anchor, unless the leaf is the anchor. */
function signedOf(chain: Chain): readonly Certificate[] {
  return chain.certificates.length > 1 ? chain.certificates.slice(0, -1) : [];
}


import { integer } from '../asn1/writer.ts';
import type { Certificate } from '../x509/certificate.ts';
import { REASON_FLAGS, type DistributionPoint, type DistributionPointName, type ReasonFlag } from '../x509/extensions.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { appendRdn, sameName, type Name } from '../x509/name.ts';
import type { CrlReason } from './build-crl.ts';
import { findEntry } from './entries.ts';
import type { Crl, IssuingDistributionPoint } from './read-crl.ts';

/** The steps of RFC 5280 §6.3.3 that need no key: pure questions about one certificate, one distribution point and one CRL. */

export const ALL_REASONS: ReadonlySet<ReasonFlag> = new Set(REASON_FLAGS.filter((reason) => reason !== 'unused'));

/**
 * The distribution points of a certificate, and the implicit one of its issuer with all reasons (§6.3.3, last paragraph); not where the
 * certificate sends its readers to another CRL issuer, since then the issuer's own CRL need not know of it.
 */
export function pointsOf(certificate: Certificate): readonly DistributionPoint[] {
  const points = certificate.crlDistributionPoints;
  const implicit: DistributionPoint = { name: null, reasons: null, crlIssuer: null };
  return points.some(({ crlIssuer }) => crlIssuer !== null) ? points : [...points, implicit];
}

/**
 * Why this CRL does not speak of the certificate at this distribution point; null when it does.
 * @see RFC 5280 §6.3.3 (b)
 */
export function scopeFault(crl: Crl, certificate: Certificate, point: DistributionPoint): string | null {
  const scope = crl.distributionPoint;
  const issuers = point.crlIssuer === null ? [certificate.issuerName] : directoryNames(point.crlIssuer);
  if (!issuers.some((name) => sameName(name, crl.issuerName))) return 'is of another issuer';
  if (point.crlIssuer !== null && scope?.indirect !== true) return 'is not indirect although another issuer is named for it';
  if (scope === null) return null;
  // Stricter than §6.3.3: a named point without CRL issuer promises a CRL of the issuer alone.
  if (scope.indirect && point.crlIssuer === null && point.name !== null) return 'is indirect although no CRL issuer is named for it';
  if (scope.onlyAttributeCertificates) return 'is for attribute certificates only';
  const isCa = certificate.basicConstraints?.ca === true;
  if (scope.onlyUserCertificates && (isCa || certificate.version === 1)) return 'is for end entities only';
  if (scope.onlyCaCertificates && !isCa) return 'is for CA certificates only';
  return isPointNamed(scope, crl, certificate, point) ? null : 'is for another distribution point';
}

/** §6.3.3 (b)(2)(i): one name in common; without a name of its own the point is known by its CRL issuer. */
function isPointNamed(scope: IssuingDistributionPoint, crl: Crl, certificate: Certificate, point: DistributionPoint): boolean {
  if (scope.name === null) return true;
  const ofCrl = fullNames(scope.name, crl.issuerName);
  if (point.name !== null) return haveCommon(ofCrl, fullNames(point.name, directoryNames(point.crlIssuer ?? [])[0] ?? certificate.issuerName));
  return point.crlIssuer !== null && haveCommon(ofCrl, point.crlIssuer.map((name) => comparable(name)));
}

function fullNames(name: DistributionPointName, base: Name): string[] {
  if ('fullName' in name) return name.fullName.map((entry) => comparable(entry));
  return [`dn:${appendRdn(base, name.relativeName).canonical.join('\u0001')}`];
}

function haveCommon(a: readonly string[], b: readonly string[]): boolean {
  return a.some((name) => b.includes(name));
}

function comparable(name: GeneralName): string {
  switch (name.kind) {
    case 'dn':
      return `dn:${name.name.canonical.join('\u0001')}`;
    case 'dns':
    case 'mail':
    case 'uri':
      return `${name.kind}:${name.value}`;
    case 'oid':
      return `oid:${name.oid}`;
    case 'ip':
      return `ip:${Buffer.from(name.octets).toString('hex')}`;
    case 'other':
    case 'x400':
    case 'edi':
      return `der:${Buffer.from(name.der).toString('hex')}`;
  }
}

function directoryNames(names: readonly GeneralName[]): Name[] {
  return names.flatMap((name) => (name.kind === 'dn' ? [name.name] : []));
}

/** §6.3.3 (d): the reasons this CRL can speak of for this distribution point. */
export function reasonsOf(crl: Crl, point: DistributionPoint): ReadonlySet<ReasonFlag> {
  const ofCrl = crl.distributionPoint?.onlySomeReasons ?? ALL_REASONS;
  const ofPoint = point.reasons ?? ALL_REASONS;
  return new Set([...ofCrl].filter((reason) => ofPoint.has(reason)));
}

/**
 * Whether the delta CRL may be laid over the complete one: same issuer, scope and key, base at most the complete one's number, itself newer.
 * @see RFC 5280 §5.2.4, §6.3.3 (c)
 */
export function isDeltaFor(delta: Crl, complete: Crl): boolean {
  if (delta.baseNumber === null || delta.number === null || complete.baseNumber !== null || complete.number === null) return false;
  const [own, other] = [delta.authorityKeyId?.keyId ?? null, complete.authorityKeyId?.keyId ?? null];
  const sameKey = own === null || other === null ? own === other : Buffer.compare(own, other) === 0;
  const inSequence = delta.baseNumber <= complete.number && delta.number > complete.number;
  return sameName(delta.issuerName, complete.issuerName) && sameKey && inSequence && sameScope(delta, complete);
}

function sameScope(a: Crl, b: Crl): boolean {
  const [x, y] = [a.distributionPoint, b.distributionPoint];
  if (x === null || y === null) return x === y;
  const flags = (point: IssuingDistributionPoint): string =>
    [point.onlyUserCertificates, point.onlyCaCertificates, point.onlyAttributeCertificates, point.indirect, point.onlySomeReasons === null ? 'all' : [...point.onlySomeReasons].sort().join()].join(' ');
  const names = (point: IssuingDistributionPoint, crl: Crl): string => (point.name === null ? '' : fullNames(point.name, crl.issuerName).sort().join('\n'));
  return flags(x) === flags(y) && names(x, a) === names(y, b);
}

export interface CrlStatus {
  readonly revokedAt: Date;
  readonly reason: CrlReason;
}

/**
 * What the CRL says of the certificate: its entry, or null. `removeFromCRL` comes back as such; only a delta CRL may carry it.
 * @throws ASN1_MALFORMED for a broken entry
 * @see RFC 5280 §6.3.3 (i), (j)
 */
export function lookUp(crl: Crl, certificate: Certificate): CrlStatus | null {
  const isIssuer = (names: readonly GeneralName[] | null): boolean =>
    names === null ? sameName(crl.issuerName, certificate.issuerName) : directoryNames(names).some((name) => sameName(name, certificate.issuerName));
  const entry = findEntry(crl.entriesDer, integer(certificate.serial), crl.distributionPoint?.indirect === true, isIssuer);
  return entry === null ? null : { revokedAt: entry.revokedAt, reason: entry.reason };
}

export interface Freshness {
  /** The time the status is asked for. */
  readonly at: Date;
  /** The time of asking: nothing can have been issued after it. */
  readonly now: Date;
  /** Most between `thisUpdate` and `at`; null: what the issuer's nextUpdate allows. */
  readonly maxAgeMs: number | null;
  readonly skewMs: number;
}

/** Why revocation information of these dates says nothing about `at`; null when it does. @see EN 319 102-1 V1.4.1 §5.2.5 */
export function freshnessFault(dates: { readonly thisUpdate: Date; readonly nextUpdate: Date | null }, { at, now, maxAgeMs, skewMs }: Freshness): string | null {
  const { thisUpdate, nextUpdate } = dates;
  if (thisUpdate.getTime() > now.getTime() + skewMs) return `is dated in the future (${thisUpdate.toISOString()})`;
  if (nextUpdate !== null && nextUpdate < thisUpdate) return 'ends before it begins';
  if (nextUpdate !== null && at > nextUpdate) return `is stale since ${nextUpdate.toISOString()}`;
  if (maxAgeMs !== null && at.getTime() - thisUpdate.getTime() > maxAgeMs) return `is older (${thisUpdate.toISOString()}) than allowed`;
  return null;
}

/** Duties of CRL issuers that path validation does not need (RFC 5280 §5.2.3): a number, not critical. */
export function crlProfileFault(crl: Crl): string | null {
  const extension = crl.extensions.find(({ oid }) => oid === '2.5.29.20');
  if (extension === undefined) return 'has no CRL number (RFC 5280 §5.2.3)';
  return extension.critical ? 'has a critical CRL number (RFC 5280 §5.2.3)' : null;
}

/**
 * Whether `offered` turns the clock back on what is already known: a CRL of the same issuer and scope with a lower number or an earlier
 * date may be replayed to hide a revocation. A caller that keeps CRLs keeps the newer one.
 * @see RFC 5280 §5.2.3
 */
export function isRolledBack(offered: Crl, known: Crl): boolean {
  if (!sameName(offered.issuerName, known.issuerName) || !sameScope(offered, known) || (offered.baseNumber === null) !== (known.baseNumber === null)) return false;
  return offered.thisUpdate < known.thisUpdate || (offered.number !== null && known.number !== null && offered.number < known.number);
}

import { isSelfIssued, type Certificate } from '../certificate.ts';
import { EXTENSION } from '../extensions.ts';
import { leafOf, type Chain, type Fault } from './chain.ts';

/**
 * Duties of issuers that RFC 5280 §4 sets and §6 does not need. Certificates that break them exist in use, so policy decides whether
 * they fail the path, are told of, or are passed over.
 */
export function profileFaults(chain: Chain): Fault[] {
  return chain.certificates.flatMap((certificate, index) => {
    const issued = index < chain.certificates.length - 1;
    const isCa = certificate !== leafOf(chain) || certificate.basicConstraints?.ca === true;
    return [...identityFaults(certificate), ...keyIdentifierFaults(certificate, issued, isCa), ...usageFaults(certificate, isCa), ...criticalityFaults(certificate, isCa)].map((text) => ({ certificate, text }));
  });
}

const MAX_SERIAL = 1n << 159n;
const HOST = /^(?:\*\.)?(?!\d+(?:\.\d+){3}$)(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** §4.1.2.2, §4.1.2.6, §4.2.1.6. */
function identityFaults(certificate: Certificate): string[] {
  const faults: string[] = [];
  const { serial, subjectName, issuerName, subjectAltNames } = certificate;
  if (serial <= 0n) faults.push('has a serial number that is not positive (RFC 5280 §4.1.2.2)');
  if (serial >= MAX_SERIAL) faults.push('has a serial number over 20 octets (RFC 5280 §4.1.2.2)');
  if (issuerName.rdns.length === 0) faults.push('has an empty issuer name (RFC 5280 §4.1.2.4)');
  if (subjectName.rdns.length === 0 && !isCritical(certificate, EXTENSION.SUBJECT_ALT_NAME)) faults.push('has an empty subject and no critical subjectAltName (RFC 5280 §4.2.1.6)');
  if (has(certificate, EXTENSION.SUBJECT_ALT_NAME) && subjectAltNames.length === 0) faults.push('has an empty subjectAltName (RFC 5280 §4.2.1.6)');
  if (subjectAltNames.some((name) => name.kind === 'dns' && !HOST.test(name.value))) faults.push('has a DNS name outside the preferred name syntax (RFC 5280 §4.2.1.6)');
  return faults;
}

/** §4.2.1.1, §4.2.1.2. */
function keyIdentifierFaults(certificate: Certificate, issued: boolean, isCa: boolean): string[] {
  const faults: string[] = [];
  const selfSigned = isSelfIssued(certificate) && !issued;
  if (!selfSigned && (certificate.authorityKeyId?.keyId ?? null) === null) faults.push('has no authority key identifier (RFC 5280 §4.2.1.1)');
  if (isCa && certificate.subjectKeyId === null) faults.push('is a CA without subject key identifier (RFC 5280 §4.2.1.2)');
  return faults;
}

/** §4.2.1.3, §4.2.1.9, §4.2.1.10, §4.2.1.11. */
function usageFaults(certificate: Certificate, isCa: boolean): string[] {
  const faults: string[] = [];
  const { basicConstraints, keyUsage, nameConstraints } = certificate;
  const ca = basicConstraints?.ca === true;
  if (isCa && basicConstraints === null) faults.push('is a CA without basicConstraints (RFC 5280 §4.2.1.9)');
  if (!ca && keyUsage?.has('keyCertSign') === true) faults.push('may sign certificates although it is no CA (RFC 5280 §4.2.1.9)');
  if (basicConstraints !== null && basicConstraints.pathLength !== null && !ca) faults.push('has a path length although it is no CA (RFC 5280 §4.2.1.9)');
  if (nameConstraints !== null && !isCa) faults.push('has name constraints although it is no CA (RFC 5280 §4.2.1.10)');
  return faults;
}

const MUST_BE_CRITICAL = [EXTENSION.NAME_CONSTRAINTS, EXTENSION.POLICY_CONSTRAINTS, EXTENSION.INHIBIT_ANY_POLICY] as const;
const MUST_NOT_BE_CRITICAL = [EXTENSION.AUTHORITY_KEY_IDENTIFIER, EXTENSION.SUBJECT_KEY_IDENTIFIER, EXTENSION.AUTHORITY_INFO_ACCESS, EXTENSION.FRESHEST_CRL] as const;

/** §4.2.1, §4.2.2. */
function criticalityFaults(certificate: Certificate, isCa: boolean): string[] {
  const faults: string[] = [];
  for (const oid of MUST_BE_CRITICAL) if (has(certificate, oid) && !isCritical(certificate, oid)) faults.push(`has ${oid} not critical (RFC 5280 §4.2.1)`);
  for (const oid of MUST_NOT_BE_CRITICAL) if (isCritical(certificate, oid)) faults.push(`has ${oid} critical (RFC 5280 §4.2)`);
  if (isCa && has(certificate, EXTENSION.BASIC_CONSTRAINTS) && !isCritical(certificate, EXTENSION.BASIC_CONSTRAINTS)) faults.push('is a CA whose basicConstraints are not critical (RFC 5280 §4.2.1.9)');
  return faults;
}

function has(certificate: Certificate, oid: string): boolean {
  return certificate.extensions.some((extension) => extension.oid === oid);
}

function isCritical(certificate: Certificate, oid: string): boolean {
  return certificate.extensions.some((extension) => extension.oid === oid && extension.critical);
}

import type { Check, Indication, SubIndication, TimestampReport } from '../../domain/validation-report.ts';
import { el, element, type XmlElement } from '../xml/write-xml.ts';

/** URIs of ETSI TS 119 102-2 V1.4.1 clause 4, and ours where it leaves them open. */

export const MAIN_INDICATIONS: Readonly<Record<Indication | TimestampReport['indication'], string>> = {
  'TOTAL-PASSED': 'urn:etsi:019102:mainindication:total-passed',
  'TOTAL-FAILED': 'urn:etsi:019102:mainindication:total-failed',
  INDETERMINATE: 'urn:etsi:019102:mainindication:indeterminate',
  PASSED: 'urn:etsi:019102:mainindication:passed',
  FAILED: 'urn:etsi:019102:mainindication:failed',
};

/** What was not asked, or only warned of, is never reported as passed. */
export const CHECK_INDICATIONS: Readonly<Record<Check['status'], string>> = {
  passed: MAIN_INDICATIONS.PASSED,
  failed: MAIN_INDICATIONS.FAILED,
  warning: MAIN_INDICATIONS.INDETERMINATE,
  skipped: MAIN_INDICATIONS.INDETERMINATE,
};

export const subIndicationUri = (name: SubIndication): string => `urn:etsi:019102:subindication:${name}`;

export const APPLIED = 'urn:etsi:019102:constraintStatus:applied';

export const OBJECT_TYPES = {
  certificate: 'urn:etsi:019102:validationObject:certificate',
  timestamp: 'urn:etsi:019102:validationObject:timestamp',
  signedData: 'urn:etsi:019102:validationObject:signedData',
} as const;

/** Clause 4.4.6.2: found while validating, which covers the time of the check itself (note of clause 4.3.6.1). */
export const PROOF_BY_VALIDATION = 'urn:etsi:019102:poetype:validation';

export const PROCESSES = { basic: 'urn:etsi:019102:validationprocess:Basic', withTime: 'urn:etsi:019102:validationprocess:LTVM' } as const;

/** Names of our own, for what the standard leaves to the validator. */
export const ownUri = (kind: string, name: string): string => `urn:lienthong:${kind}:${encodeURIComponent(name)}`;

export const OWN_NAMESPACE = 'urn:lienthong:validation-report:1';

const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256';

/** `DigestAlgAndValueType` of XAdES over a lower-case hexadecimal SHA-256. */
export function sha256Digest(name: string, hex: string): XmlElement {
  return el(name, element('ds:DigestMethod', { Algorithm: SHA256 }), el('ds:DigestValue', Buffer.from(hex, 'hex').toString('base64')));
}

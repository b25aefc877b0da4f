import { GatewayError } from '../../domain/errors.ts';
import { readAsn1, type Asn1Node } from '../asn1/reader.ts';
import { readExplicit, readSequence, readSmallInteger } from '../asn1/values.ts';
import { compareBytes, context, integer, oid, sequence } from '../asn1/writer.ts';
import { addUnsignedAttribute } from './build-signed-data.ts';
import { OCSP_RESPONSE_FORMAT } from './oids.ts';
import { CMS_LIMITS } from './signed-data.ts';

/** What is added to a CMS without touching what is signed. Plain data, DER each. */
export interface CmsAdditions {
  readonly certificatesDer: readonly Uint8Array[];
  readonly crlsDer: readonly Uint8Array[];
  /** OCSPResponse each. */
  readonly ocspsDer: readonly Uint8Array[];
  /** Attribute each, for the SignerInfo of that place, from 0. */
  readonly unsignedAttributes: readonly { readonly signerIndex: number; readonly attributeDer: Uint8Array }[];
}

export const NOTHING_ADDED: CmsAdditions = { certificatesDer: [], crlsDer: [], ocspsDer: [], unsignedAttributes: [] };

/** OtherRevocationInfoFormat in a RevocationInfoChoice: the version of SignedData that has it. */
const VERSION_WITH_OTHER = 5;

/**
 * `cmsDer` with these certificates, CRLs, OCSP responses and unsigned attributes: what is there already is not written again, and every
 * value that stays keeps its bytes, so that signatures and time-stamps over them stay what they are.
 * @throws ASN1_MALFORMED, ASN1_LIMIT; CMS_MALFORMED when it is no SignedData or has no such signer
 * @see RFC 5652 §5.1, §10.2.1; RFC 5940 §2.1; ETSI EN 319 122-1 §6.3 requirements d, e, q, r
 */
export function growSignedData(cmsDer: Uint8Array, { unsignedAttributes, ...values }: CmsAdditions): Uint8Array {
  return unsignedAttributes.reduce((der, { signerIndex, attributeDer }) => addUnsignedAttribute(der, attributeDer, signerIndex), withValues(cmsDer, values));
}

function withValues(cmsDer: Uint8Array, { certificatesDer, crlsDer, ocspsDer }: Omit<CmsAdditions, 'unsignedAttributes'>): Uint8Array {
  if (certificatesDer.length + crlsDer.length + ocspsDer.length === 0) return cmsDer;
  const [type, content] = readSequence(readAsn1(cmsDer, { rules: 'BER', limits: CMS_LIMITS }));
  const [version, digestAlgorithms, encapsulated, ...rest] = readSequence(readExplicit(content, 0));
  const certificates = setAt(rest, 0, certificatesDer);
  const revocation = setAt(rest, 1, [...crlsDer, ...ocspsDer.map(otherRevocationInfo)]);
  const [signerInfos] = rest.slice(-1);
  if (type === undefined || version === undefined || digestAlgorithms === undefined || encapsulated === undefined || signerInfos === undefined) throw new GatewayError('CMS_MALFORMED', 'The CMS is no SignedData');
  const hasOther = revocation.some((entry) => entry[0] === 0xa1);
  const raised = hasOther && readSmallInteger(version) < VERSION_WITH_OTHER ? integer(VERSION_WITH_OTHER) : version.bytes;
  const sets = [certificates, revocation].flatMap((entries, number) => (entries.length === 0 ? [] : [context(number, ...entries)]));
  return sequence(type.bytes, context(0, sequence(raised, digestAlgorithms.bytes, encapsulated.bytes, ...sets, signerInfos.bytes)));
}

/** The entries of the set with that tag and those that are new to it. */
function setAt(fields: readonly Asn1Node[], number: number, more: readonly Uint8Array[]): Uint8Array[] {
  const there = fields.find((field, index) => index < fields.length - 1 && field.isContext(number))?.children.map(({ bytes }) => bytes) ?? [];
  return [...new Map([...there, ...more].map((der) => [Buffer.from(der).toString('latin1'), der])).values()].sort(compareBytes);
}

function otherRevocationInfo(ocspDer: Uint8Array): Uint8Array {
  return context(1, oid(OCSP_RESPONSE_FORMAT), ocspDer);
}

import { isGatewayError } from '../../domain/errors.ts';
import { readAsn1 } from '../asn1/reader.ts';
import { readAttributes } from './attributes.ts';
import type { DigestResult } from './check-digest.ts';
import type { CheckSignerInfoInput } from './check-signer-info.ts';
import type { Finding } from './finding.ts';
import { ATTRIBUTE } from './oids.ts';

/**
 * The content that the signature value is over when there are no signed attributes, which only adbe.pkcs7.* may do without;
 * null in every other case. Content that could itself be signed attributes is never taken: a signature over attributes would
 * then pass for one over content (draft-ietf-lamps-cms-euf-cma-signeddata §3).
 */
export function bareContent({ signerInfo, profile, contentBytes }: CheckSignerInfoInput): Uint8Array | null {
  if (signerInfo.signedAttributes !== null || profile !== 'cms' || contentBytes === undefined) return null;
  const content = contentBytes();
  return content === null || looksLikeAttributes(content) ? null : content;
}

function looksLikeAttributes(content: Uint8Array): boolean {
  if (content[0] !== 0x31) return false;
  try {
    const types = readAttributes(readAsn1(content, { rules: 'BER' })).map(({ oid }) => oid);
    return types.includes(ATTRIBUTE.contentType) || types.includes(ATTRIBUTE.messageDigest);
  } catch (error) {
    if (isGatewayError(error, 'ASN1_MALFORMED')) return false;
    // Too much of it to be sure that it is none.
    if (isGatewayError(error, 'ASN1_LIMIT')) return true;
    throw error;
  }
}

export function checkBareContent(content: Uint8Array): Finding {
  const detail = `there are no signed attributes: the value is over the content itself (${content.length} bytes)`;
  return { check: { name: 'signed-attributes-present', clause: 'RFC 5652 §5.4; ISO 32000-2 §12.8.3.3', status: 'warning', detail }, subIndication: null };
}

/** There is no message-digest to compare: the value speaks of the content directly. */
export function digestOfBareContent(): DigestResult {
  return { matches: true, finding: { check: { name: 'message-digest', clause: 'RFC 5652 §5.4', status: 'skipped', detail: 'there are no signed attributes' }, subIndication: null } };
}

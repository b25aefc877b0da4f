import { isInnerList, parseDictionary, type BareItem, type Dictionary, type InnerList, type Item } from 'structured-headers';
import { invalid } from './signature-base.ts';

/** One signature of a request, nothing of it checked. */
export interface HttpSignature {
  readonly covered: InnerList;
  readonly value: Uint8Array;
  /** Seconds since 1970. */
  readonly created: number | null;
  readonly expires: number | null;
  readonly nonce: string | null;
  readonly alg: string | null;
  readonly keyId: string | null;
}

const MOST_SIGNATURES = 4;
const MOST_BYTES = 8 * 1024;

/** The signatures of `Signature-Input` that have a value in `Signature`. @throws REQUEST_SIGNATURE_INVALID when the fields cannot be read; @see RFC 9421 §4 */
export function readHttpSignatures(signatureInput: string, signature: string): readonly HttpSignature[] {
  if (signatureInput.length + signature.length > MOST_BYTES) throw invalid('its fields are too long');
  const [inputs, values] = [dictionaryOf(signatureInput), dictionaryOf(signature)];
  if (inputs.size > MOST_SIGNATURES) throw invalid('there are too many signatures');
  return [...inputs].flatMap(([label, covered]) => {
    const value = bytesIn(values.get(label));
    return isList(covered) && value !== null ? [signatureOf(covered, value)] : [];
  });
}

function signatureOf(covered: InnerList, value: Uint8Array): HttpSignature {
  const [, parameters] = covered;
  const text = (name: string): string | null => asText(parameters.get(name));
  const seconds = (name: string): number | null => asSeconds(parameters.get(name));
  return { covered, value, created: seconds('created'), expires: seconds('expires'), nonce: text('nonce'), alg: text('alg'), keyId: text('keyid') };
}

function dictionaryOf(field: string): Dictionary {
  try {
    return parseDictionary(field);
  } catch {
    throw invalid('its fields are no structured fields (RFC 9651)');
  }
}

function isList(member: InnerList | Item): member is InnerList {
  return isInnerList(member);
}

function bytesIn(member: InnerList | Item | undefined): Uint8Array | null {
  if (member === undefined || isInnerList(member)) return null;
  const [bare] = member;
  if (bare instanceof ArrayBuffer) return new Uint8Array(bare);
  return ArrayBuffer.isView(bare) ? new Uint8Array(bare.buffer, bare.byteOffset, bare.byteLength) : null;
}

const asText = (value: BareItem | undefined): string | null => (typeof value === 'string' ? value : null);
const asSeconds = (value: BareItem | undefined): number | null => (typeof value === 'number' && Number.isInteger(value) ? value : null);

import { readAsn1, type Asn1Node, malformed } from '../asn1/reader.ts';
import { readExplicit, readSequence, readSmallInteger } from '../asn1/values.ts';
import { context, integer, oid, sequence } from '../asn1/writer.ts';
import { digestAlgorithmDer, digestNameOf, type DigestName } from './digests.ts';
import { readAlgorithmIdentifier } from './identifier.ts';

export interface PssParameters {
  readonly digest: DigestName;
  /** Hash of MGF1; nothing requires it to be `digest`. */
  readonly mgfDigest: DigestName;
  readonly saltBytes: number;
}

const MGF1 = '1.2.840.113549.1.1.8';
const MAX_SALT_BYTES = 2048;

/**
 * RSASSA-PSS-params with its DEFAULTs; the trailer must be 1.
 * @throws ASN1_MALFORMED, ALGORITHM_UNSUPPORTED
 * @see RFC 4055 §3.1
 */
export function readPssParameters(der: Uint8Array): PssParameters {
  const fields = readSequence(readAsn1(der));
  checkOrder(fields);
  const field = (number: number): Asn1Node | null => {
    const node = fields.find((candidate) => candidate.isContext(number));
    return node === undefined ? null : readExplicit(node, number);
  };
  const [hash, mask, salt, trailer] = [field(0), field(1), field(2), field(3)];
  const saltBytes = salt === null ? 20 : readSmallInteger(salt);
  if (saltBytes < 0 || saltBytes > MAX_SALT_BYTES) throw malformed('salt length out of bounds', salt?.start ?? 0);
  if (trailer !== null && readSmallInteger(trailer) !== 1) throw malformed('PSS trailer field other than 1', trailer.start);
  return {
    digest: hash === null ? 'sha1' : digestNameOf(readAlgorithmIdentifier(hash)),
    mgfDigest: mask === null ? 'sha1' : maskDigest(mask),
    saltBytes,
  };
}

/** RSASSA-PSS-params; the trailer field stands at its DEFAULT, hence absent (DER). */
export function pssParametersDer(parameters: PssParameters): Uint8Array {
  const { digest, mgfDigest, saltBytes } = parameters;
  const parts = [
    ...(digest === 'sha1' ? [] : [context(0, digestAlgorithmDer(digest, 'null'))]),
    ...(mgfDigest === 'sha1' ? [] : [context(1, sequence(oid(MGF1), digestAlgorithmDer(mgfDigest, 'null')))]),
    ...(saltBytes === 20 ? [] : [context(2, integer(saltBytes))]),
  ];
  return sequence(...parts);
}

function checkOrder(fields: readonly Asn1Node[]): void {
  let last = -1;
  for (const node of fields) {
    if (node.tagClass !== 2 || node.tag > 3 || node.tag <= last) throw malformed('RSASSA-PSS-params with an unknown or misplaced field', node.start);
    last = node.tag;
  }
}

function maskDigest(node: Asn1Node): DigestName {
  const mask = readAlgorithmIdentifier(node);
  if (mask.oid !== MGF1 || mask.parametersDer === null) throw malformed('mask generation function other than MGF1', node.start);
  return digestNameOf(readAlgorithmIdentifier(readAsn1(mask.parametersDer)));
}

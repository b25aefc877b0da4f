import { readAsn1, type Asn1Node, malformed } from '../asn1/reader.ts';
import { readOid, readSequence } from '../asn1/values.ts';
import { oid, sequence } from '../asn1/writer.ts';

/**
 * AlgorithmIdentifier as it stands: nothing is decided about whether it is known, strong or fit for its place.
 * @see RFC 5280 §4.1.1.2
 */
export interface AlgorithmIdentifier {
  /** Dotted. */
  readonly oid: string;
  /** The whole parameters value; null when absent, which is not the same as NULL. */
  readonly parametersDer: Uint8Array | null;
}

/** @throws ASN1_MALFORMED */
export function readAlgorithmIdentifier(node: Asn1Node | undefined): AlgorithmIdentifier {
  const [name, parameters, extra] = readSequence(node);
  if (extra !== undefined) throw malformed('AlgorithmIdentifier with more than two fields', extra.start);
  return { oid: readOid(name), parametersDer: parameters?.bytes ?? null };
}

/** @throws ASN1_MALFORMED */
export function readAlgorithmIdentifierDer(der: Uint8Array): AlgorithmIdentifier {
  return readAlgorithmIdentifier(readAsn1(der));
}

export function algorithmIdentifierDer(algorithm: AlgorithmIdentifier): Uint8Array {
  return algorithm.parametersDer === null ? sequence(oid(algorithm.oid)) : sequence(oid(algorithm.oid), algorithm.parametersDer);
}

/** Same identifier and same parameters, byte for byte. */
export function sameAlgorithm(a: AlgorithmIdentifier, b: AlgorithmIdentifier): boolean {
  return a.oid === b.oid && Buffer.compare(a.parametersDer ?? new Uint8Array(0), b.parametersDer ?? new Uint8Array(0)) === 0;
}

/** RFC 4055 §2.1 and RFC 8702: absent and NULL mean the same where an algorithm has no parameters. */
export function hasNoParameters(algorithm: AlgorithmIdentifier): boolean {
  const { parametersDer } = algorithm;
  return parametersDer === null || (parametersDer.length === 2 && parametersDer[0] === 5 && parametersDer[1] === 0);
}

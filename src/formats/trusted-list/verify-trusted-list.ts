import { GatewayError } from '../../domain/errors.ts';
import type { AlgorithmPolicy } from '../algorithms/policy.ts';
import { readCertificate, type Certificate } from '../x509/certificate.ts';
import { carriedCertificates, SIGNATURE, verifyXmlSignature } from '../xml/verify-signature.ts';
import { childrenOf, isNamed, withXml } from '../xml/read-xml.ts';
import { LIST_LIMITS, readTrustedList, ROOT } from './read-trusted-list.ts';
import type { TrustedList } from './trusted-list.ts';

export interface VerifyListInput {
  readonly bytes: Uint8Array;
  /** Certificates whose key may sign the list, learned another way. */
  readonly signers: readonly Certificate[];
  /** The same by SHA-256, lower-case hexadecimal: the certificate itself is taken from the list then. */
  readonly signerDigests: readonly string[];
  readonly algorithms: AlgorithmPolicy;
  readonly now: Date;
}

export interface VerifiedList {
  readonly list: TrustedList;
  readonly signer: Certificate;
}

const SIGNED_PROPERTIES = 'http://uri.etsi.org/01903#SignedProperties';
const CLOCK_SKEW_MS = 5 * 60_000;

/**
 * A trusted list whose enveloped signature covers all of it and was made by a signer that the administrator named; read from the octets
 * that were signed, so that no other reading of the file can count. Whether it is fresh, or newer than another, is for the caller.
 * @throws TRUSTED_LIST_INVALID with the reason, XML_MALFORMED, XML_LIMIT
 * @see ETSI TS 119 612 V2.4.1 §5.7, Annex B
 */
export function verifyTrustedList(input: VerifyListInput): VerifiedList {
  const { octets, signer } = withXml(input.bytes, LIST_LIMITS, (document) => {
    if (!isNamed(document.root, ROOT)) throw invalid('it is no TS 119 612 list');
    const [signature, other] = childrenOf(document.root, SIGNATURE);
    if (signature === undefined || other !== undefined) throw invalid('it must carry exactly one signature, directly below its root');
    const signer = chooseSigner(input, carriedCertificates(signature));
    const result = verifyXmlSignature({ document, signature, spkiDer: signer.spkiDer, algorithms: input.algorithms, at: input.now });
    if (result.fault !== null) throw invalid(`its signature is not right: ${result.fault}`);
    const roots = result.references.filter(({ isRoot }) => isRoot);
    const strange = result.references.filter(({ isRoot, type }) => !isRoot && type !== SIGNED_PROPERTIES);
    const [root] = roots;
    if (root === undefined || roots.length > 1 || strange.length > 0) throw invalid('its signature must be over the whole list and its own properties, nothing else');
    return { octets: root.octets, signer };
  });
  const list = readTrustedList(octets);
  checkTimes(list, signer, input.now);
  return { list, signer };
}

function chooseSigner({ signers, signerDigests }: VerifyListInput, carried: readonly Uint8Array[]): Certificate {
  const inside = carried.map((der) => readCertificate(der));
  // The key's own certificate stands first in KeyInfo where it is carried; when none is, only a certificate given can be meant.
  const known = inside.find(({ sha256Hex }) => signerDigests.includes(sha256Hex) || signers.some((signer) => signer.sha256Hex === sha256Hex)) ?? (inside.length === 0 ? signers[0] : undefined);
  if (known === undefined) {
    const found = inside[0] === undefined ? 'it names no certificate' : `it was signed with “${inside[0].subject}”, SHA-256 ${inside[0].sha256Hex}`;
    throw invalid(`none of the signers given signed it: ${found}`);
  }
  return known;
}

function checkTimes({ issuedAt }: TrustedList, signer: Certificate, now: Date): void {
  if (issuedAt.getTime() > now.getTime() + CLOCK_SKEW_MS) throw invalid(`it was issued in the future, ${issuedAt.toISOString()}`);
  if (issuedAt < signer.notBefore || issuedAt > signer.notAfter) throw invalid('its signer’s certificate was not valid when it was issued');
}

function invalid(why: string): GatewayError {
  return new GatewayError('TRUSTED_LIST_INVALID', `The trusted list cannot be relied on: ${why}`);
}

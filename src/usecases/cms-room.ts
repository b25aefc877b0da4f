import type { DigestAlgorithm, SignatureLevel, SignatureScheme } from '../domain/signature.ts';
import { digestSizeBytes } from '../formats/algorithms/digests.ts';
import { buildSignatureTimestampAttribute, buildSignedAttributes } from '../formats/cms/build-attributes.ts';
import { buildSignedData } from '../formats/cms/build-signed-data.ts';
import type { Certificate } from '../formats/x509/certificate.ts';
import type { Signer } from '../ports/signer.ts';

export interface RoomTerms {
  readonly signer: Pick<Signer, 'chainDer' | 'scheme' | 'signContent'>;
  readonly certificate: Certificate;
  readonly digestAlgorithm: DigestAlgorithm;
  /** OID; absent: none. */
  readonly commitmentType?: string;
  readonly level: SignatureLevel;
  /** Of the token of a signature time-stamp, where the level has one. */
  readonly tokenBytes: number;
}

/** DER lengths that grow by an octet. */
const MARGIN_BYTES = 32;

/** What others put into a CMS of theirs and we do not: attributes, algorithm parameters, a longer chain. */
const OTHERS_MARGIN_BYTES = 8_192;

/**
 * Room for the CMS of a PDF signature: the size of one built with everything but the value and the token, which are taken at their
 * largest. No key is asked; one dry run serves all signatures of a certificate.
 */
export function cmsRoomBytes({ level, tokenBytes, ...terms }: RoomTerms): number {
  const bare = bareBytes(terms) + (terms.signer.signContent === undefined ? 0 : OTHERS_MARGIN_BYTES);
  return (level === 'B-B' ? bare : bare + buildSignatureTimestampAttribute(new Uint8Array(tokenBytes)).length) + MARGIN_BYTES;
}

type BareTerms = Omit<RoomTerms, 'level' | 'tokenBytes'>;

const dryRuns = new WeakMap<Certificate, Map<string, number>>();

function bareBytes(terms: BareTerms): number {
  const { signer, certificate, digestAlgorithm, commitmentType } = terms;
  const known = dryRuns.get(certificate) ?? new Map<string, number>();
  dryRuns.set(certificate, known);
  const name = [signer.scheme, digestAlgorithm, commitmentType, ...signer.chainDer.map(({ length }) => length)].join();
  const bytes = known.get(name) ?? dryRun(terms);
  known.set(name, bytes);
  return bytes;
}

function dryRun({ signer: { chainDer, scheme }, certificate, digestAlgorithm, commitmentType }: BareTerms): number {
  const contentDigest = new Uint8Array(digestSizeBytes(digestAlgorithm));
  const signedAttributesDer = buildSignedAttributes({ contentDigest, digestAlgorithm, signerCertificateDer: chainDer[0], scheme, ...(commitmentType !== undefined && { commitmentType }) });
  return buildSignedData({ signedAttributesDer, signatureValue: new Uint8Array(largestValueBytes(certificate, scheme)), scheme, digestAlgorithm, chainDer }).length;
}

/** RSA values have the size of the modulus; ECDSA's are two INTEGERs of at most one octet more than the curve's (RFC 3279 §2.2.3). */
function largestValueBytes({ publicKey: { bits } }: Certificate, scheme: SignatureScheme): number {
  const fieldBytes = Math.ceil(bits / 8);
  return scheme === 'ecdsa' ? 2 * (fieldBytes + 3) + 3 : fieldBytes;
}

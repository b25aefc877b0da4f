import type { Check, TimestampReport } from '../../domain/validation-report.ts';
import { digestOf, findDigest, type DigestName } from '../algorithms/digests.ts';
import { isGatewayError } from '../../domain/errors.ts';
import { archiveImprint } from '../cms/archive-imprint.ts';
import { valuesOf } from '../cms/attributes.ts';
import { hashIndexReader, type HashIndex, type HashIndexReader } from '../cms/hash-index.ts';
import { ATTRIBUTE } from '../cms/oids.ts';
import type { SignedData, SignerInfo } from '../cms/signed-data.ts';
import { readTimestampToken, type TimestampToken } from '../tsp/token.ts';
import type { Certificate } from '../x509/certificate.ts';
import { joinMaterial, NOTHING_PROVEN, proofsFrom, readMaterial, type ExistenceProofs, type ProofOfExistence, type ProvenPieces, type RevocationMaterial, type ValidationContext } from './context.ts';
import { validateTimestamp, type CoveringTimestamp } from './validate-timestamp.ts';

/** A signature of a CMS file, which may be kept by archive time-stamps. */
export interface ArchivedSignature {
  readonly signedData: SignedData;
  readonly signerInfo: SignerInfo;
  readonly contentDigest: ((digest: DigestName) => Uint8Array) | undefined;
  readonly context: ValidationContext;
}

export interface ArchiveTimestamps {
  /** In the order in which they say that they were made. */
  readonly coveringTimestamps: readonly CoveringTimestamp[];
  readonly reports: readonly TimestampReport[];
  /** That the signature and all that is signed existed. */
  readonly proof: ProofOfExistence | null;
  readonly existed: ExistenceProofs;
}

/** Judged per signature; the rest prove nothing and are not told of. */
const MAX_TIMESTAMPS = 20;

/**
 * Judges the archive-time-stamp-v3 attributes of a signature from the newest to the oldest, each with what the newer ones prove. One that
 * passed proves the signature and whatever its hash index names; later additions are not covered.
 * @see ETSI EN 319 122-1 §5.5.3; EN 319 102-1 V1.4.1 §5.6.3
 */
export function validateArchiveTimestamps(covers: string, signature: ArchivedSignature, values: { readonly certificates: readonly Certificate[]; readonly material: RevocationMaterial }): ArchiveTimestamps {
  const { signedData, signerInfo } = signature;
  const certificates = [...signedData.certificates, ...values.certificates];
  const embedded = joinMaterial(values.material, readMaterial('embedded', signedData.crlsDer, signedData.ocspResponsesDer));
  const unjudged = valuesOf(signerInfo.unsignedAttributes, ATTRIBUTE.archiveTimestampV2).slice(0, MAX_TIMESTAMPS).map(() => refused(covers, 'archive-time-stamp of version 2 is not judged and proves nothing'));
  const readIndex = hashIndexReader(signedData, signerInfo);
  const contentDigest = contentDigestOf(signature);
  const judged: CoveringTimestamp[] = [];
  const proven: ProvenPieces[] = [];
  for (const { der, token } of newestFirst(signerInfo)) {
    const index = indexOf(token, readIndex);
    if (token === null || typeof index === 'string') {
      unjudged.push(refused(covers, typeof index === 'string' ? index : UNREADABLE));
      continue;
    }
    const validated = validateTimestamp({ type: 'archive', covers, tokenDer: der, imprint: (digest) => imprintOf(digest, contentDigest(digest), index, signature), certificates, embedded, existed: proofsFrom(proven), context: signature.context });
    const check: Check = { ...INDEX_CHECK, status: 'passed', detail: `${index.pieces.size} pieces of validation data and attributes are covered` };
    judged.unshift({ ...validated, report: { ...validated.report, checks: [...validated.report.checks, check] }, covers: (sha256Hex) => index.pieces.has(sha256Hex) });
    if (validated.proves !== null) proven.push({ time: validated.proves, pieces: index.pieces });
  }
  const first = proven.reduce<Date | null>((earliest, { time }) => (earliest === null || time < earliest ? time : earliest), null);
  return {
    coveringTimestamps: judged,
    reports: [...judged.map(({ report }) => report), ...unjudged],
    proof: first === null ? null : { time: first, source: 'timestamp' },
    existed: proofsFrom(proven, NOTHING_PROVEN),
  };
}

const INDEX_CHECK = { name: 'archive-hash-index', clause: 'EN 319 122-1 §5.5.2' } as const;
const UNREADABLE = 'the archive time-stamp cannot be read';

interface ReadToken {
  readonly der: Uint8Array;
  /** null when it cannot be read. */
  readonly token: TimestampToken | null;
}

function newestFirst({ unsignedAttributes }: SignerInfo): ReadToken[] {
  const tokens = valuesOf(unsignedAttributes, ATTRIBUTE.archiveTimestampV3).slice(0, MAX_TIMESTAMPS).map(({ bytes }) => ({ der: bytes, token: tokenOrNull(bytes) }));
  const timeOf = ({ token }: ReadToken): number => token?.info.genTime.getTime() ?? 0;
  return tokens.sort((a, b) => timeOf(b) - timeOf(a));
}

function tokenOrNull(der: Uint8Array): TimestampToken | null {
  try {
    return readTimestampToken(der);
  } catch (error) {
    if (isGatewayError(error, 'TSA_TOKEN_INVALID', 'ASN1_LIMIT')) return null;
    throw error;
  }
}

function indexOf(token: TimestampToken | null, readIndex: HashIndexReader): HashIndex | string {
  if (token === null) return UNREADABLE;
  const index = readIndex(token.signedData);
  // One digest for both (EN 319 122-1 §5.5.2): else a weak one in the index would hide behind a strong one outside.
  return typeof index !== 'string' && index.digest !== findDigest(token.info.imprintAlgorithm) ? 'its hash index is made with another digest than its imprint' : index;
}

/** Of what is signed, wherever it lies, each digest once; null when it is not there. */
function contentDigestOf({ signedData: { encapsulatedContent }, contentDigest }: ArchivedSignature): (digest: DigestName) => Uint8Array | null {
  const known = new Map<DigestName, Uint8Array | null>();
  return (digest) => {
    const value = known.get(digest) ?? contentDigest?.(digest) ?? (encapsulatedContent === null ? null : digestOf(digest, encapsulatedContent));
    known.set(digest, value);
    return value;
  };
}

function imprintOf(digest: DigestName, content: Uint8Array | null, index: HashIndex, { signedData, signerInfo }: ArchivedSignature): Uint8Array {
  return content === null ? new Uint8Array() : archiveImprint(digest, content, signedData, signerInfo, index);
}

/** Listed, so that nobody takes it for a proof. */
function refused(covers: string, detail: string): TimestampReport {
  return { type: 'archive', genTime: null, tsa: null, covers, indication: 'INDETERMINATE', subIndication: 'NO_POE', checks: [{ ...INDEX_CHECK, status: 'failed', detail }] };
}

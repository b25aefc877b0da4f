import { GatewayError } from '../../src/domain/errors.ts';
import { digestOfChunks, type DigestName } from '../../src/formats/algorithms/digests.ts';
import type { ByteSource } from '../../src/formats/byte-source.ts';
import { checkSignerInfo } from '../../src/formats/cms/check-signer-info.ts';
import { readSignedData } from '../../src/formats/cms/signed-data.ts';
import { signedBytes } from '../../src/formats/pades/embed.ts';
import type { PdfSignature } from '../../src/formats/pades/signatures.ts';
import { checkTimestampToken } from '../../src/formats/tsp/check-token.ts';
import { readTimestampToken } from '../../src/formats/tsp/token.ts';

/** Whether the bytes that the signature ranges over have the digest and the value it says, apart from trust. */
export function integrityOf(source: ByteSource, signature: PdfSignature): 'intact' | 'broken' | 'unknown' {
  const { byteRange } = signature;
  if (byteRange === null) return 'unknown';
  const digest = (name: DigestName): Uint8Array => digestOfChunks(name, signedBytes(source, byteRange));
  const bytes = (): Uint8Array => Buffer.concat([...signedBytes(source, byteRange)]);
  try {
    return signature.kind === 'document-timestamp' ? tokenIntegrity(signature, digest) : cmsIntegrity(signature, digest, bytes);
  } catch (error) {
    if (error instanceof GatewayError) return 'unknown';
    throw error;
  }
}

function tokenIntegrity(signature: PdfSignature, imprint: (name: DigestName) => Uint8Array): 'intact' | 'broken' | 'unknown' {
  const { indication } = checkTimestampToken(readTimestampToken(signature.contents), { imprint, at: new Date('2100-01-01T00:00:00Z') });
  return indication === 'PASSED' ? 'intact' : indication === 'FAILED' ? 'broken' : 'unknown';
}

function cmsIntegrity(signature: PdfSignature, contentDigest: (name: DigestName) => Uint8Array, contentBytes: () => Uint8Array): 'intact' | 'broken' | 'unknown' {
  const signedData = readSignedData(signature.contents);
  const [signerInfo] = signedData.signerInfos;
  if (signerInfo === undefined) return 'unknown';
  return checkSignerInfo({ signedData, signerInfo, contentDigest, contentBytes, profile: signature.subFilter === 'ETSI.CAdES.detached' ? 'pades' : 'cms' }).integrity;
}

/** Covers the file or a whole revision, is formed by the rules, and nothing forbidden was done afterwards. */
export function isSoundPlacement({ coverage, changes, formatFaults }: PdfSignature): boolean {
  const covered = coverage.extent === 'file' || coverage.extent === 'revision';
  return covered && formatFaults.length === 0 && (changes.after === 'none' || changes.after === 'permitted');
}

/** One line for a suite's list of faults. */
export function describePlacement({ coverage, changes, formatFaults }: PdfSignature): string {
  const words = changes.after === 'unknown' ? changes.reason : changes.changes.filter((change) => change.includes('not allowed')).join('; ');
  return `${coverage.extent}, changes ${changes.after}: ${[...coverage.faults, ...formatFaults, words].join('; ')}`;
}

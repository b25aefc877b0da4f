import { isGatewayError } from '../../domain/errors.ts';
import type { Check, SignatureReport } from '../../domain/validation-report.ts';
import { NOTHING_PROVEN, proofsFrom, type RevocationMaterial, type ValidationContext } from '../ades/context.ts';
import { NOTHING_AFTER_CMS, WHOLE_FILE } from '../ades/judge-cms.ts';
import { unreadableSignature } from '../ades/unreadable-signature.ts';
import { validateSignature } from '../ades/validate-signature.ts';
import { digestOf } from '../algorithms/digests.ts';
import type { AsicManifest } from '../asic/manifest.ts';
import { readSignedData, type SignedData } from '../cms/signed-data.ts';
import type { Certificate } from '../x509/certificate.ts';
import type { LogPart } from './log-part.ts';
import { signatureEntry } from './names.ts';
import type { EvidenceFiles } from './read-evidence.ts';

export interface EvidenceSignatureInput {
  readonly read: EvidenceFiles;
  readonly name: string;
  /** Of the manifest that it covers. */
  readonly entry: string;
  readonly manifest: AsicManifest;
  readonly log: Pick<LogPart, 'provenAt'>;
  readonly certificates: readonly Certificate[];
  readonly embedded: RevocationMaterial;
  readonly context: ValidationContext;
}

/** The CAdES signature over one manifest, judged at the time at which the log proves that it stood. @see ETSI EN 319 162-1 §4.4.4; EN 319 102-1 §5.5 */
export function judgeEvidenceSignature(input: EvidenceSignatureInput): SignatureReport {
  const { read, name, manifest } = input;
  const bytes = read.files.get(signatureEntry(name))?.bytes ?? null;
  if (bytes === null || manifest.signature !== signatureEntry(name)) return unreadable(input, 'the manifest names another signature, or it is not there');
  try {
    return judge(input, bytes, readSignedData(bytes));
  } catch (error) {
    if (!isGatewayError(error, 'CMS_MALFORMED', 'ASN1_MALFORMED', 'ASN1_LIMIT', 'CERTIFICATE_MALFORMED')) throw error;
    return unreadable(input, error.message);
  }
}

function judge({ read, name, entry, log, certificates, embedded, context }: EvidenceSignatureInput, bytes: Uint8Array, signedData: SignedData): SignatureReport {
  const [signerInfo, ...others] = signedData.signerInfos;
  if (signerInfo === undefined || others.length > 0) return unreadableOf(name, 'evidence is signed once', context);
  const manifestXml = read.files.get(entry)?.bytes ?? new Uint8Array();
  const trailing: Check[] = signedData.sizeBytes === bytes.length ? [] : [{ name: NOTHING_AFTER_CMS, clause: 'RFC 5652 §3', status: 'failed', detail: `${bytes.length - signedData.sizeBytes} bytes follow the CMS` }];
  const { provenAt } = log;
  const pieces = new Set(signedData.certificates.map(({ sha256Hex }) => sha256Hex)); // the leaf is made of the whole file
  return validateSignature({
    id: name,
    kind: 'signature',
    format: 'CAdES',
    profile: 'cades',
    signedData,
    signerInfo,
    contentDigest: (digest) => digestOf(digest, manifestXml),
    coverage: WHOLE_FILE,
    containerChecks: trailing,
    containerWarnings: [],
    certification: null,
    reason: null,
    containerTime: null,
    certificates,
    material: embedded,
    proof: provenAt === null ? null : { time: provenAt, source: 'timestamp' },
    coveringTimestamps: [],
    existed: provenAt === null ? NOTHING_PROVEN : proofsFrom([{ time: provenAt, pieces }]),
    context,
  }).report;
}

function unreadable({ name, context }: EvidenceSignatureInput, why: string): SignatureReport {
  return unreadableOf(name, why, context);
}

function unreadableOf(name: string, detail: string, context: ValidationContext): SignatureReport {
  const check: Check = { name: 'signature-readable', clause: 'RFC 5652 §3', status: 'failed', detail };
  return unreadableSignature({ id: name, kind: 'signature', format: 'CAdES', coverage: WHOLE_FILE, checks: [check], certification: null, reason: null, containerTime: null, at: context.at });
}

import { isGatewayError } from '../../domain/errors.ts';
import type { LogFinding } from '../../domain/evidence-report.ts';
import type { Check, TimestampReport } from '../../domain/validation-report.ts';
import { NOTHING_PROVEN, type RevocationMaterial, type ValidationContext } from '../ades/context.ts';
import { validateTimestamp, type ValidatedTimestamp } from '../ades/validate-timestamp.ts';
import { digestOf } from '../algorithms/digests.ts';
import { openCheckpoint, type Checkpoint } from '../transparency-log/checkpoint.ts';
import { readVerifierKey, verifierKeyOf, type NoteVerifier } from '../transparency-log/signed-note.ts';
import { isIncluded } from '../transparency-log/verify-proof.ts';
import type { Certificate } from '../x509/certificate.ts';
import { proofEntry, signatureEntry } from './names.ts';
import { leafOfSignature, readProof, type LogProof } from './proof.ts';
import type { EvidenceFiles } from './read-evidence.ts';

export interface LogPartInput {
  readonly files: EvidenceFiles['files'];
  /** Of the evidence whose place is asked for. */
  readonly name: string;
  /** The log's key as somebody outside knows it; null: nobody said. */
  readonly pinned: NoteVerifier | null;
  readonly certificates: readonly Certificate[];
  readonly embedded: RevocationMaterial;
  readonly context: ValidationContext;
}

export interface LogPart {
  readonly finding: LogFinding;
  /** When the signature is proven to have existed; null: it is not. */
  readonly provenAt: Date | null;
  readonly timestamps: readonly TimestampReport[];
  /** Entries that it speaks of. */
  readonly used: readonly string[];
}

const CLAUSE = { inclusion: 'RFC 9162 §2.1.3.2', checkpoint: 'C2SP tlog-checkpoint', timestamp: 'RFC 3161 §2.4.2' } as const;

/** Leaf, path, checkpoint, key and time-stamps of one signature: that it stood in the log, and since when at the latest. Answers; does not throw. */
export function judgeLogPart(input: LogPartInput): LogPart {
  const { files, name, pinned } = input;
  const bytes = files.get(proofEntry(name))?.bytes ?? null;
  if (bytes === null) return without(name, pinned, { name: 'log-proof', clause: CLAUSE.inclusion, status: 'warning', detail: 'the container has no proof of its place in the log' }, 'INDETERMINATE');
  try {
    return judge(input, readProof(bytes));
  } catch (error) {
    if (!isGatewayError(error, 'EVIDENCE_MALFORMED', 'EVIDENCE_FORGED')) throw error;
    return without(name, pinned, { name: 'log-proof', clause: CLAUSE.checkpoint, status: 'failed', detail: error.message }, 'FAILED');
  }
}

function judge(input: LogPartInput, proof: LogProof): LogPart {
  const { files, name, pinned } = input;
  const note = files.get(proof.checkpoint)?.bytes ?? null;
  const told = readVerifierKey(proof.logKey);
  const key = pinned ?? told;
  const checkpoint = note === null ? null : openCheckpoint(note, key);
  const checks: Check[] = [
    { name: 'checkpoint', clause: CLAUSE.checkpoint, status: checkpoint === null ? 'failed' : 'passed', detail: checkpoint === null ? `${proof.checkpoint} is not there` : `signed by the log ${key.keyName}` },
    checkKey(pinned, told),
    checkInclusion(files, name, proof, checkpoint),
  ];
  const stamps = note === null ? [] : proof.timestamps.map((entry) => stampOf(input, note, entry));
  const provenAt = earliest(stamps.flatMap((stamp) => (stamp === null ? [] : [stamp])));
  const failed = checks.some(({ status }) => status === 'failed') || stamps.some((stamp) => stamp === null || stamp.report.indication === 'FAILED');
  const finding: LogFinding = {
    covers: name,
    log: key.keyName,
    leafIndex: proof.leaf.index,
    treeSize: proof.tree.size,
    keyPinned: pinned !== null,
    provenAt: failed ? null : (provenAt?.toISOString() ?? null),
    indication: failed ? 'FAILED' : provenAt === null ? 'INDETERMINATE' : 'PASSED',
    checks: [...checks, ...timeChecks(proof, stamps, provenAt)],
  };
  return { finding, provenAt: failed ? null : provenAt, timestamps: stamps.flatMap((stamp) => (stamp === null ? [] : [stamp.report])), used: [proofEntry(name), proof.checkpoint, ...proof.timestamps] };
}

function checkKey(pinned: NoteVerifier | null, told: NoteVerifier): Check {
  if (pinned === null) return { name: 'log-key', clause: CLAUSE.checkpoint, status: 'warning', detail: 'the log’s key comes with the container: give the one you know (--log-key)' };
  const isSame = verifierKeyOf(pinned) === verifierKeyOf(told);
  return { name: 'log-key', clause: CLAUSE.checkpoint, status: isSame ? 'passed' : 'failed', detail: isSame ? 'it is the key that was given' : 'the container is from another log than the one that was given' };
}

function checkInclusion(files: EvidenceFiles['files'], name: string, { leaf, tree }: LogProof, checkpoint: Checkpoint | null): Check {
  const signature = files.get(signatureEntry(name))?.digests.get('sha256');
  const bytes = (text: string): Uint8Array => Buffer.from(text, 'base64');
  const isIn =
    signature !== undefined &&
    checkpoint !== null &&
    checkpoint.size === tree.size &&
    isIncluded({ index: leaf.index, size: tree.size, leafHash: leafOfSignature(signature, bytes(leaf.salt)), root: checkpoint.root, path: tree.path.map(bytes) });
  return { name: 'log-inclusion', clause: CLAUSE.inclusion, status: isIn ? 'passed' : 'failed', detail: isIn ? `leaf ${leaf.index} of ${tree.size}` : 'the signature is not the leaf that the proof speaks of' };
}

function stampOf({ files, certificates, embedded, context }: LogPartInput, note: Uint8Array, entry: string): ValidatedTimestamp | null {
  const tokenDer = files.get(entry)?.bytes ?? null;
  return tokenDer === null ? null : validateTimestamp({ type: 'document', covers: entry, tokenDer, imprint: (digest) => digestOf(digest, note), certificates, embedded, existed: NOTHING_PROVEN, context });
}

function timeChecks({ timestamps }: LogProof, stamps: readonly (ValidatedTimestamp | null)[], provenAt: Date | null): Check[] {
  const missing = timestamps.filter((_, index) => stamps[index] === null);
  const detail = missing.length > 0 ? `${missing.join(', ')}: not there` : provenAt === null ? 'no time-stamp over the checkpoint can be relied on' : `it stood in the log at ${provenAt.toISOString()}`;
  return [{ name: 'log-time', clause: CLAUSE.timestamp, status: missing.length > 0 ? 'failed' : provenAt === null ? 'warning' : 'passed', detail }];
}

function earliest(stamps: readonly ValidatedTimestamp[]): Date | null {
  const times = stamps.flatMap(({ proves }) => (proves === null ? [] : [proves.getTime()]));
  return times.length === 0 ? null : new Date(Math.min(...times));
}

function without(covers: string, pinned: NoteVerifier | null, check: Check, indication: LogFinding['indication']): LogPart {
  return { finding: { covers, log: null, leafIndex: null, treeSize: null, keyPinned: pinned !== null, provenAt: null, indication, checks: [check] }, provenAt: null, timestamps: [], used: [proofEntry(covers)] };
}

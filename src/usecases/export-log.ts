import { createHash, type Hash } from 'node:crypto';
import { auditText } from '../domain/audit.ts';
import { canonicalJson, sha256Hex } from '../formats/canonical-json.ts';
import { verifierKeyOf } from '../formats/transparency-log/signed-note.ts';
import type { LogCheckpoint } from '../ports/log-records.ts';
import type { LogWalk, WalkedLeaf } from '../ports/log-walk.ts';
import type { RecordSet } from '../ports/records.ts';
import { noteVerifierOf } from './log-key.ts';

export interface ExportLogPorts {
  readonly records: Pick<RecordSet, 'log' | 'messages'>;
  readonly walk: LogWalk;
  /** Writes a file of the archive, in pieces; a name has at most one folder. */
  readonly open: (name: string) => Promise<{ write(text: string): Promise<void>; close(): Promise<void> }>;
}

export interface ExportLogRequest {
  /** `2026-11` or `2026`: what a period is called that a checkpoint made then belongs to. */
  readonly periodOf: (time: Date) => string;
  readonly onProgress: (leaves: number, of: number) => void;
}

export interface ExportedPeriod {
  readonly period: string;
  readonly leaves: { readonly from: number; readonly to: number };
  readonly checkpoints: number;
}

const BATCH = 2_000;

/**
 * Writes the log for archives, a folder a period: `leaves.jsonl` with what each leaf is made of, `checkpoints.jsonl` with notes and
 * time-stamps, `manifest.json` with the keys of the log, the digests of both, and that of the manifest before, so that no period can be left
 * out. What is erased since is there by its digest.
 */
export async function exportLog(ports: ExportLogPorts, request: ExportLogRequest): Promise<readonly ExportedPeriod[]> {
  const { records, walk } = ports;
  const size = (await records.log.newest())?.size ?? 0;
  const keys = (await records.log.keys()).map((key) => verifierKeyOf(noteVerifierOf(key)));
  const done: ExportedPeriod[] = [];
  let previous: string | null = null;
  let open: PeriodWriter | null = null;
  const finish = async (): Promise<void> => {
    if (open === null) return;
    const { summary, manifest } = await open.finish(keys, previous);
    previous = sha256Hex(manifest);
    done.push(summary);
  };
  let from = 0;
  for (let page = await walk.checkpoints(1, BATCH); page.length > 0; page = await walk.checkpoints(from + 1, BATCH)) {
    for (const checkpoint of page) {
      const period = request.periodOf(checkpoint.createdAt);
      if (open?.period !== period) {
        await finish();
        open = await periodWriter(ports, period, from);
      }
      await open.add(checkpoint, from);
      from = checkpoint.size;
      request.onProgress(from, size);
    }
  }
  await finish();
  return done;
}

interface PeriodWriter {
  readonly period: string;
  add(checkpoint: LogCheckpoint, from: number): Promise<void>;
  finish(keys: readonly string[], previous: string | null): Promise<{ readonly summary: ExportedPeriod; readonly manifest: string }>;
}

async function periodWriter({ records, walk, open }: ExportLogPorts, period: string, first: number): Promise<PeriodWriter> {
  const leaves = digesting(await open(`${period}/leaves.jsonl`));
  const checkpoints = digesting(await open(`${period}/checkpoints.jsonl`));
  let [size, count] = [first, 0];
  return {
    period,
    async add({ size: to, note, createdAt }, from) {
      for (let at = from; at < to; at += BATCH) {
        for (const leaf of await walk.leaves(at, Math.min(at + BATCH, to))) await leaves.write(await leafLine(records, leaf));
      }
      const tokens = (await records.log.timestamps(to)).map(({ authority, genTime, tokenDer }) => ({ authority, genTime: genTime.toISOString(), token: Buffer.from(tokenDer).toString('base64') }));
      await checkpoints.write(`${canonicalJson({ size: to, createdAt: createdAt.toISOString(), note, timestamps: tokens })}\n`);
      [size, count] = [to, count + 1];
    },
    async finish(keys, previous) {
      const files = { 'leaves.jsonl': await leaves.end(), 'checkpoints.jsonl': await checkpoints.end() };
      const manifest = `${canonicalJson({ version: 1, period, leaves: { from: first, to: size }, checkpoints: count, keys, files, previousManifestSha256: previous })}\n`;
      const file = await open(`${period}/manifest.json`);
      await file.write(manifest);
      await file.close();
      return { summary: { period, leaves: { from: first, to: size }, checkpoints: count }, manifest };
    },
  };
}

/** What was digested goes with it where it is text of ours: manifests and audit rows hold no personal data but names of files. */
async function leafLine({ messages }: ExportLogPorts['records'], { index, entry, audit }: WalkedLeaf): Promise<string> {
  if (entry === null) return `${canonicalJson({ index, missing: true })}\n`;
  const { kind, subject, recordSha256, salt } = entry;
  const record = audit !== null ? auditText(audit) : kind === 'message' ? await messages.manifest(subject as Parameters<typeof messages.manifest>[0]) : null;
  return `${canonicalJson({ index, kind, subject, recordSha256: Buffer.from(recordSha256).toString('hex'), salt: Buffer.from(salt).toString('hex'), ...(record !== null && { record }) })}\n`;
}

function digesting(file: Awaited<ReturnType<ExportLogPorts['open']>>): { write(text: string): Promise<void>; end(): Promise<string> } {
  const hash: Hash = createHash('sha256');
  return {
    async write(text) {
      hash.update(text);
      await file.write(text);
    },
    async end() {
      await file.close();
      return hash.digest('hex');
    },
  };
}

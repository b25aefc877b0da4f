import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as asn1js from 'asn1js';
import { readAsn1, type Asn1Node } from '../src/formats/asn1/reader.ts';
import { GatewayError } from '../src/domain/errors.ts';

/** Visiting every node of the same files with our reader and with asn1js; `ours` and `asn1js` in files per second of CPU time. */
export interface Asn1Bench {
  readonly files: number;
  readonly bytes: number;
  readonly ours: Rate;
  readonly asn1js: Rate;
  /** How many times as fast. */
  readonly ratio: number;
}

export interface Rate {
  readonly opsPerSecond: number;
  readonly cpuPerOpMs: number;
}

const MIN_MS = 500;

/** Files that both readers take: the comparison is of work done, not of refusals. */
export function benchAsn1(files: readonly Uint8Array[]): Asn1Bench {
  const common = files.filter((bytes) => visitOurs(bytes) > 0 && visitTheirs(bytes) > 0);
  if (common.length === 0) throw new Error('No file that both readers take');
  const ours = rate(common, visitOurs);
  const theirs = rate(common, visitTheirs);
  return { files: common.length, bytes: common.reduce((sum, { length }) => sum + length, 0), ours, asn1js: theirs, ratio: ours.opsPerSecond / theirs.opsPerSecond };
}

/** Every file below a folder. */
export function filesBelow(folder: string): Uint8Array[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}

/** Nodes visited; 0 when the file is refused. */
function visitOurs(bytes: Uint8Array): number {
  try {
    return count(readAsn1(bytes, { rules: 'BER' }));
  } catch (error) {
    if (error instanceof GatewayError) return 0;
    throw error;
  }
}

function count(node: Asn1Node): number {
  if (!node.constructed) return 1;
  let sum = 1;
  for (const child of node.children) sum += count(child);
  return sum;
}

function visitTheirs(bytes: Uint8Array): number {
  try {
    const { offset, result } = asn1js.fromBER(bytes);
    return offset === -1 ? 0 : countTheirs(result);
  } catch {
    // asn1js throws plain errors for some malformed values; they are refusals too.
    return 0;
  }
}

function countTheirs(block: unknown): number {
  if (!(block instanceof asn1js.Constructed)) return 1;
  let sum = 1;
  for (const child of block.valueBlock.value) sum += countTheirs(child);
  return sum;
}

function rate(files: readonly Uint8Array[], visit: (bytes: Uint8Array) => number): Rate {
  for (const bytes of files) visit(bytes);
  const started = process.cpuUsage();
  let ops = 0;
  let spentMs = 0;
  while (spentMs < MIN_MS) {
    for (const bytes of files) visit(bytes);
    ops += files.length;
    const { user, system } = process.cpuUsage(started);
    spentMs = (user + system) / 1_000;
  }
  return { opsPerSecond: (ops / spentMs) * 1_000, cpuPerOpMs: spentMs / ops };
}
